package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local function producer(queue, start, n)
  for i = start, start + n - 1 do queue:put(i) end
end

local function consumer(queue)
  local total = 0
  while true do
    local item = queue:get()
    if item == false then return total end
    total = total + item
  end
end

local function main(n)
  local queue = sched.queue(10)
  local consumers, producers = {}, {}
  for k = 1, 3 do consumers[k] = sched.spawn(consumer, queue) end
  for k = 1, 3 do producers[k] = sched.spawn(producer, queue, (k - 1) * n, n) end
  sched.gather(producers)
  for _ = 1, 3 do queue:put(false) end
  print(string.format("checksum %d", sched.sum(sched.gather(consumers))))
end

sched.run(main, tonumber(arg[1]))
