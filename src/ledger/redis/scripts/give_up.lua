-- Gives up a step that is still being staged: at once where its own process says so, else only
-- once its time is over. From then on it cannot be kept.
--
-- KEYS  1 the epoch, 2 the step's record
-- ARGV  the epoch; 1 where its own process says so
--
-- Answers 1 where the record is decided, either way, and 0 where it is still being staged.

if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return redis.error_reply('WRONGEPOCH these are not the books that were in use')
end
local state = redis.call('HGET', KEYS[2], 'state')
if not state or state == 'kept' or state == 'given up' then
  return 1
end
local now = redis.call('TIME')
local until_ms = tonumber(string.match(state, '^staging (%d+)$'))
if ARGV[2] ~= '1' and now[1] * 1000 + math.floor(now[2] / 1000) < until_ms then
  return 0
end
redis.call('HSET', KEYS[2], 'state', 'given up')
return 1
