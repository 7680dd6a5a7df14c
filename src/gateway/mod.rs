//! The order of events: the steps of a request, a job and an operator's action.
//!
//! This is the only module that does IO in sequence. For a request, [`Gateway::enrich`] computes
//! the keys of the leads, stores what must be stored, and admits. Then `dispatch` leases due jobs,
//! `send` sends a job to the vendor, `collect` fetches its answer and settles it. Operations that
//! must finish are owned by a task of the gateway, never by a handler that its caller can cancel.

mod alarms;
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
mod keyed;
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
mod team_ledger;
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

pub use alarms::AlarmThresholds;
pub use answer::{
    Account, Basis, BatchId, BatchPage, Dispositions, Enrichment, Estimate, Failure, Finding,
    LimitExceeded, LimitLeft, Line, Marks, PageAsk, PageFrom, QuotaLeft, QuotaShort, Refusal,
    Remaining, Reset, Status,
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
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::export::CheckKeys;
use crate::ledger::any::AnyLedger;
use crate::ledger::halt::Reason;
use crate::ledger::ids::JobId;
use crate::telemetry::metrics::Metrics;
use crate::vault::any::AnyVault;
use crate::vendor::HttpVendor;
use alarms::Alarms;
use busy::Busy;
use caller::KnownKeys;
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

/// How many notifications a waiting lookup may miss. After that it reads the ledger.
const TURNS_TOLD: usize = 1024;

/// The parts of a gateway.
pub struct Parts {
    /// The ledger.
    pub ledger: Arc<AnyLedger>,
    /// Encrypted leads and results, in the same store.
    pub vault: Arc<AnyVault>,
    /// Whether other processes may use that store.
    pub replicas: Replicas,
    /// The vendor.
    pub vendor: HttpVendor,
    /// Creates lead and person keys.
    pub keyer: Keyer,
    /// The problems of the store, if it is monitored.
    pub concerns: Concerns,
    /// The free space of the store.
    pub headroom: Headroom,
    /// The settings.
    pub settings: Settings,
    /// The access to the vendor's other paths.
    pub routes: Routes,
    /// The export folder, and the keys of its checks.
    pub export: Option<(PathBuf, CheckKeys)>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The store's clock.
    pub clock: Arc<dyn Clock>,
}

/// How many gateways use one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// Only this one: no other process can open the store.
    One,
    /// Any number of them.
    Many,
}

/// The gateway. Clones share it.
#[derive(Clone)]
pub struct Gateway(Arc<Inside>);

/// The state shared by the clones.
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
    /// Batch ids.
    numbers: Numbers,
    /// The queues for vendor permits.
    lines: Lines,
    /// What leads of each team came to lately.
    alarms: Alarms,
    /// Requests of each team.
    team_requests: Throttle<TeamId>,
    /// Requests by each key that is limited.
    key_requests: Throttle<String>,
    /// Steps on the books that requests take.
    steps: ConcurrencyLimit,
    /// Which team each good key was last of.
    known_keys: KnownKeys,
    /// Requests that are passed on.
    passages: ConcurrencyLimit,
    /// Priced calls in progress.
    calls: ConcurrencyLimit,
    /// Waiting lookups.
    look_ups: ConcurrencyLimit,
    /// Notifies waiting lookups when the processing of a job has ended.
    turned: broadcast::Sender<JobId>,
    /// The jobs that this process is working on.
    busy: Busy,
    /// Polls that wait to read further pages.
    readers: Readers,
    /// Notified when a job may be due sooner than the dispatcher knows.
    wake: Notify,
    /// Tasks that must finish.
    tasks: TaskTracker,
    /// The export task, which copies everything that other tasks book.
    exports: TaskTracker,
    /// Cancelled when all tasks that must finish have.
    ended: CancellationToken,
    /// The number of the first entry that this process has not exported.
    exported: AtomicU64,
    /// Cancelled when no more jobs are leased, so that nothing new is sent.
    resting: CancellationToken,
    /// Cancelled when the process received a signal to stop. Requests are still served.
    leaving: CancellationToken,
    /// Cancelled when nothing new is begun.
    stopping: CancellationToken,
    /// Jobs that the vendor reports as unknown, and since when.
    gone: Mutex<HashMap<JobId, Timestamp>>,
    /// Answers that were read and are not settled yet.
    unsettled: Unsettled,
    /// Jobs that were cancelled at the vendor.
    told_canceled: Mutex<HashSet<JobId>>,
    /// The delay of the sweep.
    overdue: Overdue,
    /// Jobs with invalid answers.
    unreadable: Unreadable,
    /// Jobs with incomplete answers, and how often they were read again.
    read_again: Mutex<HashMap<JobId, u32>>,
    /// The dispatcher's task.
    dispatcher: OnceLock<JoinHandle<()>>,
}

impl Deref for Gateway {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Gateway {
    /// Creates a gateway and takes over the work in its store: everything if it is alone, otherwise
    /// what is not leased.
    ///
    /// # Errors
    /// [`Refusal::StoreAway`] if the ledger cannot be read.
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
            lines: Lines::of(routes.allowances(), settings.team_share),
            team_requests: Throttle::new(),
            key_requests: Throttle::new(),
            steps: limit(settings.steps_max, "store.steps_max"),
            known_keys: KnownKeys::default(),
            alarms: Alarms::default(),
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

    /// Wakes the dispatcher to check for due jobs.
    pub fn look_now(&self) {
        self.wake.notify_one();
    }

    /// Reports from now on that the gateway is not ready, and continues to serve.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether the process received a signal to stop.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Sends nothing new from now on: admitted work stays in the ledger for the next start.
    pub fn rest(&self) {
        self.leaving.cancel();
        self.resting.cancel();
    }

    /// Begins nothing new, and waits until everything in progress has ended and is exported.
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
