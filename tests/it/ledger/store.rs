//! The stores whose ledgers are held to the contract.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

use crate::support::redis::{Cluster, Sentinels, Server};

/// A ledger, and whatever must live as long as it does.
pub(super) trait Store: Send + Sync + Sized + 'static {
    /// What keeps the books.
    type Ledger: Ledger;

    /// Empty books, by a clock that the test moves.
    fn open(clock: Arc<ManualClock>) -> impl Future<Output = Self>;
    /// Further empty books, where these are kept on the same servers.
    fn beside(&self, clock: Arc<ManualClock>) -> impl Future<Output = Self> + Send;
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

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        Self::open(clock).await
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

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        Self::open(clock).await
    }

    fn ledger(&self) -> &Arc<EmbeddedLedger> {
        &self.0
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        plant(&*self.0, key, tally).await;
    }
}

/// Books in a Redis, which others may share, each in a namespace of its own.
pub(super) struct Redis<S = Server> {
    ledger: Arc<RedisLedger>,
    place: Arc<Place<S>>,
    namespace: String,
}

/// Servers, and how many books were opened there.
struct Place<S> {
    servers: S,
    opened: AtomicU64,
}

/// However many servers that are one Redis.
pub(super) trait Servers: Send + Sync + Sized + 'static {
    /// Starts them. What they answer is right, and need not outlive them.
    fn start() -> impl Future<Output = Self>;
    /// Where they are, as a gateway's store.
    fn url(&self) -> String;
}

/// What a server is set to that forgets everything when it stops.
const IN_MEMORY: &str = "appendonly no";

impl Servers for Server {
    async fn start() -> Self {
        Self::with(&[IN_MEMORY]).await
    }

    fn url(&self) -> String {
        self.url_as_documented()
    }
}

impl Servers for Cluster {
    async fn start() -> Self {
        Self::with(1, &[IN_MEMORY]).await
    }

    fn url(&self) -> String {
        self.url()
    }
}

impl Servers for Sentinels {
    async fn start() -> Self {
        Self::with(&[IN_MEMORY]).await
    }

    fn url(&self) -> String {
        self.url()
    }
}

impl<S: Servers> Redis<S> {
    fn at(place: Arc<Place<S>>, clock: Arc<ManualClock>) -> Self {
        let namespace = format!("test-{}", place.opened.fetch_add(1, Ordering::Relaxed));
        Self::of(namespace, place, clock)
    }

    fn of(namespace: String, place: Arc<Place<S>>, clock: Arc<ManualClock>) -> Self {
        let url = place.servers.url();
        Self::through(&url, namespace, place, clock)
    }

    fn through(
        url: &str,
        namespace: String,
        place: Arc<Place<S>>,
        clock: Arc<ManualClock>,
    ) -> Self {
        let terms = Terms { namespace: namespace.clone(), ..terms() };
        let remote = remote(url);
        let ledger = RedisLedger::with_clock(remote, &terms, Some(clock), Arc::new(()));
        Self { ledger: Arc::new(ledger), place, namespace }
    }

    /// The same books, as another replica has them.
    pub(super) fn replica(&self, clock: Arc<ManualClock>) -> Self {
        Self::of(self.namespace.clone(), Arc::clone(&self.place), clock)
    }

    /// The same, over a wire of the test's own.
    pub(super) fn replica_through(&self, url: &str, clock: Arc<ManualClock>) -> Self {
        Self::through(url, self.namespace.clone(), Arc::clone(&self.place), clock)
    }

    /// The servers.
    pub(super) fn servers(&self) -> &S {
        &self.place.servers
    }
}

impl<S: Servers> Store for Redis<S> {
    type Ledger = RedisLedger;

    async fn open(clock: Arc<ManualClock>) -> Self {
        let place = Place { servers: S::start().await, opened: AtomicU64::new(0) };
        Self::at(Arc::new(place), clock)
    }

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        Self::at(Arc::clone(&self.place), clock)
    }

    fn ledger(&self) -> &Arc<RedisLedger> {
        &self.ledger
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        plant(&*self.ledger, key, tally).await;
    }
}

pub(super) fn remote(url: &str) -> Remote {
    let address = url.parse().expect("tests name their servers well");
    Remote::new(&address, Patience::default()).expect("no certificates are named")
}

/// Books that begin by themselves, and steps that wait for nothing.
pub(super) fn terms() -> Terms {
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
