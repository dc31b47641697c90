local function counter(start)
  return coroutine.wrap(function()
    local i = start
    while true do
      coroutine.yield(i)
      i = i + 1
    end
  end)
end

local counters = {}
for i = 1, tonumber(arg[1]) do counters[i] = counter(i - 1) end
local total = 0
for _ = 1, 3 do
  for _, c in ipairs(counters) do total = total + c() end
end
print(string.format("checksum %d", total))
