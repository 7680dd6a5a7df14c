//! The order of events: what happens to a request, a job and an operator's word, step by step.
//!
//! The only place that does IO in sequence. A request is a straight line: [`Gateway::enrich`] keys
//! the leads, keeps what must be kept, and admits. Then `dispatch` takes turns with jobs that are
//! due, `send` brings one to the vendor, `collect` brings its answer home and settles it. What must
//! finish is owned by a task of the gateway's, never by a handler that its caller can cancel.

mod answer;
mod audit;
mod batch;
mod bodies;
mod busy;
mod call;
mod caller;
mod circuit;
mod clock_watch;
mod collect;
mod concern;
mod concurrency;
mod crowded;
mod dispatch;
mod enrich;
mod evidence;
mod export;
mod failed;
mod find;
mod gather;
mod handing_in;
mod headroom;
mod held;
mod keeping;
mod leave;
mod load;
mod look;
mod lost;
mod manage;
mod numbers;
mod operators;
mod outage;
mod pass;
mod pause;
mod permits;
mod readers;
mod refused;
mod replay;
mod report;
mod restore;
mod send;
mod settings;
mod settle;
mod supply;
mod sweep;
mod throttle;
mod unreadable;
mod unsettled;
mod validation;
mod words;

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use answer::{
    Account, Basis, BatchId, BatchPage, Dispositions, Enrichment, Estimate, Failure, Finding, Line,
    Marks, PageAsk, PageFrom, QuotaLeft, QuotaShort, Refusal, Remaining, Reset, Status,
};
pub use audit::Audit;
pub use call::{Call, CallAnswered, Request, Whole};
pub use caller::Caller;
pub use concern::{Concern, Concerns};
pub(crate) use concurrency::{ConcurrencyLimit, Permit};
pub use headroom::Headroom;
pub use held::holding;
pub use manage::{KeyMade, KeyShown, NewTeam, Put, Standing, Team};
pub use operators::{
    BatchDetail, BatchKind, BatchState, Batches, Booked, Charged, Correction, Erasing, Erasure,
    Listing, Named, SlotShown, Source, Summary, Why,
};
pub use pass::{Passage, PassageBody, Passed, PassedBody, PassedHeaders};
pub use report::{Readiness, StoreWatch, Usage};
pub use settings::{OnNoAnswer, Settings};
pub use throttle::{RequestLimits, RequestsLeft, UnderWay};
pub use validation::{AddressLine, Judgement, ValidationAsk, ValidationPage, Verdict};
pub use words::Words;

use crate::clock::Clock;
use crate::domain::identity::keys::Keyer;
use crate::domain::route::Routes;
use crate::domain::time::Timestamp;
use crate::export::CheckKeys;
use crate::ledger::any::AnyLedger;
use crate::ledger::halt::Reason;
use crate::ledger::ids::JobId;
use crate::telemetry::metrics::Metrics;
use crate::vault::any::AnyVault;
use crate::vendor::HttpVendor;
use busy::Busy;
use circuit::Circuit;
use clock_watch::ClockWatch;
use failed::Failed;
use leave::Lines;
use numbers::Numbers;
use readers::Readers;
use sweep::Overdue;
use throttle::Throttle;
use unreadable::Unreadable;
use unsettled::Unsettled;

/// How many turns may end before a caller who waits has heard of the first. One who has missed some
/// looks at the books.
const TURNS_TOLD: usize = 1024;

/// What a gateway is made of.
pub struct Parts {
    /// The books.
    pub ledger: Arc<AnyLedger>,
    /// Sealed leads and results, in the same store.
    pub vault: Arc<AnyVault>,
    /// Who else may work on that store.
    pub replicas: Replicas,
    /// Where leads are sent.
    pub vendor: HttpVendor,
    /// Makes lead and person keys.
    pub keyer: Keyer,
    /// What speaks against the store, as far as somebody watches it.
    pub concerns: Concerns,
    /// How much the store can still take.
    pub headroom: Headroom,
    /// What it is told to do.
    pub settings: Settings,
    /// What the vendor's other paths may do.
    pub routes: Routes,
    /// The folder that the journal is exported to, and the keys of its checks.
    pub export: Option<(PathBuf, CheckKeys)>,
    /// Where it counts.
    pub metrics: Arc<Metrics>,
    /// The store's clock.
    pub clock: Arc<dyn Clock>,
}

/// How many gateways work on one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// This one: no other process can have the store open.
    One,
    /// Any number of them.
    Many,
}

/// The gateway. Clones share it.
#[derive(Clone)]
pub struct Gateway(Arc<Inside>);

/// What the clones share.
pub struct Inside {
    ledger: Arc<AnyLedger>,
    vault: Arc<AnyVault>,
    vendor: HttpVendor,
    keyer: Keyer,
    concerns: Concerns,
    headroom: Headroom,
    settings: Settings,
    routes: Routes,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    clock_watch: ClockWatch,
    circuit: Circuit,
    /// Numbers for batches.
    numbers: Numbers,
    /// Where leave to ask the vendor is waited for.
    lines: Lines,
    /// Requests of each team.
    throttle: Throttle,
    /// Requests that are passed on.
    passages: ConcurrencyLimit,
    /// Priced calls that are made.
    calls: ConcurrencyLimit,
    /// Look-ups that wait for their answer.
    look_ups: ConcurrencyLimit,
    /// Told of every turn that has ended, for those who wait for a job.
    turned: broadcast::Sender<JobId>,
    /// The jobs that a turn is under way with here.
    busy: Busy,
    /// Turns under way that wait to read further pages.
    readers: Readers,
    /// Rung when a job may be due sooner than the dispatcher thinks.
    wake: Notify,
    /// Everything that must finish.
    tasks: TaskTracker,
    /// Whoever exports what the others book, to the last of it.
    exports: TaskTracker,
    /// All that must finish has.
    ended: CancellationToken,
    /// The number of the first entry that this process has not exported.
    exported: AtomicU64,
    /// No turn is taken any more, so nothing new is sent.
    resting: CancellationToken,
    /// The process has been told to stop. Requests are still served.
    leaving: CancellationToken,
    /// Nothing new is begun any more.
    stopping: CancellationToken,
    /// Jobs that the vendor says it does not know, and since when.
    gone: Mutex<HashMap<JobId, Timestamp>>,
    /// What was read of the vendor's answers and is not settled yet.
    unsettled: Unsettled,
    /// Jobs of which the vendor was told that they are cancelled.
    told_canceled: Mutex<HashSet<JobId>>,
    /// How far the sweep is behind.
    overdue: Overdue,
    /// Jobs whose answers cannot be read.
    unreadable: Unreadable,
    /// Jobs whose answers lacked something, and how often they were read again for that.
    read_again: Mutex<HashMap<JobId, u32>>,
    /// Whoever takes turns.
    dispatcher: OnceLock<JoinHandle<()>>,
}

impl Deref for Gateway {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Gateway {
    /// Puts a gateway together and has it take up the work that its store holds: all of it at once
    /// where it is alone, else what nobody has a turn with.
    ///
    /// # Errors
    /// [`Refusal::StoreAway`] where the books cannot be read.
    pub async fn start(parts: Parts) -> Result<Self, Refusal> {
        let Parts {
            ledger,
            vault,
            replicas,
            vendor,
            keyer,
            concerns,
            headroom,
            settings,
            routes,
            export,
            metrics,
            clock,
        } = parts;
        let circuit = Circuit::new(Arc::clone(&metrics));
        let overdue = Overdue::new(clock.now());
        let limit = |max, setting| ConcurrencyLimit::new(max, settings.team_share, setting);
        let gateway = Self(Arc::new(Inside {
            ledger,
            vault,
            vendor,
            keyer,
            concerns,
            headroom,
            settings,
            numbers: Numbers::default(),
            lines: Lines::of(routes.allowances()),
            throttle: Throttle::new(settings.team_limits),
            passages: limit(settings.passages_max, "server.passages_max"),
            calls: limit(settings.calls_max, "server.calls_max"),
            look_ups: limit(settings.look_ups_max, "server.look_ups_max"),
            routes,
            metrics,
            clock,
            clock_watch: ClockWatch::default(),
            circuit,
            turned: broadcast::Sender::new(TURNS_TOLD),
            busy: Busy::default(),
            readers: Readers::default(),
            wake: Notify::new(),
            tasks: TaskTracker::new(),
            exports: TaskTracker::new(),
            ended: CancellationToken::new(),
            exported: AtomicU64::new(0),
            resting: CancellationToken::new(),
            leaving: CancellationToken::new(),
            stopping: CancellationToken::new(),
            gone: Mutex::default(),
            unsettled: Unsettled::default(),
            told_canceled: Mutex::default(),
            overdue,
            unreadable: Unreadable::default(),
            read_again: Mutex::default(),
            dispatcher: OnceLock::new(),
        }));
        if let Some((dir, keys)) = &export {
            gateway.ledger.halt().set(Reason::NotCompared);
            gateway.compare_with_export(dir, keys).await;
        }
        if replicas == Replicas::One && gateway.ledger.halt().reason().is_none() {
            gateway.take_over().await?;
        }
        let dispatcher = gateway.tasks.spawn(dispatch::run(gateway.clone()));
        // It was empty until now.
        let _ = gateway.dispatcher.set(dispatcher);
        gateway.tasks.spawn(sweep::run(gateway.clone()));
        gateway.tasks.spawn(audit::run(gateway.clone()));
        gateway.tasks.spawn(clock_watch::run(gateway.clone()));
        if let Some((dir, keys)) = export {
            gateway.exports.spawn(export::run(gateway.clone(), dir, keys));
        }
        Ok(gateway)
    }

    /// Has the dispatcher look at once whether a job is due.
    pub fn look_now(&self) {
        self.wake.notify_one();
    }

    /// Reports from now on that it is not ready, and goes on serving.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether the process has been told to stop.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Sends nothing new from now on: what is admitted meanwhile stays on the books for the next
    /// start.
    pub fn rest(&self) {
        self.leaving.cancel();
        self.resting.cancel();
    }

    /// Begins nothing new, and waits until all that was begun has ended and is exported.
    pub async fn stop(&self) {
        self.resting.cancel();
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.ended.cancel();
        self.exports.close();
        self.exports.wait().await;
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}
