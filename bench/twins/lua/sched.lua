-- What the async twins share: a minimal scheduler with timers, gather and bounded queues.
-- It has no cancellation and no exceptions, and its clock jumps to the next timer instead of waiting,
-- so it flatters Lua. Runs under Lua 5.4 and LuaJIT.
local sched = {}

local ready, first, last = {}, 1, 0 -- FIFO of tasks
local timers, timer_count, timer_order, clock = {}, 0, 0, 0 -- binary heap of {time, order, task}
local current

local function wake(task)
  last = last + 1
  ready[last] = task
end

local function sooner(a, b)
  return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
end

local function add_timer(time, task)
  timer_order = timer_order + 1
  timer_count = timer_count + 1
  local timer, i = {time, timer_order, task}, timer_count
  while i > 1 do
    local up = (i - i % 2) / 2
    if not sooner(timer, timers[up]) then break end
    timers[i] = timers[up]
    i = up
  end
  timers[i] = timer
end

local function pop_timer()
  local top, moved = timers[1], timers[timer_count]
  timers[timer_count] = nil
  timer_count = timer_count - 1
  if timer_count > 0 then
    local i = 1
    while 2 * i <= timer_count do
      local child = 2 * i
      if child < timer_count and sooner(timers[child + 1], timers[child]) then child = child + 1 end
      if not sooner(timers[child], moved) then break end
      timers[i] = timers[child]
      i = child
    end
    timers[i] = moved
  end
  return top
end

local function step(task)
  current = task
  local alive, result = coroutine.resume(task.co, task.a, task.b, task.c, task.d)
  if not alive then error(result) end
  if coroutine.status(task.co) == "dead" then
    task.done, task.result = true, result
    local parent = task.parent
    if parent then
      parent.pending = parent.pending - 1
      if parent.pending == 0 then wake(parent) end
    end
  end
end

function sched.spawn(f, a, b, c, d)
  local task = {co = coroutine.create(f), a = a, b = b, c = c, d = d}
  wake(task)
  return task
end

function sched.sleep(seconds)
  if seconds == 0 then wake(current) else add_timer(clock + seconds, current) end
  coroutine.yield()
end

-- Wait for all of `tasks`; their results in order.
function sched.gather(tasks)
  local pending = 0
  for _, task in ipairs(tasks) do
    if not task.done then
      task.parent = current
      pending = pending + 1
    end
  end
  current.pending = pending
  if pending > 0 then coroutine.yield() end
  local results = {}
  for i, task in ipairs(tasks) do results[i] = task.result end
  return results
end

function sched.run(f, ...)
  sched.spawn(f, ...)
  while true do
    while first <= last do
      local task = ready[first]
      ready[first] = nil
      first = first + 1
      step(task)
    end
    if timer_count == 0 then return end
    local timer = pop_timer()
    clock = timer[1]
    wake(timer[3])
  end
end

local function fifo()
  return {first = 1, last = 0}
end

local function push(q, x)
  q.last = q.last + 1
  q[q.last] = x
end

local function pop(q)
  local x = q[q.first]
  q[q.first] = nil
  q.first = q.first + 1
  return x
end

local function empty(q)
  return q.first > q.last
end

local Queue = {}
Queue.__index = Queue

function sched.queue(limit)
  return setmetatable({limit = limit or math.huge, items = fifo(), getters = fifo(), putters = fifo()}, Queue)
end

function Queue:put(item)
  while self.items.last - self.items.first + 1 >= self.limit do
    push(self.putters, current)
    coroutine.yield()
  end
  push(self.items, item)
  if not empty(self.getters) then wake(pop(self.getters)) end
end

function Queue:get()
  while empty(self.items) do
    push(self.getters, current)
    coroutine.yield()
  end
  local item = pop(self.items)
  if not empty(self.putters) then wake(pop(self.putters)) end
  return item
end

function sched.sum(values)
  local total = 0
  for _, x in ipairs(values) do total = total + x end
  return total
end

return sched
