-- Does what the gateway's scripts do: asks for the time and writes all the same, touches two keys
-- of one tag, and gives back bytes, the largest whole number that is exact, and nothing.
--
-- KEYS  two of one tag
-- ARGV  the bytes
local time = redis.call('TIME')
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], time[1])
local answer = { 9007199254740991, redis.call('GET', KEYS[1]), redis.call('STRLEN', KEYS[2]), false }
redis.call('UNLINK', KEYS[1], KEYS[2])
return answer
