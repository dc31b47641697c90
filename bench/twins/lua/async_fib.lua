-- Plain calls: in Lua a coroutine that awaits another simply calls it.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

print(string.format("checksum %d", fib(tonumber(arg[1]))))
