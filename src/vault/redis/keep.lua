-- Keeps items that are not kept yet, and answers for each what is kept in its place, if anything
-- is: whether that counts, only who can open it knows.
--
-- KEYS  the items, of one tag
-- ARGV  for each of them: what to keep, for how many milliseconds, and what it may replace
local answer = {}
for place, key in ipairs(KEYS) do
    local first = 3 * place - 2
    local kept = redis.call('GET', key)
    if kept and kept ~= ARGV[first + 2] then
        answer[place] = kept
    else
        redis.call('SET', key, ARGV[first], 'PX', ARGV[first + 1])
        answer[place] = false
    end
end
return answer
