-- table.sort is not stable: the records are compared by their place, too.
local function check(values)
  local checksum = 0
  for i = 1, #values, 17 do checksum = (checksum * 31 + values[i]) % 1000000007 end
  return checksum
end

local n = tonumber(arg[1])
local ascending, floats, names, records, seed = {}, {}, {}, {}, 42
for i = 1, n do
  seed = (seed * 16807) % 2147483647
  ascending[i] = seed
  floats[i] = seed / 3.0
  names[i] = string.format("n%d", seed)
  records[i] = {seed % 1000, seed, i}
end
table.sort(ascending)
table.sort(floats)
table.sort(names)
table.sort(records, function(a, b) return a[1] > b[1] or a[1] == b[1] and a[3] < b[3] end)
local seconds = {}
for i, r in ipairs(records) do seconds[i] = r[2] end
local middle = math.floor(n / 2) + 1
print(string.format("checksum %d %.6f %s %d", check(ascending), floats[middle], names[middle], check(seconds)))
