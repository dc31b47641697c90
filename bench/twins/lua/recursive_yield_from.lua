-- One coroutine walks the whole tree by plain calls: the natural way in Lua.
local function build(low, high)
  if low >= high then return nil end
  local middle = math.floor((low + high) / 2)
  return {left = build(low, middle), key = middle, right = build(middle + 1, high)}
end

local function visit(node)
  if node then
    visit(node.left)
    coroutine.yield(node.key)
    visit(node.right)
  end
end

local tree = build(0, tonumber(arg[1]))
local total = 0
for _ = 1, 5 do
  local sign = 1
  for key in coroutine.wrap(function() visit(tree) end) do
    total = total + sign * key
    sign = -sign
  end
end
print(string.format("checksum %d", total))
