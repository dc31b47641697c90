local function player(skill)
  return coroutine.wrap(function()
    local ball = coroutine.yield()
    local hits = 0
    while true do
      hits = hits + 1
      ball = coroutine.yield(ball + skill + hits % 3)
    end
  end)
end

local ping, pong = player(1), player(2)
ping()
pong()
local ball = 0
for _ = 1, tonumber(arg[1]) do
  ball = ping(ball)
  ball = pong(ball)
end
print(string.format("checksum %d", ball))
