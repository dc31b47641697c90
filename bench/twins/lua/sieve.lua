local function primes_below(n)
  local flags = {}
  for i = 0, n - 1 do flags[i] = true end
  flags[0], flags[1] = false, false
  local i = 2
  while i * i < n do
    if flags[i] then
      for j = i * i, n - 1, i do flags[j] = false end
    end
    i = i + 1
  end
  local primes = {}
  for k = 0, n - 1 do
    if flags[k] then primes[#primes + 1] = k end
  end
  return primes
end

local total = 0
for _ = 1, 3 do
  local primes = primes_below(tonumber(arg[1]))
  total = total + #primes + primes[#primes]
  for _, p in ipairs(primes) do total = total + p end
end
print(string.format("checksum %d", total))
