-- The generator is a coroutine within the task; its sleep comes out as PAUSE and is passed on to the scheduler.
package.path = (arg[0]:match(".*/") or "./") .. "?.lua"
local sched = require("sched")

local wrap, yield = coroutine.wrap, coroutine.yield
local PAUSE = {}

local function readings(n)
  return wrap(function()
    for i = 0, n - 1 do
      if i % 100 == 0 then yield(PAUSE) end
      yield(i * 17 % 1000)
    end
  end)
end

local function smooth(items)
  return wrap(function()
    local last = 0
    for x in items do
      if x == PAUSE then
        yield(PAUSE)
      else
        last = math.floor((last + x) / 2)
        yield(last)
      end
    end
  end)
end

local function main(n)
  local total = 0
  for x in smooth(readings(n)) do
    if x == PAUSE then sched.sleep(0) else total = total + x end
  end
  print(string.format("checksum %d", total))
end

sched.run(main, tonumber(arg[1]))
