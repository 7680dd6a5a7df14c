//! The Redis of the measured gateway, without a disk.

use std::net::SocketAddr;
use std::time::Duration;

use redis::InfoDict;

use super::process::{Core, Process};
use crate::process::free;

pub(crate) struct Redis {
    process: Process,
    pub(crate) address: SocketAddr,
}

/// What the server did since some moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Work {
    pub(crate) cpu: Duration,
    pub(crate) commands: u64,
    pub(crate) bytes: u64,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let address = free();
        let port = address.port().to_string();
        let arguments = ["--port", &port, "--bind", "127.0.0.1", "--save", ""];
        let policy = ["--maxmemory-policy", "noeviction", "--hash-max-listpack-value", "128"];
        let process =
            Process::start(Core::Rest, "redis-server", arguments.into_iter().chain(policy));
        let server = Self { process, address };
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while server.info().await.is_none() {
            look.tick().await;
        }
        server
    }

    /// What the server has done so far.
    pub(crate) async fn work(&self) -> Work {
        let info = self.info().await.expect("it runs");
        let number = |field: &str| info.get::<u64>(field).expect("every Redis says so");
        Work {
            cpu: self.process.cpu(),
            commands: number("total_commands_processed"),
            bytes: number("total_net_input_bytes") + number("total_net_output_bytes"),
        }
    }

    async fn info(&self) -> Option<InfoDict> {
        let client = redis::Client::open(format!("redis://{}", self.address)).ok()?;
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        redis::cmd("INFO").query_async(&mut connection).await.ok()
    }
}

impl Work {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            commands: self.commands - before.commands,
            bytes: self.bytes - before.bytes,
        }
    }
}
