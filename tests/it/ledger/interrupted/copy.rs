//! A copy of the books, to break scripts on.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, Value};

use super::faults;
use super::recorder::Recorded;
use crate::ledger::books::Books;
use crate::ledger::store::Redis;

/// Everything there is, in order, whatever order the server keeps it in.
const ALL: &str = "
    local all, names = {}, redis.call('KEYS', '*')
    table.sort(names)
    for _, name in ipairs(names) do
      local kind, holds = redis.call('TYPE', name).ok, {}
      if kind == 'string' then
        holds = { redis.call('GET', name) }
      elseif kind == 'zset' then
        holds = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
      elseif kind == 'stream' then
        holds = { cmsgpack.pack(redis.call('XRANGE', name, '-', '+')), redis.call('XINFO', 'STREAM', name)[8] }
      else
        local fields = redis.call('HGETALL', name)
        for at = 1, #fields, 2 do
          holds[#holds + 1] = cmsgpack.pack({ fields[at], fields[at + 1] })
        end
        table.sort(holds)
      end
      all[#all + 1] = name .. ' ' .. cmsgpack.pack(holds)
    end
    return all";

/// Copies everything from one database of the server to another, which forgets what it had.
const MOVE: &str = "
    redis.call('SELECT', ARGV[2])
    redis.call('FLUSHDB', 'SYNC')
    redis.call('SELECT', ARGV[1])
    for _, name in ipairs(redis.call('KEYS', '*')) do
      redis.call('COPY', name, name, 'DB', ARGV[2])
    end
    return redis.call('SELECT', 0)";

/// Put before a script: the command of this number fails.
const FAULTY: &str = "
    local whole, calls = redis, 0
    local redis = setmetatable({ call = function(...)
      calls = calls + 1
      if calls == FAULT then
        error({ err = 'FAULT was asked for' })
      end
      return whole.call(...)
    end }, { __index = whole })\n";

/// A server of its own, with books that begin empty.
pub(super) struct Copy {
    books: Books<Redis>,
    server: MultiplexedConnection,
}

impl Copy {
    pub(super) async fn start() -> Self {
        let books = Books::<Redis>::open().await;
        let server = books.store.servers().connection().await;
        Self { books, server }
    }

    async fn run(&self, source: &str, words: &[Vec<u8>]) -> RedisResult<Value> {
        let mut command = Cmd::new();
        command.arg("EVAL").arg(source).arg(words);
        command.query_async(&mut self.server.clone()).await
    }

    /// Makes a call as it was made.
    pub(super) async fn make(&self, call: &Recorded) -> RedisResult<Value> {
        self.run(&call.source, &call.words).await
    }

    /// Makes a call of whose script the command of this number fails. It is right where the script
    /// has fewer.
    pub(super) async fn make_with_fault(&self, call: &Recorded, fault: usize) -> RedisResult<()> {
        let faulty = FAULTY.replace("FAULT was", "\0").replace("FAULT", &fault.to_string());
        let faulty = faulty.replace('\0', "FAULT was");
        let source = match call.source.split_once('\n') {
            Some((flags, source)) if flags.starts_with("#!") => {
                format!("{flags}\n{faulty}{source}")
            }
            _ => faulty + &call.source,
        };
        let made = self.run(&source, &call.words).await;
        if let Err(why) = &made {
            assert!(why.to_string().contains("FAULT"), "{why}");
        }
        made.map(|_| ())
    }

    /// Makes a call, after it was broken off everywhere; answers where.
    pub(super) async fn never_half(&self, call: &Recorded) -> usize {
        let before = self.all().await;
        self.remember().await;
        self.make(call).await.unwrap();
        let after = self.all().await;
        self.recall().await;
        let mut broken = 0;
        for fault in faults(call) {
            if self.make_with_fault(call, fault).await.is_ok() {
                break;
            }
            broken += 1;
            assert!(self.all().await == before, "half is left where command {fault} fails");
        }
        assert!(self.all().await == after, "a script that was broken off cannot be run again");
        broken
    }

    /// Everything there is.
    pub(super) async fn all(&self) -> Vec<Vec<u8>> {
        let all = self.run(ALL, &[b"0".to_vec()]).await.unwrap();
        redis::from_redis_value(all).unwrap()
    }

    /// Every row there is, as steps mean it.
    pub(super) async fn dump(&self) -> Vec<String> {
        self.books.dump().await
    }

    /// Keeps everything as it is.
    pub(super) async fn remember(&self) {
        self.run(MOVE, &[b"0", b"0", b"1"].map(|word| word.to_vec())).await.unwrap();
    }

    /// Has everything be as it was kept.
    pub(super) async fn recall(&self) {
        self.run(MOVE, &[b"0", b"1", b"0"].map(|word| word.to_vec())).await.unwrap();
    }
}
