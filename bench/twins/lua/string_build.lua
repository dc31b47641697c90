local function line(i)
  local s = "item " .. string.format("%d", i) .. ": "
  for k = 0, 3 do
    s = s .. string.format("%d", (i * 31 + k * 7) % 1000)
    s = s .. ","
  end
  return s
end

local lines = {}
for i = 0, tonumber(arg[1]) - 1 do lines[i + 1] = line(i) end
local text = table.concat(lines, "\n")
text = text:gsub("item", "entry"):upper()
local _, commas = text:gsub(",", "")
local found, longest, checksum = 0, 0, 0
for part in text:gmatch("[^\n]+") do
  if #part > longest then longest = #part end
  found = found + (part:find("99", 1, true) or 0) - 1
  checksum = (checksum * 31 + part:byte(math.floor(#part / 2) + 1) + #part:sub(8, -4)) % 1000000007
end
print(string.format("checksum %d %d %d %d %d", checksum, #text, commas, found, longest))
