package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local MEMBERS = 503

local function member(number, inbox, outbox, finished)
  while true do
    local token = inbox:get()
    if token == 0 then finished:put(number) end
    outbox:put(token - 1)
    if token <= 0 then return end
  end
end

local function main(n)
  local finished = sched.queue()
  local queues, tasks = {}, {}
  for i = 1, MEMBERS do queues[i] = sched.queue() end
  for i = 1, MEMBERS do tasks[i] = sched.spawn(member, i, queues[i], queues[i % MEMBERS + 1], finished) end
  queues[1]:put(n)
  local winner = finished:get()
  sched.gather(tasks)
  print(string.format("checksum %d", winner))
end

sched.run(main, tonumber(arg[1]))
