-- No floor division here: it is not in LuaJIT, and (i + j) * (i + j + 1) is even.
local function element(i, j)
  return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1)
end

local function times(v)
  local n, result = #v, {}
  for i = 0, n - 1 do
    local total = 0
    for j = 0, n - 1 do total = total + element(i, j) * v[j + 1] end
    result[i + 1] = total
  end
  return result
end

local function times_transposed(v)
  local n, result = #v, {}
  for i = 0, n - 1 do
    local total = 0
    for j = 0, n - 1 do total = total + element(j, i) * v[j + 1] end
    result[i + 1] = total
  end
  return result
end

local n = tonumber(arg[1])
local u, v = {}, nil
for i = 1, n do u[i] = 1.0 end
for _ = 1, 10 do
  v = times_transposed(times(u))
  u = times_transposed(times(v))
end
local vbv, vv = 0, 0
for i = 1, n do
  vbv = vbv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
print(string.format("checksum %.9f", math.sqrt(vbv / vv)))
