//! The stores whose ledgers are held to the contract.

use std::future::Future;
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use tollgate::clock::ManualClock;
use tollgate::disk::Disk;
use tollgate::domain::credits::Credits;
use tollgate::ledger::embedded::EmbeddedLedger;
use tollgate::ledger::memory::MemoryLedger;
use tollgate::ledger::record::tally::{Tally, TallyKey};
use tollgate::ledger::redis::{Founding, RedisLedger, Terms};
use tollgate::ledger::{Ledger, Shelf};
use tollgate::remote::{Confirm, Patience, Remote};

use crate::support::redis::Server;

/// A ledger, and whatever must live as long as it does.
pub(super) trait Store: Send + Sync + Sized + 'static {
    /// What keeps the books.
    type Ledger: Ledger;

    /// Empty books, by a clock that the test moves.
    fn open(clock: Arc<ManualClock>) -> impl Future<Output = Self> + Send;
    /// The ledger itself.
    fn ledger(&self) -> &Arc<Self::Ledger>;
    /// Writes a tally past every step, as a fault of the store would.
    fn plant(&self, key: TallyKey, tally: Tally) -> impl Future<Output = ()> + Send;
}

/// The books in memory.
pub(super) struct Memory(Arc<MemoryLedger>);

impl Store for Memory {
    type Ledger = MemoryLedger;

    async fn open(clock: Arc<ManualClock>) -> Self {
        Self(Arc::new(MemoryLedger::new(clock, Arc::new(()))))
    }

    fn ledger(&self) -> &Arc<MemoryLedger> {
        &self.0
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        plant(&*self.0, key, tally).await;
    }
}

/// The books on a disk of their own, which here is a piece of memory.
pub(super) struct Embedded(Arc<EmbeddedLedger>);

impl Store for Embedded {
    type Ledger = EmbeddedLedger;

    async fn open(clock: Arc<ManualClock>) -> Self {
        let disk = Disk::open_backend(InMemoryBackend::new()).expect("memory can be opened");
        let ledger = EmbeddedLedger::open(disk, clock, Arc::new(())).await;
        Self(Arc::new(ledger.expect("the disk is there")))
    }

    fn ledger(&self) -> &Arc<EmbeddedLedger> {
        &self.0
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        plant(&*self.0, key, tally).await;
    }
}

/// The books in a Redis of their own.
pub(super) struct Redis {
    ledger: Arc<RedisLedger>,
    _server: Server,
}

impl Store for Redis {
    type Ledger = RedisLedger;

    async fn open(clock: Arc<ManualClock>) -> Self {
        // What it answers is right, and need not outlive it.
        let server = Server::with(&["appendonly no"]).await;
        let remote = remote(&server.url());
        let ledger = RedisLedger::with_clock(remote, &terms(), Some(clock), Arc::new(()));
        Self { ledger: Arc::new(ledger), _server: server }
    }

    fn ledger(&self) -> &Arc<RedisLedger> {
        &self.ledger
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        plant(&*self.ledger, key, tally).await;
    }
}

fn remote(url: &str) -> Remote {
    let address = url.parse().expect("tests name their servers well");
    Remote::new(&address, Patience::default()).expect("no certificates are named")
}

fn terms() -> Terms {
    Terms {
        namespace: "test".into(),
        epoch: None,
        fingerprint: "test".into(),
        founding: Founding::Adopting,
        confirm: Confirm::Nothing,
    }
}

/// Writes a tally past every step, where the steps run over rows of a [`Shelf`].
async fn plant(shelf: &impl Shelf, key: TallyKey, tally: Tally) {
    let planted = shelf.write("plant", move |draft| {
        let stands = draft.tally(&key)?;
        let apart = |of: fn(&Tally) -> Credits| of(&tally).minus(of(&stands));
        let by = Tally {
            spent: apart(|tally| tally.spent),
            reserved: apart(|tally| tally.reserved),
            unresolved: apart(|tally| tally.unresolved),
            avoided: apart(|tally| tally.avoided),
        };
        draft.move_tally(key.clone(), by);
        Ok(())
    });
    planted.await.expect("the store is there");
}
