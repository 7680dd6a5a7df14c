-- Stages a piece of a step that is too large for one commit: each row is marked as being written,
-- and what it is to become stands beside the step's record. Nothing counts until the commit says
-- that the record is kept.
--
-- KEYS  1 the epoch, 2 the step's record, 3 the list of records; then the hash of each row, in
--       order, and the directories, as ARGV names them by their numbers
-- ARGV  the epoch; the mark of the step; until when it may be staged, in ms of this server's
--       clock; how many rows there are; then for each:
--         directory or 0, field, expected ('?' anything, '' nothing), the row's name in the
--         record, new
--       where new is '=' as it is, else '-' nothing, or '+' and bytes
--
-- Answers 1 where all were staged, asked again or not, and 0 where none was, since a row is not as
-- expected, the record was given up, or its time is over: one that comes late must not begin anew
-- what was given up and forgotten.

if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return redis.error_reply('WRONGEPOCH these are not the books that were in use')
end
local now = redis.call('TIME')
if now[1] * 1000 + math.floor(now[2] / 1000) >= tonumber(ARGV[3]) then
  return 0
end
local mark, state = ARGV[2], 'staging ' .. ARGV[3]
local stood = redis.call('HGET', KEYS[2], 'state')
if stood and stood ~= state then
  return 0
end
local rows, stands = tonumber(ARGV[4]), {}
for row = 1, rows do
  local base = 4 + 5 * (row - 1)
  local value = redis.call('HGET', KEYS[3 + row], ARGV[base + 2])
  local expected = ARGV[base + 3]
  local is_staged = ARGV[base + 5] ~= '=' and value == mark .. expected
  if expected ~= '?' and not is_staged and (value or '') ~= expected then
    return 0
  end
  stands[row] = value
  if not value and ARGV[base + 1] ~= '0' then
    redis.call('ZCARD', KEYS[tonumber(ARGV[base + 1])])
  end
end
redis.call('ZCARD', KEYS[3])

-- From here on nothing can fail.
if not stood then
  redis.call('HSET', KEYS[2], 'state', state)
  redis.call('ZADD', KEYS[3], ARGV[3], KEYS[2])
end
local record = {}
for row = 1, rows do
  local base = 4 + 5 * (row - 1)
  if ARGV[base + 5] ~= '=' then
    record[#record + 1] = ARGV[base + 4]
    record[#record + 1] = ARGV[base + 5]
  end
end
for first = 1, #record, 4000 do
  redis.call('HSET', KEYS[2], unpack(record, first, math.min(first + 3999, #record)))
end
for row = 1, rows do
  local base = 4 + 5 * (row - 1)
  if ARGV[base + 5] ~= '=' then
    local key, value = KEYS[3 + row], stands[row] or ''
    if string.sub(value, 1, #mark) ~= mark then
      redis.call('HSET', key, ARGV[base + 2], mark .. value)
    end
    if not stands[row] and ARGV[base + 1] ~= '0' and redis.call('HLEN', key) == 1 then
      redis.call('ZADD', KEYS[tonumber(ARGV[base + 1])], 0, key)
    end
  end
end
return 1
