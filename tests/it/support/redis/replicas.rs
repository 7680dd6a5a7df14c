//! A primary and the replicas that follow it, with nobody who watches them.

use crate::support::wait::eventually;

use super::Server;

/// One server that is written to, and those that copy it.
pub(crate) struct Replicas {
    pub(crate) primary: Server,
    pub(crate) replicas: Vec<Server>,
}

impl Replicas {
    /// A primary with so many replicas, all of them up to date.
    pub(crate) async fn start(count: usize) -> Self {
        Self::with(count, &[]).await
    }

    /// The same, each with these lines of `redis.conf`.
    pub(crate) async fn with(count: usize, settings: &[&str]) -> Self {
        let primary = Server::with(settings).await;
        let mut replicas = Vec::new();
        for _ in 0..count {
            replicas.push(Server::with(settings).await);
        }
        let this = Self { primary, replicas };
        for replica in &this.replicas {
            this.follow(replica).await;
        }
        this.in_step().await;
        this
    }

    async fn follow(&self, replica: &Server) {
        let port = self.primary.address().port().to_string();
        let () = replica.ask(&["REPLICAOF", "127.0.0.1", &port]).await;
    }

    /// Waits until every replica that is up has what the primary has.
    async fn in_step(&self) {
        let what = "every replica has what the primary has";
        eventually(what, async || self.are_in_step().await).await;
    }

    /// Whether every replica that is up has what the primary has, and counts where a write needs
    /// so many.
    pub(super) async fn are_in_step(&self) -> bool {
        let mut up = 0;
        for replica in self.replicas.iter().filter(|replica| replica.is_up()) {
            if !self.is_in_step(replica).await {
                return false;
            }
            up += 1;
        }
        let counted = self.primary.try_info::<u32>("min_slaves_good_slaves").await;
        counted.is_none_or(|counted| counted >= up)
    }

    async fn is_in_step(&self, replica: &Server) -> bool {
        let written = self.primary.try_info::<u64>("master_repl_offset").await;
        let follows = replica.try_info::<u16>("master_port").await;
        let link = replica.try_info::<String>("master_link_status").await;
        written.is_some()
            && follows == Some(self.primary.address().port())
            && link.as_deref() == Some("up")
            && replica.try_info::<u64>("slave_repl_offset").await >= written
    }

    /// From now on a replica gets nothing of what is written.
    pub(crate) async fn lag(&self, replica: usize) {
        self.replicas[replica].pause().await;
        // What is sent would reach it all the same once it goes on. The others come back.
        let _: u64 = self.primary.ask(&["CLIENT", "KILL", "TYPE", "replica"]).await;
        self.in_step().await;
    }

    /// Undoes [`Replicas::lag`].
    pub(crate) async fn catch_up(&self, replica: usize) {
        self.replicas[replica].resume();
        self.in_step().await;
    }

    /// The primary is gone for good, with what it alone knew, and a replica takes its place.
    pub(crate) async fn promote(&mut self, replica: usize) {
        self.primary.kill_hard();
        self.primary = self.replicas.remove(replica);
        self.primary.resume();
        let () = self.primary.ask(&["REPLICAOF", "NO", "ONE"]).await;
        for replica in &self.replicas {
            replica.resume();
            self.follow(replica).await;
        }
        self.in_step().await;
    }
}
