-- Reads the first members of each group of a sorted set by name: members that agree in all but
-- their last bytes.
--
-- KEYS  1 the sorted set
-- ARGV  how many bytes at the end of a member do not name its group; how many groups are read at
--       most of each front; then for each front: the least member, the end (not included), and how
--       many members of each group
--
-- Answers, for each front, whether there may be further groups (1 or 0), and the members in order.
--
-- Example: EVALSHA … 1 {tollgate:prod}:due 21 500 "[\4" "(\5" 32

local tail, groups = tonumber(ARGV[1]), tonumber(ARGV[2])
local answer = {}
for at = 3, #ARGV, 3 do
  local from, to, limit = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local found, more = {}, 1
  for _ = 1, groups do
    local members = redis.call('ZRANGEBYLEX', KEYS[1], from, to, 'LIMIT', 0, limit)
    if #members == 0 then
      more = 0
      break
    end
    local length = #members[1] - tail
    local group = string.sub(members[1], 1, length)
    for _, member in ipairs(members) do
      if #member - tail ~= length or string.sub(member, 1, length) ~= group then
        break
      end
      found[#found + 1] = member
    end
    -- A group ends with a zero byte, so this is the least name above all that begin with it.
    from = '[' .. string.sub(group, 1, -2) .. '\1'
  end
  answer[#answer + 1] = { more, found }
end
return answer
