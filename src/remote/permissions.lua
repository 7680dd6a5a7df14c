-- Runs each command that the gateway uses on keys, within and outside its scripts, and removes the
-- keys again.
--
-- KEYS  four keys with one hash tag: a string, a hash, a sorted set, a stream
--
-- Returns the names of the commands that its user may not run.
local refused = {}

local function run(name, ...)
  local answer = redis.pcall(name, ...)
  local why = type(answer) == 'table' and answer.err
  if not why then
    return answer
  elseif string.find(why, 'NOPERM', 1, true) or string.find(why, 'ACL failure', 1, true)
    or string.find(why, 'user executing the script', 1, true) then
    refused[#refused + 1] = name
  elseif #refused == 0 then
    error(answer)
  end
end

local text, hash, set, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
run('TIME')
run('SET', text, 'text', 'PX', 60000)
run('PEXPIRE', text, 60000)
for _, name in ipairs({ 'GET', 'STRLEN', 'EXISTS' }) do
  run(name, text)
end
run('GETRANGE', text, 0, 1)
run('HSET', hash, 'field', '')
for _, name in ipairs({ 'HGETALL', 'HKEYS', 'HLEN' }) do
  run(name, hash)
end
for _, name in ipairs({ 'HGET', 'HMGET', 'HDEL' }) do
  run(name, hash, 'field')
end
run('ZADD', set, 0, 'member')
run('ZCARD', set)
for _, name in ipairs({ 'ZLEXCOUNT', 'ZRANGEBYLEX', 'ZREMRANGEBYLEX' }) do
  run(name, set, '-', '+')
end
run('ZREVRANGEBYLEX', set, '+', '-')
run('ZRANGEBYSCORE', set, '-inf', '+inf')
run('ZREM', set, 'member')
local id = run('XADD', stream, '*', 'e', '')
run('XRANGE', stream, '-', '+')
run('XREVRANGE', stream, '+', '-')
run('XDEL', stream, id or '1-1')
run('XSETID', stream, id or '1-1')
run('XTRIM', stream, 'MINID', '1-1')
run('SCAN', '0', 'COUNT', 1)
run('DEL', stream)
run('UNLINK', text, hash, set, stream)
return refused
