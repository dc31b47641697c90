-- pcall and error with tables; the finally is a pcall that raises again.
local TooBig = {}
TooBig.__index = TooBig

local function check(i)
  if i % 3 == 0 then error(setmetatable({message = "too big", amount = i}, TooBig)) end
  if i % 3 == 1 then error({message = "no"}) end
  return i
end

local cleanups = 0

local function careful(i)
  local ok, result = pcall(check, i)
  cleanups = cleanups + 1
  if not ok then error(result, 0) end
  return result
end

local total = 0
for i = 0, tonumber(arg[1]) - 1 do
  local ok, result = pcall(careful, i)
  if ok then
    total = total + result
  elseif getmetatable(result) == TooBig then
    total = total - result.amount % 10
  else
    total = total + 1
  end
end
print(string.format("checksum %d %d", total, cleanups))
