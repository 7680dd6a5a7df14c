//! Many replicas on one store: each job is sent once, what one began another ends, and the vendor's
//! rate is shared.

use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redb::backends::InMemoryBackend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tollgate::clock::{Clock, ManualClock};
use tollgate::disk::Disk;
use tollgate::domain::budget::{Rate, Rates};
use tollgate::domain::estimate::HitRates;
use tollgate::domain::identity::keys::Keyer;
use tollgate::domain::key_terms::KeyTerms;
use tollgate::domain::lead::{Field, Fields, Lead};
use tollgate::domain::limits::Limits;
use tollgate::domain::outage::Probing;
use tollgate::domain::pricing::Prices;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::route::Routes;
use tollgate::domain::share::Share;
use tollgate::domain::time::Timestamp;
use tollgate::gateway::{
    AlarmThresholds, BatchId, BatchPage, Caller, Concerns, Enrichment, Gateway, Headroom, Marks,
    NewTeam, OnNoAnswer, PageAsk, PageFrom, Parts, Readiness, Refusal, Replicas, RequestLimits,
    Settings, Standing, Status, UnderWay,
};
use tollgate::ledger::Ledger;
use tollgate::ledger::any::AnyLedger;
use tollgate::ledger::embedded::EmbeddedLedger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::memory::MemoryLedger;
use tollgate::ledger::record::job::{Job, State};
use tollgate::ledger::step::{Attempt, Room};
use tollgate::sandbox::{self, Faults, Sandbox};
use tollgate::telemetry::metrics::Metrics;
use tollgate::vault::any::AnyVault;
use tollgate::vault::embedded::EmbeddedVault;
use tollgate::vault::memory::MemoryVault;
use tollgate::vault::sealing::{KeyRing, Sealer};
use tollgate::vendor::{HttpVendor, VendorSettings};

use crate::support::vendor;
use crate::support::wait::{Patience, eventually};

const TURN: Duration = Duration::from_secs(30);
const QUIET: Duration = Duration::from_mins(2);
const FIRST_PAGE: PageAsk = PageAsk { from: PageFrom::Start, size: 100 };

/// One store, and whatever replicas of it need.
struct Shared {
    ledger: Arc<AnyLedger>,
    vault: Arc<AnyVault>,
    clock: Arc<ManualClock>,
    vendor: String,
    settings: Settings,
}

impl Shared {
    /// In memory, in front of the vendor at this address.
    fn in_memory(vendor: std::net::SocketAddr) -> Self {
        let clock = clock();
        let ledger = MemoryLedger::new(clock.clone(), Arc::new(()));
        Self {
            ledger: Arc::new(AnyLedger::Memory(ledger)),
            vault: Arc::new(AnyVault::Memory(MemoryVault::new(clock.clone()))),
            clock,
            vendor: format!("http://{vendor}"),
            settings: settings(),
        }
    }

    /// One more replica.
    async fn replica(&self) -> Gateway {
        let settings = VendorSettings {
            base_url: self.vendor.parse().unwrap(),
            api_key: "sandbox".to_owned().into(),
            timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(1),
            page_size: NonZeroU16::new(100).unwrap(),
            retry_after_max: Duration::from_mins(5),
        };
        let parts = Parts {
            ledger: Arc::clone(&self.ledger),
            vault: Arc::clone(&self.vault),
            replicas: Replicas::Many,
            concerns: Concerns::default(),
            headroom: Headroom::new(0),
            vendor: HttpVendor::new(settings).unwrap(),
            keyer: Keyer::new([7; 32]),
            routes: Routes::default(),
            settings: self.settings,
            export: None,
            metrics: Arc::new(Metrics::new()),
            clock: self.clock.clone(),
        };
        let gateway = Gateway::start(parts).await.unwrap();
        gateway.put_team(&caller().team, NewTeam::open("Sales")).await.unwrap();
        gateway
    }

    async fn job(&self, batch: BatchId) -> Job {
        self.ledger.job(JobId { batch, ordinal: 0 }).await.unwrap().unwrap().0
    }

    async fn reaches(&self, batch: BatchId, state: State) {
        eventually("the job gets there", async || self.job(batch).await.state == state).await;
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(1_764_000_000_000)))
}

fn rates(per_minute: u32) -> Rates {
    let rate = Rate(NonZeroU32::new(per_minute).unwrap());
    Rates { requests: rate, look_ups: rate }
}

fn settings() -> Settings {
    Settings {
        prices: Prices::PUBLISHED,
        person_ttl: Duration::from_hours(24),
        not_found_ttl: Duration::from_hours(1),
        validation_ttl: Duration::from_hours(24 * 30),
        batch_ttl: Duration::from_hours(24),
        replay_window: Duration::ZERO,
        keep: Duration::from_hours(24 * 400),
        job_leads_max: 10_000,
        gather_window: Duration::ZERO,
        request_rates: rates(1_000_000),
        validations_per_hour: NonZeroU32::MAX,
        poll_interval_min: Duration::from_millis(100),
        poll_interval_max: Duration::from_secs(1),
        on_no_answer: OnNoAnswer::Retry,
        quiet_period: QUIET,
        attempts_max: 3,
        refusals_max: 500,
        retry_after_max: Duration::from_mins(5),
        job_deadline: Duration::from_hours(2),
        answer_bytes_max: 1 << 28,
        find_wait: Duration::from_secs(25),
        team_limits: RequestLimits { per_minute: 0, at_once: 0 },
        store_limits: tollgate::domain::team_limits::TeamLimits::NONE,
        alarms: AlarmThresholds::default(),
        team_share: Share::HALF,
        steps_max: 192,
        look_ups_max: 8,
        passages_max: 8,
        calls_max: 8,
        turn_for: TURN,
        turns_max: 8,
        rates: HitRates::PRIOR,
    }
}

fn caller() -> Caller {
    Caller {
        team: "sales".parse().unwrap(),
        standing: Standing::Open,
        key_id: "tests".to_owned(),
        terms: KeyTerms::default(),
        request: None,
        requests: None,
        under_way: UnderWay::default(),
    }
}

fn person(number: usize) -> Enrichment {
    let mut fields = Fields::default();
    fields[Field::LinkedinUrl] = Some(format!("linkedin.com/in/reachable-{number}"));
    let reveals = Reveals { email: true, phone: false };
    let leads = vec![Lead::new(fields).unwrap()];
    let (limits, marks) = (Limits::default(), Marks::default());
    Enrichment { leads, reveals, max_age: None, limits, marks }
}

/// The sandbox, by the clock of the store.
async fn sandbox_by(clock: &Arc<ManualClock>) -> (Sandbox, std::net::SocketAddr) {
    let clock = Arc::clone(clock);
    let now = Arc::new(move || clock.now().as_millis());
    vendor::start(sandbox::Options { now, ..sandbox::Options::default() }).await
}

/// Replicas of one store before the sandbox.
async fn before_sandbox() -> (Shared, Sandbox) {
    let mut shared = Shared::in_memory("127.0.0.1:1".parse().unwrap());
    let (judge, address) = sandbox_by(&shared.clock).await;
    shared.vendor = format!("http://{address}");
    (shared, judge)
}

/// A vendor that takes one submission and answers it only when it is told to.
async fn one_that_is_slow() -> (std::net::SocketAddr, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ((arrived, arrival), (answer, told)) = (oneshot::channel(), oneshot::channel::<()>());
    TaskTracker::new().spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        arrived.send(()).unwrap();
        told.await.unwrap();
        let body = r#"{"id":77,"object":"people_enrichment_request","status":"queued"}"#;
        let head = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length:";
        let answer = format!("{head} {}\r\n\r\n{body}", body.len());
        connection.write_all(answer.as_bytes()).await.unwrap();
        drop(listener);
    });
    (address, arrival, answer)
}

/// Lets the time go by in small steps until a batch has ended, as any of the replicas reads it.
async fn ended(shared: &Shared, replicas: &[&Gateway], batch: BatchId) -> BatchPage {
    let mut patience = Patience::new();
    loop {
        for replica in replicas {
            let page = replica.read(&caller(), batch, FIRST_PAGE).await.unwrap();
            if page.status.has_ended() {
                return page;
            }
            replica.look_now();
        }
        shared.clock.advance(Duration::from_millis(200));
        patience.look_again("the batch ends").await;
    }
}

#[tokio::test]
async fn each_job_is_sent_once_whoever_admits_sends_or_reads_it() {
    let (shared, judge) = before_sandbox().await;
    let (one, other) = (shared.replica().await, shared.replica().await);
    let mut batches = Vec::new();
    for number in 0..20 {
        let (first, second) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        batches.push(first.enrich(&caller(), person(number), ()).await.unwrap().id);
        batches.push(second.enrich(&caller(), person(number), ()).await.unwrap().id);
    }
    for batch in batches {
        assert_eq!(ended(&shared, &[&one, &other], batch).await.status, Status::Completed);
    }
    let bill = judge.bill();
    assert_eq!((bill.posts_received, bill.leads_received), (20, 20));
    assert_eq!(shared.ledger.audit().await.unwrap().mismatches, []);
    let usage = one.usage(&caller().team).await.unwrap();
    assert_eq!(usage.email.spent.to_string(), "30");
}

#[tokio::test]
async fn replicas_share_the_vendors_rate() {
    let (mut shared, judge) = before_sandbox().await;
    shared.settings.request_rates = rates(10);
    let requests_per_minute = NonZeroUsize::new(10);
    judge.set_faults(Faults { requests_per_minute, ..Faults::default() });
    let (one, other) = (shared.replica().await, shared.replica().await);
    let mut batches = Vec::new();
    for number in 0..8 {
        let replica = if number % 2 == 0 { &one } else { &other };
        batches.push(replica.enrich(&caller(), person(number), ()).await.unwrap().id);
    }
    for batch in batches {
        assert_eq!(ended(&shared, &[&one, &other], batch).await.status, Status::Completed);
    }
    assert_eq!(judge.turned_away(), 0);
}

#[tokio::test]
async fn what_a_replica_had_under_way_that_died_is_taken_up_when_its_turn_is_over() {
    let (shared, judge) = before_sandbox().await;
    let dead = shared.replica().await;
    dead.rest();
    let batch = dead.enrich(&caller(), person(1), ()).await.unwrap().id;
    let turn = shared.ledger.lease(Room::each(1), TURN).await.unwrap().remove(0);
    let (job, lease) = (turn.job.id, turn.lease);
    let horizon = shared.settings.job_deadline;
    let probing = Probing { every: QUIET, at_most: QUIET };
    let (unanswered_max, lease_for) = (3, TURN);
    let attempt = Attempt { job, lease, after: 0, unanswered_max, horizon, lease_for, probing };
    shared.ledger.begin_send(attempt).await.unwrap();

    let other = shared.replica().await;
    assert_eq!(shared.job(batch).await.state, State::Sending, "it may still be alive");
    shared.clock.advance(TURN);
    other.look_now();
    shared.reaches(batch, State::Unknown).await;
    assert_eq!(judge.posts_received(), 0, "the vendor may have it");
    shared.clock.advance(QUIET);
    assert_eq!(ended(&shared, &[&other], batch).await.status, Status::Completed);
    assert_eq!(judge.posts_received(), 1);
}

/// A clock that is slow to look at, and so whatever asks it.
struct Slow {
    clock: Arc<ManualClock>,
    takes: Duration,
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        let asked = Instant::now();
        while asked.elapsed() < self.takes {
            std::hint::spin_loop();
        }
        self.clock.now()
    }
}

#[tokio::test]
async fn an_attempt_that_the_store_held_up_for_half_a_turn_is_not_made() {
    let (mut shared, judge) = before_sandbox().await;
    shared.settings.turn_for = Duration::from_millis(2);
    let slow = Slow { clock: shared.clock.clone(), takes: shared.settings.turn_for };
    let ledger = MemoryLedger::new(Arc::new(slow), Arc::new(()));
    shared.ledger = Arc::new(AnyLedger::Memory(ledger));
    let replica = shared.replica().await;
    let batch = replica.enrich(&caller(), person(1), ()).await.unwrap().id;
    eventually("it was put back", async || {
        let job = shared.job(batch).await;
        (job.state, job.attempts, job.first_sent_at) == (State::Ready, 1, None)
    })
    .await;
    assert_eq!(judge.posts_received(), 0);
}

#[tokio::test]
async fn a_send_that_outlives_its_turn_keeps_it() {
    let (address, arrival, answer) = one_that_is_slow().await;
    let mut shared = Shared::in_memory(address);
    // It is renewed by the machine's time and runs out by the store's.
    shared.settings.turn_for = Duration::from_millis(900);
    let sender = shared.replica().await;
    let batch = sender.enrich(&caller(), person(1), ()).await.unwrap().id;
    arrival.await.unwrap();
    let lease = shared.job(batch).await.lease;
    let other = shared.replica().await;
    for _ in 0..5 {
        shared.clock.advance(Duration::from_millis(200));
        let renewed = Some(shared.clock.now().after(shared.settings.turn_for));
        other.look_now();
        eventually("it is renewed", async || shared.job(batch).await.due == renewed).await;
    }
    answer.send(()).unwrap();
    shared.reaches(batch, State::Bound).await;
    let job = shared.job(batch).await;
    assert_eq!((job.lease, job.unanswered), (lease, 0), "nobody else had the turn");
}

#[tokio::test]
async fn the_vendors_name_is_written_down_though_the_turn_was_lost() {
    let (address, arrival, answer) = one_that_is_slow().await;
    let shared = Shared::in_memory(address);
    let sender = shared.replica().await;
    let batch = sender.enrich(&caller(), person(1), ()).await.unwrap().id;
    arrival.await.unwrap();
    let other = shared.replica().await;
    sender.rest();
    shared.clock.advance(TURN);
    other.look_now();
    shared.reaches(batch, State::Unknown).await;
    answer.send(()).unwrap();
    shared.reaches(batch, State::Bound).await;
}

#[tokio::test]
async fn with_the_store_away_everything_is_refused_and_nothing_hangs() {
    let clock = clock();
    let disk = Disk::open_backend(InMemoryBackend::new()).unwrap();
    let ledger = EmbeddedLedger::open(disk.clone(), clock.clone(), Arc::new(())).await.unwrap();
    let sealer = Sealer::new(KeyRing::new(b"a secret", &[]));
    let vault = EmbeddedVault::open(disk.clone(), clock.clone(), sealer).await.unwrap();
    let shared = Shared {
        ledger: Arc::new(AnyLedger::Embedded(ledger)),
        vault: Arc::new(AnyVault::Embedded(vault)),
        clock,
        vendor: "http://127.0.0.1:1".to_owned(),
        settings: settings(),
    };
    let gateway = shared.replica().await;
    let batch = gateway.enrich(&caller(), person(1), ()).await.unwrap().id;
    let key =
        gateway.make_key(&caller().team, "tests".to_owned(), KeyTerms::default()).await.unwrap();
    disk.close().await;
    let refusals = [
        gateway.authenticate(&key.secret, None).await.map(drop),
        gateway.enrich(&caller(), person(2), ()).await.map(drop),
        gateway.estimate(&caller(), person(2)).await.map(drop),
        gateway.read(&caller(), batch, FIRST_PAGE).await.map(drop),
        gateway.cancel(&caller(), batch).await.map(drop),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(Refusal::StoreAway { .. })), "{refusal:?}");
    }
    assert!(matches!(gateway.readiness().await, Readiness::NotReady(_)));
    gateway.stop().await;
}
