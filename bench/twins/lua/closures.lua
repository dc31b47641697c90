local function make_counter(step)
  local count = 0
  return function()
    count = count + step
    return count
  end
end

local function add(n)
  return function(x) return x + n end
end

local function compose(f, g)
  return function(x) return f(g(x)) end
end

local counters = {}
for step = 1, 5 do counters[step] = make_counter(step) end
local total = 0
for i = 0, tonumber(arg[1]) - 1 do
  for _, tick in ipairs(counters) do total = total + tick() end
  local f = compose(add(i), add(1))
  total = total + f(3)
end
print(string.format("checksum %d", total))
