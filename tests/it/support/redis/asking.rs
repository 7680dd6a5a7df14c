//! What a test asks a server, each time over a new connection: whatever became of an earlier one
//! says nothing about this.

use std::net::SocketAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, InfoDict, RedisResult};

use super::Server;
use crate::support::wait::LIMIT;

/// How long a server that may be away has to take a connection, and then to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks whoever listens there, and may be away. `words` are a command's name and its arguments.
pub(super) async fn ask<T: FromRedisValue>(address: SocketAddr, words: &[&str]) -> RedisResult<T> {
    ask_within(PATIENCE, address, words).await
}

async fn ask_within<T: FromRedisValue>(
    patience: Duration,
    address: SocketAddr,
    words: &[&str],
) -> RedisResult<T> {
    let mut connection = connect(patience, address).await?;
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command.query_async(&mut connection).await
}

async fn connect(patience: Duration, address: SocketAddr) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(patience))
        .set_response_timeout(Some(patience));
    let client = Client::open(format!("redis://{address}"))?;
    client.get_multiplexed_async_connection_with_config(&config).await
}

impl Server {
    /// A connection for many commands. Its timeouts are those of a busy machine, not the short
    /// defaults of the client library.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        connect(LIMIT, self.address()).await.expect("the server runs")
    }

    /// Asks for what must be answered.
    pub(crate) async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let answer = ask_within(LIMIT, self.address(), words).await;
        answer.unwrap_or_else(|why| panic!("{words:?} at {}: {why}", self.address()))
    }

    /// Asks for what may be refused.
    pub(crate) async fn try_ask<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        ask(self.address(), words).await
    }

    /// One field of what the server says about itself.
    pub(crate) async fn info<T: FromRedisValue>(&self, field: &str) -> T {
        let info: InfoDict = self.ask(&["INFO"]).await;
        info.get(field).unwrap_or_else(|| panic!("no {field} of {}", self.address()))
    }

    /// The same, where the server may be away or have none such.
    pub(super) async fn try_info<T: FromRedisValue>(&self, field: &str) -> Option<T> {
        self.try_ask::<InfoDict>(&["INFO"]).await.ok()?.get(field)
    }

    /// Forgets everything it holds.
    pub(crate) async fn empty(&self) {
        let () = self.ask(&["FLUSHALL"]).await;
    }

    /// Leaves no memory for anything new: what would write is refused with `OOM`.
    pub(crate) async fn fill_up(&self) {
        let () = self.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    }

    /// Undoes [`Server::fill_up`].
    pub(crate) async fn make_room(&self) {
        let () = self.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    }

    /// The processor time that it has used so far, in microseconds.
    pub(crate) async fn cpu_micros(&self) -> u64 {
        let info: InfoDict = self.ask(&["INFO", "cpu"]).await;
        let micros = |field| {
            let seconds: String = info.get(field).unwrap();
            seconds.replace('.', "").parse::<u64>().unwrap()
        };
        micros("used_cpu_user") + micros("used_cpu_sys")
    }

    /// The bytes of memory that it uses.
    pub(crate) async fn used_memory(&self) -> u64 {
        self.info("used_memory").await
    }
}
