-- The names of the keys that begin so, a piece at a time. For whoever looks at everything.
--
-- KEYS  1 any key of the books: says which server
-- ARGV  where to go on, 0 at first; the pattern
--
-- Answers where to go on, 0 at the end, and names.

return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
