-- Finds the books, or founds them where there are none: an epoch names them from then on.
--
-- KEYS  1 the epoch; all that follow are parts of the books
-- ARGV  the epoch to found them under, or '' to found none
--
-- Answers the epoch. WRONGEPOCH: there is none, and these cannot be new books.

local epoch = redis.call('GET', KEYS[1])
if epoch then
  return epoch
end
if ARGV[1] == '' then
  return redis.error_reply('WRONGEPOCH there are no books')
end
for part = 2, #KEYS do
  if redis.call('EXISTS', KEYS[part]) == 1 then
    return redis.error_reply('WRONGEPOCH the books have lost their epoch')
  end
end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
