-- Does what the gateway's scripts do: reads the time and then writes, uses two keys with one hash
-- tag, and returns the largest exact integer, bytes, a length, and null.
--
-- KEYS  two keys with one hash tag
-- ARGV  the bytes
local time = redis.call('TIME')
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], time[1])
local answer = { 9007199254740991, redis.call('GET', KEYS[1]), redis.call('STRLEN', KEYS[2]), false }
redis.call('UNLINK', KEYS[1], KEYS[2])
return answer
