local floor = math.floor

local function make_text(n)
  local syllables = {[0] = "ka", "to", "mi", "ne", "ru", "so", "ha", "yu", "li", "do"}
  local words, seed = {}, 7
  for i = 1, n do
    seed = (seed * 16807) % 2147483647
    local word = syllables[seed % 10] .. syllables[floor(seed / 10) % 10]
    if seed % 3 == 0 then
      word = word .. syllables[floor(seed / 100) % 10] .. syllables[floor(seed / 1000) % 5]
    end
    words[i] = word
  end
  return table.concat(words, " ")
end

local text = make_text(tonumber(arg[1]))
local counts = {}
for _ = 1, 4 do
  for word in text:gmatch("%S+") do counts[word] = (counts[word] or 0) + 1 end
end
local ranking = {}
for word, count in pairs(counts) do ranking[#ranking + 1] = {word, count} end
table.sort(ranking, function(a, b) return a[2] > b[2] or a[2] == b[2] and a[1] < b[1] end)
local checksum = 0
for rank, item in ipairs(ranking) do
  checksum = (checksum * 31 + item[2] * rank + #item[1]) % 1000000007
end
print(string.format("checksum %d %d %s", checksum, #ranking, ranking[1][1]))
