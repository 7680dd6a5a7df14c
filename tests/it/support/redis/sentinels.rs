//! Three sentinels over a primary and two replicas.

use std::net::SocketAddr;

use crate::support::wait::{Patience, eventually};

use super::{Replicas, Server};

/// What the sentinels call the primary.
const NAME: &str = "tollgate";
const REPLICAS: usize = 2;
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// Servers that are watched: where the primary dies, a replica takes its place by itself.
pub(crate) struct Sentinels {
    /// As the sentinels see them.
    pub(crate) watched: Replicas,
    pub(crate) sentinels: Vec<Server>,
}

impl Sentinels {
    /// Sentinels that agree, over servers that are up to date.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same, each of the watched with these lines of `redis.conf`.
    pub(crate) async fn with(settings: &[&str]) -> Self {
        let watched = Replicas::with(REPLICAS, settings).await;
        let port = watched.primary.address().port();
        let monitor = format!("sentinel monitor {NAME} 127.0.0.1 {port} {QUORUM}");
        let mut sentinels = Vec::new();
        for _ in 0..SENTINELS {
            let settings = [
                &monitor,
                // In milliseconds: long enough for a busy machine not to look dead.
                &format!("sentinel down-after-milliseconds {NAME} 2000"),
                &format!("sentinel failover-timeout {NAME} 3000"),
                &format!("sentinel parallel-syncs {NAME} {REPLICAS}"),
            ];
            sentinels.push(Server::sentinel(&settings.map(String::as_str)).await);
        }
        let this = Self { watched, sentinels };
        eventually("the sentinels know everybody", async || {
            let mut know = true;
            for sentinel in &this.sentinels {
                know = know
                    && counted(sentinel, "sentinels").await == Some(SENTINELS - 1)
                    && counted(sentinel, "replicas").await == Some(REPLICAS);
            }
            know
        })
        .await;
        this
    }

    /// Where the sentinels listen, as a gateway's store.
    pub(crate) fn url(&self) -> String {
        let addresses: Vec<_> =
            self.sentinels.iter().map(|sentinel| sentinel.address().to_string()).collect();
        format!("redis-sentinel://{}/{NAME}", addresses.join(","))
    }

    /// Has the sentinels put a replica in the primary's place, and waits until all follow it.
    pub(crate) async fn fail_over(&mut self) {
        let before = self.watched.primary.address();
        eventually("the sentinels take the order", async || {
            self.sentinels[0].try_ask::<()>(&["SENTINEL", "FAILOVER", NAME]).await.is_ok()
        })
        .await;
        self.primary_changes_from(before).await;
        self.heal().await;
    }

    /// Kills the primary and waits until a replica is in its place, be it one that lagged.
    pub(crate) async fn kill_primary(&mut self) {
        let before = self.watched.primary.address();
        self.watched.primary.kill_hard();
        for replica in &self.watched.replicas {
            replica.resume();
        }
        self.primary_changes_from(before).await;
    }

    /// Has the primary stand still until a replica is in its place, and then go on: until the
    /// sentinels tell it, it takes itself for the primary.
    pub(crate) async fn depose_primary(&mut self) {
        let before = self.watched.primary.address();
        self.watched.primary.pause().await;
        self.primary_changes_from(before).await;
        for replica in &self.watched.replicas {
            replica.resume();
        }
    }

    /// Has everybody run again, and waits until all follow the primary, whoever that is by then.
    pub(crate) async fn heal(&mut self) {
        let Replicas { primary, replicas } = &mut self.watched;
        for server in replicas.iter_mut().chain([primary]) {
            if server.is_dead() {
                server.start_again().await;
            }
            server.resume();
        }
        let mut patience = Patience::new();
        loop {
            if let Some(primary) = self.agreed_primary().await {
                self.recognise(primary);
                if self.watched.are_in_step().await {
                    return;
                }
            }
            patience.look_again("all follow the primary").await;
        }
    }

    async fn primary_changes_from(&mut self, before: SocketAddr) {
        let mut patience = Patience::new();
        loop {
            if let Some(primary) = self.agreed_primary().await.filter(|now| *now != before) {
                return self.recognise(primary);
            }
            patience.look_again("another is the primary").await;
        }
    }

    /// Whom all the sentinels name, and who takes writes.
    async fn agreed_primary(&self) -> Option<SocketAddr> {
        let named = primary(&self.sentinels[0]).await?;
        for sentinel in &self.sentinels[1..] {
            primary(sentinel).await.filter(|also| *also == named)?;
        }
        let Replicas { primary, replicas } = &self.watched;
        let server = replicas.iter().chain([primary]).find(|server| server.address() == named)?;
        let role: String = server.try_info("role").await?;
        (role == "master").then_some(named)
    }

    fn recognise(&mut self, address: SocketAddr) {
        let Replicas { primary, replicas } = &mut self.watched;
        if let Some(new) = replicas.iter_mut().find(|replica| replica.address() == address) {
            std::mem::swap(primary, new);
        }
    }
}

/// Whom a sentinel takes for the primary.
async fn primary(sentinel: &Server) -> Option<SocketAddr> {
    let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
    let (host, port): (String, String) = sentinel.try_ask(&question).await.ok()?;
    format!("{host}:{port}").parse().ok()
}

/// How many `sentinels` or `replicas` a sentinel knows besides itself.
async fn counted(sentinel: &Server, whom: &str) -> Option<usize> {
    let known: Vec<redis::Value> = sentinel.try_ask(&["SENTINEL", whom, NAME]).await.ok()?;
    Some(known.len())
}
