-- Finds the books, or founds them where there are none: from then on an epoch names them, and they
-- are kept under one secret.
--
-- KEYS  1 the epoch, 2 the fingerprint of the secret; 3 single numbers, 4 the journal's next number,
--       and all that follow are parts of the books
-- ARGV  the epoch to found them under, or '' to found none; the fingerprint of the secret under
--       which they have to be kept; the number that says when they were adopted
--
-- Answers the epoch, the journal's next number and the row of when they were adopted. WRONGEPOCH: there is none, and these cannot be new books. WRONGSECRET: they
-- are kept under another secret.

local epoch = redis.call('GET', KEYS[1])
local is_founded = not epoch
if is_founded then
  if ARGV[1] == '' then
    return redis.error_reply('WRONGEPOCH there are no books')
  end
  for part = 3, #KEYS do
    if redis.call('EXISTS', KEYS[part]) == 1 then
      return redis.error_reply('WRONGEPOCH the books have lost their epoch')
    end
  end
  epoch = ARGV[1]
end
local secret = redis.call('GET', KEYS[2])
if secret and secret ~= ARGV[2] then
  return redis.error_reply('WRONGSECRET the books are kept under another secret')
end
if not secret then
  redis.call('SET', KEYS[2], ARGV[2])
end
if is_founded then
  redis.call('SET', KEYS[1], epoch)
end
return { epoch, redis.call('GET', KEYS[4]) or '0', redis.call('HGET', KEYS[3], ARGV[3]) or '' }
