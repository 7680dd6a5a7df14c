-- Keeps one step of the ledger: all of it, or nothing where anything it relied on has changed.
-- It reads and judges everything first, and only then writes, since Redis rolls nothing back.
--
-- KEYS  1 the epoch, 2 the mark of this commit, 3 the journal's next number, 4 the journal,
--       then the hash of each row, in order, and those of the groups, the counters, the
--       directories and the sorted sets, as ARGV names them by their numbers
-- ARGV  the epoch; how long the mark is kept, in ms, or 0 where nothing is written; the latest moment at which the step may be
--       kept, in ms of this server's clock, or 0 for any; the least number that the journal's next
--       entry may have; then lists, each led by its length:
--       groups   key, how many fields it has
--       sections directory or 0, and how many rows in a row it lists
--       rows     field, expected, new
--                  expected: '?' anything, '' nothing, else these bytes
--                  new:      '=' as it is, '' nothing, else these bytes
--       bounds   key and field of a counter, how many of its numbers are what is used, what is
--                added to that, what may be used at most
--       counters key, field, how many numbers there are, and how each of them moves
--       members  sorted set, from, to: members between these go; '' and a member: it comes
--       next     the journal's next number, where it is set: at most one
--       entries  the journal's next entries
--       Between members and next stands what the journal's next number must still be, '?' for anything,
--       and after next the new epoch, '' for none, and the id of the journal's first entry that
--       stays; '=' for as it is.
--
-- Answers one more than the journal's next number where it was kept, now or before, and 0 where it
-- was not, since something is not as expected. WRONGEPOCH: these are not the books that were in
-- use. WENTBACK: entries are missing that were there.

local at = 4
local function count()
  at = at + 1
  return tonumber(ARGV[at])
end

local epoch_before = redis.call('GET', KEYS[1])
if (epoch_before or '') ~= ARGV[1] then
  return redis.error_reply('WRONGEPOCH these are not the books that were in use')
end
local next_before = redis.call('GET', KEYS[3])
local next_entry = tonumber(next_before or '0')
if next_entry < tonumber(ARGV[4]) then
  return redis.error_reply('WENTBACK the journal goes on at ' .. (next_before or '0'))
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  return next_entry + 1
end
local latest = tonumber(ARGV[3])
if latest > 0 then
  local now = redis.call('TIME')
  if now[1] * 1000 + math.floor(now[2] / 1000) > latest then
    return 0
  end
end

for _ = 1, count() do
  local key, fields = ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 2
  if redis.call('HLEN', KEYS[tonumber(key)]) ~= fields then
    return 0
  end
end

local sections = {}
for section = 1, count() do
  local directory = tonumber(ARGV[at + 1])
  if directory > 0 then
    -- Where a key is not what it should be, that shows before anything is written.
    redis.call('ZCARD', KEYS[directory])
  end
  sections[section] = { directory, tonumber(ARGV[at + 2]) }
  at = at + 2
end
local rows = count()
local rows_at = at
local stands = {}
for row = 1, rows do
  local value = redis.call('HGET', KEYS[4 + row], ARGV[at + 1])
  local expected = ARGV[at + 2]
  if expected ~= '?' and (value or '') ~= expected then
    return 0
  end
  stands[row] = value
  at = at + 3
end

local function used(key, field, numbers)
  local sum, left = 0, numbers
  for number in string.gmatch(redis.call('HGET', key, field) or '', '-?%d+') do
    if left > 0 then
      sum, left = sum + tonumber(number), left - 1
    end
  end
  if left > 0 and left < numbers then
    error('a counter has too few numbers')
  end
  return sum
end

for _ = 1, count() do
  local key, field, numbers = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], tonumber(ARGV[at + 3])
  if used(key, field, numbers) + tonumber(ARGV[at + 4]) > tonumber(ARGV[at + 5]) then
    return 0
  end
  at = at + 5
end

local counters = {}
for one = 1, count() do
  local key, field, numbers = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], tonumber(ARGV[at + 3])
  at = at + 3
  local before, stood, sums = redis.call('HGET', key, field), {}, {}
  for number in string.gmatch(before or '', '-?%d+') do
    stood[#stood + 1] = tonumber(number)
  end
  if before and #stood ~= numbers then
    error('a counter is not so many numbers')
  end
  for number = 1, numbers do
    sums[number] = string.format('%.0f', (stood[number] or 0) + tonumber(ARGV[at + number]))
  end
  counters[one] = { key, field, before, table.concat(sums, ',') }
  at = at + numbers
end

local members = count()
local members_at = at
local sets, gone = {}, {}
for one = 1, members do
  local set, from, to = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3]
  sets[one] = set
  -- Where a key is not what it should be, that shows before anything is written.
  gone[one] = redis.call('ZRANGEBYLEX', set, from ~= '' and from or '[' .. to, from ~= '' and to or '[' .. to)
  at = at + 3
end
at = at + 1
if ARGV[at] ~= '?' and (next_before or '') ~= ARGV[at] then
  return 0
end
local anew = count()
if anew > 0 then
  next_entry = tonumber(ARGV[at + 1])
  at = at + 1
end
local epoch, stays = ARGV[at + 1], ARGV[at + 2]
at = at + 2
local first_entry, entries = next_entry, count()
local entries_at = at
local has_journal = redis.call('EXISTS', KEYS[4]) == 1
if entries > 0 or stays ~= '=' then
  -- Else the first append would fail, and be undone by taking an older entry away.
  local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
  if last and tonumber(string.match(last[1], '^%d+')) > next_entry then
    return redis.error_reply('FAULT the journal is ahead of its next number')
  end
end

local function list(key, directory)
  if directory > 0 then
    if redis.call('EXISTS', key) == 1 then
      redis.call('ZADD', KEYS[directory], 0, key)
    else
      redis.call('ZREM', KEYS[directory], key)
    end
  end
end

local function write()
  local row = 0
  for _, section in ipairs(sections) do
    local directory = section[1]
    for _ = 1, section[2] do
      row = row + 1
      local base = rows_at + 3 * row
      local new = ARGV[base]
      if new ~= '=' then
        local key = KEYS[4 + row]
        if new ~= '' then
          redis.call('HSET', key, ARGV[base - 2], new)
          if directory > 0 and not stands[row] and redis.call('HLEN', key) == 1 then
            list(key, directory)
          end
        elseif stands[row] then
          redis.call('HDEL', key, ARGV[base - 2])
          list(key, directory)
        end
      end
    end
  end
  for _, counter in ipairs(counters) do
    redis.call('HSET', counter[1], counter[2], counter[4])
  end
  for one = 1, members do
    local from, to = ARGV[members_at + 3 * one - 1], ARGV[members_at + 3 * one]
    if from == '' then
      redis.call('ZADD', sets[one], 0, to)
    else
      redis.call('ZREMRANGEBYLEX', sets[one], from, to)
    end
  end
  for entry = 1, entries do
    next_entry = next_entry + 1
    redis.call('XADD', KEYS[4], string.format('%.0f-1', next_entry), 'e', ARGV[entries_at + entry])
  end
  if entries > 0 or anew > 0 then
    redis.call('SET', KEYS[3], string.format('%.0f', next_entry))
  end
  if ARGV[2] ~= '0' then
    redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
  end
  if epoch == '' then
    redis.call('DEL', KEYS[1])
  elseif epoch ~= '=' then
    redis.call('SET', KEYS[1], epoch)
  end
  -- Comes last, since it is the one thing that cannot be undone.
  if stays ~= '=' then
    redis.call('XTRIM', KEYS[4], 'MINID', stays)
  end
end

-- Each of these can be done whether what it undoes was done or not.
local function undo()
  if epoch_before then
    redis.call('SET', KEYS[1], epoch_before)
  else
    redis.call('DEL', KEYS[1])
  end
  redis.call('DEL', KEYS[2])
  if next_before then
    redis.call('SET', KEYS[3], next_before)
  else
    redis.call('DEL', KEYS[3])
  end
  for entry = first_entry + 1, next_entry do
    redis.call('XDEL', KEYS[4], string.format('%.0f-1', entry))
  end
  if entries > 0 and not has_journal then
    redis.call('DEL', KEYS[4])
  elseif entries > 0 then
    redis.call('XSETID', KEYS[4], string.format('%.0f-1', first_entry))
  end
  for one = members, 1, -1 do
    if ARGV[members_at + 3 * one - 1] == '' then
      redis.call('ZREM', sets[one], ARGV[members_at + 3 * one])
    end
    for _, member in ipairs(gone[one]) do
      redis.call('ZADD', sets[one], 0, member)
    end
  end
  for _, counter in ipairs(counters) do
    if counter[3] then
      redis.call('HSET', counter[1], counter[2], counter[3])
    else
      redis.call('HDEL', counter[1], counter[2])
    end
  end
  local row = 0
  for _, section in ipairs(sections) do
    for _ = 1, section[2] do
      row = row + 1
      local base = rows_at + 3 * row
      if ARGV[base] ~= '=' then
        if stands[row] then
          redis.call('HSET', KEYS[4 + row], ARGV[base - 2], stands[row])
        else
          redis.call('HDEL', KEYS[4 + row], ARGV[base - 2])
        end
        list(KEYS[4 + row], section[1])
      end
    end
  end
end

-- Nothing that follows should fail. Redis rolls nothing back, so should it fail all the same, the
-- script does.
local is_written, why = pcall(write)
if not is_written then
  undo()
  return redis.error_reply('FAULT nothing was kept: ' .. tostring(type(why) == 'table' and why.err or why))
end
return next_entry + 1
