local function triple(i)
  return coroutine.wrap(function()
    coroutine.yield(i)
    coroutine.yield(i + 1)
    coroutine.yield(i + 2)
  end)
end

local total = 0
for i = 0, tonumber(arg[1]) - 1 do
  for x in triple(i) do total = total + x end
end
print(string.format("checksum %d", total))
