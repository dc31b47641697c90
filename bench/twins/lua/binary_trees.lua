local Tree = {}
Tree.__index = Tree

function Tree.new(left, right)
  return setmetatable({left = left, right = right}, Tree)
end

function Tree:count()
  if self.left == nil then return 1 end
  return 1 + self.left:count() + self.right:count()
end

local function make(depth)
  if depth == 0 then return Tree.new(nil, nil) end
  return Tree.new(make(depth - 1), make(depth - 1))
end

local depth = tonumber(arg[1])
local lasting = make(depth)
local total = 0
for d = 4, depth, 2 do
  for _ = 1, 2 ^ (depth - d + 2) do total = total + make(d):count() end
end
print(string.format("checksum %d %d", total, lasting:count()))
