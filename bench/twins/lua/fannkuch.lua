local unpack = table.unpack or unpack

local function fannkuch(n)
  local perm, count = {}, {}
  for i = 1, n do perm[i], count[i] = i - 1, 0 end
  local checksum, most, sign, r = 0, 0, 1, n
  while true do
    while r ~= 1 do
      count[r] = r
      r = r - 1
    end
    local flips = 0
    local p = {unpack(perm)}
    local first = p[1]
    while first ~= 0 do
      local i, j = 1, first + 1
      while i < j do
        p[i], p[j] = p[j], p[i]
        i = i + 1
        j = j - 1
      end
      flips = flips + 1
      first = p[1]
    end
    if flips > most then most = flips end
    checksum = checksum + sign * flips
    sign = -sign
    while true do
      if r == n then return checksum, most end
      first = perm[1]
      for i = 1, r do perm[i] = perm[i + 1] end
      perm[r + 1] = first
      count[r + 1] = count[r + 1] - 1
      if count[r + 1] > 0 then break end
      r = r + 1
    end
  end
end

print(string.format("checksum %d %d", fannkuch(tonumber(arg[1]))))
