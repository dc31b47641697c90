package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local function worker(name, rounds)
  local total = 0
  for i = 0, rounds - 1 do
    sched.sleep(0)
    total = total + name * i
  end
  return total
end

local function main(n)
  local tasks = {}
  for name = 0, n - 1 do tasks[#tasks + 1] = sched.spawn(worker, name, 50) end
  print(string.format("checksum %d", sched.sum(sched.gather(tasks))))
end

sched.run(main, tonumber(arg[1]))
