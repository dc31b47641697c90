local function solve(row, n, columns, down, up)
  if row == n then return 1 end
  local found = 0
  for column = 0, n - 1 do
    if not (columns[column] or down[row + column] or up[row - column]) then
      columns[column], down[row + column], up[row - column] = true, true, true
      found = found + solve(row + 1, n, columns, down, up)
      columns[column], down[row + column], up[row - column] = nil, nil, nil
    end
  end
  return found
end

local n = tonumber(arg[1])
local found = 0
for column = 0, math.floor(n / 2) - 1 do
  found = found + solve(1, n, {[column] = true}, {[column] = true}, {[-column] = true})
end
print(string.format("checksum %d", found))
