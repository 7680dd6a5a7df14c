//! Several gateways on one store, each a process that may be killed while the others go on.

use std::net::SocketAddr;

use super::client::Client;
use super::process::Process;

/// One secret for all, or each would take a person for another.
pub(crate) const SECRET: &str =
    "security.secret=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The replicas of one gateway.
pub(crate) struct Gateways {
    pub(crate) replicas: Vec<Process>,
}

impl Gateways {
    /// So many replicas on a store, in front of this vendor, all of them ready.
    pub(crate) async fn start(
        count: usize,
        vendor: SocketAddr,
        store: &str,
        further: &[&str],
    ) -> Self {
        let settings = [&[SECRET], further].concat();
        let mut replicas = Vec::new();
        for _ in 0..count {
            replicas.push(Process::on(vendor, store, &settings).await);
        }
        Self { replicas }
    }

    /// A client of each replica with this key, to be asked in turn.
    pub(crate) fn callers(&self, key: &str) -> Vec<Client> {
        self.replicas.iter().map(|replica| replica.caller(key)).collect()
    }

    /// Has every replica run, and waits until all are ready.
    pub(crate) async fn heal(&mut self) {
        for replica in &mut self.replicas {
            if !replica.is_running() {
                replica.launch();
            }
        }
        for replica in &mut self.replicas {
            replica.ready().await;
        }
    }
}
