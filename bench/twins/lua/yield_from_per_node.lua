-- A coroutine for every node, as the Python program has.
local function build(low, high)
  if low >= high then return nil end
  local middle = math.floor((low + high) / 2)
  return {left = build(low, middle), key = middle, right = build(middle + 1, high)}
end

local function walk(node)
  return coroutine.wrap(function()
    if node then
      for key in walk(node.left) do coroutine.yield(key) end
      coroutine.yield(node.key)
      for key in walk(node.right) do coroutine.yield(key) end
    end
  end)
end

local tree = build(0, tonumber(arg[1]))
local total = 0
for _ = 1, 5 do
  local sign = 1
  for key in walk(tree) do
    total = total + sign * key
    sign = -sign
  end
end
print(string.format("checksum %d", total))
