package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local function sleeper(i)
  sched.sleep(i * 7 % 100 * 0.001)
  return i
end

local function main(n)
  local tasks = {}
  for i = 0, n - 1 do tasks[#tasks + 1] = sched.spawn(sleeper, i) end
  print(string.format("checksum %d", sched.sum(sched.gather(tasks))))
end

sched.run(main, tonumber(arg[1]))
