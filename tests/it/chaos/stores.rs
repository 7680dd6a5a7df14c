//! The stores under trial, and what can go wrong with each.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::fake_clock::FakeClock;
use crate::support::faulty_disk::Dice;
use crate::support::gateways::Gateways;
use crate::support::redis::{Cluster, Proxy, Sentinels, Server, Wire};
use crate::support::wait::eventually;

use super::moment;

/// By how many seconds a clock steps: far enough for every lease and pause, and not so far that what is
/// known about persons expires.
const STEPS: [i64; 4] = [-90, -40, 40, 90];

/// A key of the ledger's, which are all in one slot.
const LEDGER: &str = "{tollgate:default}";
const SLOTS: u64 = 16_384;

/// A store that can be struck and healed.
pub(super) trait Store {
    fn url(&self) -> String;

    /// What a gateway must be set to for this store.
    fn settings(&self) -> &'static [&'static str];

    /// Does it some harm and says which.
    async fn strike(&mut self, gateways: &Gateways, dice: &mut Dice) -> &'static str;

    /// Undoes whatever harm was done, but for what is lost.
    async fn heal(&mut self);

    /// Whether it runs on an old copy. Replicas that see this stop until they are restarted, and one
    /// that is started meanwhile cannot see it.
    fn is_set_back(&self) -> bool {
        false
    }
}

/// Files, which no test here harms but by killing whoever writes them.
pub(super) struct Files(TempDir);

impl Files {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Store for Files {
    fn url(&self) -> String {
        format!("embedded:{}", self.0.path().join("books").display())
    }

    fn settings(&self) -> &'static [&'static str] {
        &[]
    }

    async fn strike(&mut self, _: &Gateways, _: &mut Dice) -> &'static str {
        "nothing happens to the files"
    }

    async fn heal(&mut self) {}
}

/// One Redis, behind a wire that fails. It loses nothing that it has answered.
pub(super) struct Alone {
    server: Server,
    wire: Proxy,
    /// The clock that the server goes by.
    clock: Arc<FakeClock>,
    /// What it held when it was set back.
    newest: Option<TempDir>,
}

impl Alone {
    pub(super) async fn start() -> Self {
        let clock = Arc::new(FakeClock::new());
        let server = Server::by(&clock).await;
        let wire = Proxy::before(server.address()).await;
        Self { server, wire, clock, newest: None }
    }
}

impl Store for Alone {
    fn url(&self) -> String {
        self.wire.url()
    }

    fn settings(&self) -> &'static [&'static str] {
        &["store.durability=single"]
    }

    async fn strike(&mut self, gateways: &Gateways, dice: &mut Dice) -> &'static str {
        match dice.below(10) {
            9 => {
                self.clock.set(STEPS[dice.index(STEPS.len())]);
                "the clock of the Redis steps"
            }
            8 => {
                self.set_back(gateways).await;
                "the Redis was set back to an old copy"
            }
            0 => {
                self.server.kill_hard();
                "the Redis is killed"
            }
            1 => {
                self.server.pause().await;
                "the Redis stands still"
            }
            2 => {
                self.server.fill_up().await;
                "the Redis is full"
            }
            3 => {
                self.wire.set(Wire::Cut).await;
                "the wire is cut"
            }
            4 => {
                self.wire.set(Wire::Dangling).await;
                "the wire dangles"
            }
            5 => {
                let by = Duration::from_millis(dice.below(3_000));
                self.wire.set(Wire::Slow(by)).await;
                "the wire is slow"
            }
            _ => {
                for _ in 0..dice.below(10) {
                    self.wire.set(Wire::CutsAnswerAfter(dice.index(300))).await;
                    moment(dice).await;
                }
                "answers were cut"
            }
        }
    }

    fn is_set_back(&self) -> bool {
        self.newest.is_some()
    }

    async fn heal(&mut self) {
        if let Some(newest) = self.newest.take() {
            self.server.kill_hard();
            self.server.put_back(&newest);
        }
        if self.server.is_dead() {
            self.server.start_again().await;
        }
        self.server.resume();
        self.wire.set(Wire::Whole).await;
        self.server.make_room().await;
        self.clock.set(0);
    }
}

impl Alone {
    /// Runs on an old copy of its data until it is healed. What replicas write on that copy is lost
    /// with it, so they may do nothing that costs.
    async fn set_back(&mut self, gateways: &Gateways) {
        let old = self.server.copy();
        let entries = self.entries().await;
        eventually("an entry is written that the copy lacks", async || {
            self.entries().await > entries
        })
        .await;
        // Each replica learns of it by a read of its own.
        for replica in &gateways.replicas {
            replica.operator().insist_on("/admin/v1/teams").await;
        }
        self.server.kill_hard();
        self.newest = Some(self.server.copy());
        self.server.put_back(&old);
        self.server.start_again().await;
    }

    async fn entries(&self) -> u64 {
        let next: Option<u64> = self.server.ask(&["GET", &format!("{LEDGER}:next_entry")]).await;
        // Before the first admission there is no journal.
        next.unwrap_or_default()
    }
}

/// A primary and its replicas under sentinels, which may put one in its place that knows less.
pub(super) struct Watched(Sentinels);

impl Watched {
    pub(super) async fn start() -> Self {
        Self(Sentinels::start().await)
    }
}

impl Store for Watched {
    /// Both replicas have to confirm, since either may be promoted. As many as happen to be connected
    /// are not enough: while one is being promoted by order, the old primary has the other still.
    fn url(&self) -> String {
        format!("{}?replicas=2", self.0.url())
    }

    fn settings(&self) -> &'static [&'static str] {
        &["store.durability=strict"]
    }

    async fn strike(&mut self, _: &Gateways, dice: &mut Dice) -> &'static str {
        let lagging = match dice.below(5) {
            0 => {
                self.0.fail_over().await;
                return "a replica took over as ordered";
            }
            1 => {
                self.0.depose_primary().await;
                return "a replica took over, and the old primary woke up";
            }
            lagging => usize::try_from(lagging - 2).expect("two at most"),
        };
        for replica in 0..lagging {
            self.0.watched.lag(replica).await;
        }
        moment(dice).await;
        self.0.kill_primary().await;
        ["the primary died", "the primary died ahead of a replica", "the primary died ahead of all"]
            [lagging]
    }

    async fn heal(&mut self) {
        self.0.heal().await;
    }
}

/// A cluster, each master with one replica.
pub(super) struct Clustered(Cluster);

impl Clustered {
    pub(super) async fn start() -> Self {
        Self(Cluster::start_with_replicas().await)
    }

    /// Mostly the ledger's, else one of the vault's.
    async fn slot(&self, dice: &mut Dice) -> usize {
        if dice.percent(70) {
            self.0.slot(LEDGER).await
        } else {
            usize::try_from(dice.below(SLOTS)).expect("a slot is a small number")
        }
    }
}

impl Store for Clustered {
    fn url(&self) -> String {
        self.0.url()
    }

    fn settings(&self) -> &'static [&'static str] {
        &["store.durability=strict"]
    }

    async fn strike(&mut self, _: &Gateways, dice: &mut Dice) -> &'static str {
        let slot = self.slot(dice).await;
        match dice.below(3) {
            0 => {
                self.0.fail_over(slot).await;
                "a replica took over as ordered"
            }
            1 => {
                self.0.depose_master_of(slot).await;
                "a replica took over, and the old master woke up"
            }
            _ => {
                self.0.kill_master_of(slot).await;
                "a master died"
            }
        }
    }

    async fn heal(&mut self) {
        self.0.heal().await;
    }
}
