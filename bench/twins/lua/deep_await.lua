-- One coroutine that calls itself 500 deep: awaiting is a plain call in Lua.
package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local function dive(depth, n)
  if depth > 0 then return 1 + dive(depth - 1, n) end
  local total = 0
  for i = 0, n - 1 do
    sched.sleep(0)
    total = total + i
  end
  return total
end

sched.run(function(n) print(string.format("checksum %d", dive(500, n))) end, tonumber(arg[1]))
