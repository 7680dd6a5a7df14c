-- Takes the marks off staged rows, once their step was kept or given up: each becomes what it was
-- to become, or is again what it was.
--
-- KEYS  1 the epoch, 2 the step's record, 3 the list of records; then the hash of each row, in
--       order, and the directories, as ARGV names them by their numbers
-- ARGV  the epoch; the mark of the step; 1 where the record goes with these, its last rows; how
--       many rows there are; then for each: directory or 0, field, the row's name in the record
--
-- Answers 1, or 0 where the step is still being staged.

if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return redis.error_reply('WRONGEPOCH these are not the books that were in use')
end
local mark, state = ARGV[2], redis.call('HGET', KEYS[2], 'state')
if not state then
  if ARGV[3] == '1' then
    redis.call('ZREM', KEYS[3], KEYS[2])
  end
  return 1
end
if state ~= 'kept' and state ~= 'given up' then
  return 0
end
local rows, stands, names, new = tonumber(ARGV[4]), {}, {}, {}
for row = 1, rows do
  stands[row] = redis.call('HGET', KEYS[3 + row], ARGV[3 * row + 3]) or ''
  names[row] = ARGV[3 * row + 4]
end
if state == 'kept' then
  for first = 1, rows, 4000 do
    local some = redis.call('HMGET', KEYS[2], unpack(names, first, math.min(first + 3999, rows)))
    for one, row in ipairs(some) do
      new[first + one - 1] = row
    end
  end
end

for row = 1, rows do
  if string.sub(stands[row], 1, #mark) == mark then
    local key, directory, field = KEYS[3 + row], ARGV[3 * row + 2], ARGV[3 * row + 3]
    local value = string.sub(stands[row], #mark + 1)
    if state == 'kept' then
      value = string.sub(new[row] or '-', 2)
    end
    if value ~= '' then
      redis.call('HSET', key, field, value)
    else
      redis.call('HDEL', key, field)
      if directory ~= '0' and redis.call('EXISTS', key) == 0 then
        redis.call('ZREM', KEYS[tonumber(directory)], key)
      end
    end
  end
end
if ARGV[3] == '1' then
  redis.call('UNLINK', KEYS[2])
  redis.call('ZREM', KEYS[3], KEYS[2])
end
return 1
