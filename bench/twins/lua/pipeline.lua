local wrap, yield = coroutine.wrap, coroutine.yield

local function source(n)
  return wrap(function()
    local x = 42
    for _ = 1, n do
      x = (x * 1103 + 12345) % 65536
      yield(x)
    end
  end)
end

local function scale(items, factor)
  return wrap(function()
    for x in items do yield(x * factor) end
  end)
end

local function drop_multiples(items, k)
  return wrap(function()
    for x in items do
      if x % k ~= 0 then yield(x) end
    end
  end)
end

local function differences(items)
  return wrap(function()
    local last = 0
    for x in items do
      yield(x - last)
      last = x
    end
  end)
end

local function clamp(items, low, high)
  return wrap(function()
    for x in items do yield(x < low and low or x > high and high or x) end
  end)
end

local total = 0
local n = tonumber(arg[1])
for x in clamp(differences(drop_multiples(scale(source(n), 3), 7)), -50000, 60000) do total = total + x end
print(string.format("checksum %d", total))
