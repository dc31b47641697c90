local function escapes_after(cr, ci, limit)
  local zr, zi = 0.0, 0.0
  for i = 0, limit - 1 do
    local rr, ii = zr * zr, zi * zi
    if rr + ii > 4.0 then return i end
    zi = 2.0 * zr * zi + ci
    zr = rr - ii + cr
  end
  return limit
end

local n = tonumber(arg[1])
local total, inside = 0, 0
for y = 0, n - 1 do
  local ci = 2.0 * y / n - 1.0
  for x = 0, n - 1 do
    local steps = escapes_after(2.0 * x / n - 1.5, ci, 50)
    total = total + steps
    if steps == 50 then inside = inside + 1 end
  end
end
print(string.format("checksum %d %d", total, inside))
