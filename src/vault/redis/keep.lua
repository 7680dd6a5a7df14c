-- Stores items whose keys are free, and returns for each the existing value that prevented it, if any.
-- Only the caller can decrypt that value and decide whether it is valid.
--
-- KEYS  the keys of the items, with one hash tag
-- ARGV  for each item: its value, its lifetime in milliseconds, and the value that it may replace
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
