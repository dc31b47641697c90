local total = 0
for i = 0, tonumber(arg[1]) - 1 do
  local j = 0
  while j < 100 do
    if (i + j) % 3 == 0 then
      total = total + i * j
    else
      total = total - j
    end
    j = j + 1
  end
end
print(string.format("checksum %d", total))
