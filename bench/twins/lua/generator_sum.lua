local function numbers(n)
  return coroutine.wrap(function()
    for i = 0, n - 1 do coroutine.yield(i) end
  end)
end

local total = 0
for x in numbers(tonumber(arg[1])) do total = total + x end
print(string.format("checksum %d", total))
