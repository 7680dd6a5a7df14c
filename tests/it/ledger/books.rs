//! Books under test: a ledger, a clock that the case moves, and the steps in fewer words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tollgate::clock::{Clock, ManualClock};
use tollgate::domain::credits::Unit;
use tollgate::domain::limits::Limits;
use tollgate::domain::outage::Probing;
use tollgate::domain::period::Period;
use tollgate::domain::policy::Policies;
use tollgate::domain::pricing::Prices;
use tollgate::domain::quota::{Action, Quota};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::domain::time::Timestamp;
use tollgate::domain::vendor_id::VendorId;
use tollgate::ledger::ids::{BatchId, JobId, Lease, ResultRef, Token};
use tollgate::ledger::record::entry::{Entry, Fact};
use tollgate::ledger::record::job::{Cause, Job, Reason, Way};
use tollgate::ledger::record::tally::Tally;
use tollgate::ledger::record::team::NewTeam;
use tollgate::ledger::step::{
    Admission, Admitted, Attempt, Begun, Binding, Evidence, GivingUp, LeadAsk, Lost, Redrive,
    Redriven, Refused, Room, Settled, Settlement, Terms, Turn, Voided, Voiding, settlement_steps,
};
use tollgate::ledger::transition::read::Reading;
use tollgate::ledger::{Ledger, Outcome};

use super::store::{Redis, Store};

pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);
/// How long after a send its person is surely not charged again: a day less the margin.
pub(super) const WINDOW: Duration = Duration::from_mins(24 * 60 - 10);
/// How long a turn lasts.
pub(super) const TURN: Duration = Duration::from_secs(30);
/// How long an unanswered attempt is left alone.
pub(super) const QUIET: Duration = Duration::from_mins(2);
/// How often a vendor that does not answer is tried.
pub(super) const PROBING: Probing = Probing { every: QUIET, at_most: Duration::from_mins(5) };
/// By when a job has surely ended or become unresolved.
pub(super) const HORIZON: Duration = Duration::from_hours(3);
/// How long results live: longer than anything points at them.
pub(super) const RESULTS_TTL: Duration = Duration::from_hours(10 * 24);

/// Noon by UTC, on the Saturday before Europe's clocks go back.
const BEGINNING: Timestamp = Timestamp::from_millis(1_792_843_200_000);

/// Books under test.
pub(super) struct Books<S> {
    pub(super) store: S,
    pub(super) clock: Arc<ManualClock>,
    batches: AtomicU64,
}

/// The settings in force, where a case does not say otherwise.
pub(super) fn terms() -> Terms {
    Terms {
        prices: Prices::PUBLISHED,
        person_ttl: DAY,
        not_found_ttl: HOUR,
        batch_ttl: 7 * DAY,
        horizon: HORIZON,
        job_leads_max: 10_000,
        gather_window: Duration::ZERO,
        team_limits: tollgate::domain::team_limits::TeamLimits::NONE,
    }
}

/// A quota of email credits in the zone of Lisbon, which refuses.
pub(super) fn quota(period: Period, limit: &str) -> Quota {
    Quota {
        unit: Unit::Email,
        period,
        limit: limit.parse().expect("a case writes credits"),
        zone: "Europe/Lisbon".parse().expect("Lisbon has a zone"),
        action: Action::Refuse,
    }
}

impl<S: Store> Books<S> {
    /// Empty books.
    pub(super) async fn open() -> Self {
        let clock = Arc::new(ManualClock::new(BEGINNING));
        Self { store: S::open(Arc::clone(&clock)).await, clock, batches: AtomicU64::new(1) }
    }

    /// Further empty books of the same kind, beside these.
    pub(super) async fn beside(&self) -> Self {
        let clock = Arc::new(ManualClock::new(BEGINNING));
        let store = self.store.beside(Arc::clone(&clock)).await;
        Self { store, clock, batches: AtomicU64::new(1) }
    }

    pub(super) fn ledger(&self) -> &S::Ledger {
        self.store.ledger()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(super) fn pass_until(&self, moment: Timestamp) {
        self.clock.advance(moment.since(self.now()));
    }

    /// A team that is open.
    pub(super) async fn team(&self, name: &str, quotas: &[Quota]) -> TeamId {
        self.put_team(name, NewTeam { quotas: quotas.into(), ..NewTeam::open(name) }).await
    }

    /// A team that is open, with these policies and no bound.
    pub(super) async fn team_with(&self, name: &str, policies: Policies) -> TeamId {
        self.put_team(name, NewTeam { policies, ..NewTeam::open(name) }).await
    }

    async fn put_team(&self, name: &str, new: NewTeam) -> TeamId {
        let team: TeamId = name.parse().expect("a case names teams");
        self.ledger().put_team(team.clone(), new).await.expect("the store is there");
        team
    }

    /// A batch that nobody asked before.
    pub(super) fn admission(
        &self,
        team: &TeamId,
        reveals: Reveals,
        leads: Vec<LeadAsk>,
    ) -> Admission {
        let number = self.batches.fetch_add(1, Ordering::Relaxed);
        Admission {
            batch: BatchId::new(number).expect("a case has few batches"),
            token: Token::new([u8::try_from(number % 251).expect("below 251"); 16]),
            team: team.clone(),
            request: None,
            way: Way::Batch,
            reveals,
            leads,
            field_bytes: 0,
            max_age: None,
            limits: Limits::default(),
            retry: None,
            terms: terms(),
            lost: Lost::NOTHING,
            leads_expire_at: Some(self.now().after(RESULTS_TTL)),
        }
    }

    /// Asks, and is admitted.
    pub(super) async fn ask(&self, team: &TeamId, reveals: Reveals, names: &[&str]) -> BatchId {
        let admission = self.admission(team, reveals, super::named::leads(names));
        self.admit(admission).await.expect("it fits").id
    }

    /// Asks for one person by a look-up, and is admitted.
    pub(super) async fn look_up(&self, team: &TeamId, reveals: Reveals, name: &str) -> BatchId {
        let admission = self.admission(team, reveals, super::named::leads(&[name]));
        let id = admission.batch;
        self.admit(Admission { way: Way::LookUp, ..admission }).await.expect("it fits");
        id
    }

    pub(super) async fn admit(&self, admission: Admission) -> Result<Admitted, Refused> {
        self.ledger().admit(admission).await.expect("the store is there")
    }

    /// Takes a turn with a job that is due.
    pub(super) async fn turn(&self, job: JobId) -> Turn {
        let turns = self.ledger().lease(Room::each(1000), TURN).await.expect("the store is there");
        turns.into_iter().find(|turn| turn.job.id == job).expect("the job is due")
    }

    /// The lease of whoever had the latest turn.
    pub(super) async fn lease_of(&self, job: JobId) -> Lease {
        self.job(job).await.lease
    }

    /// Begins to send, by whoever had the latest turn.
    pub(super) async fn begin_send(&self, job: JobId) -> Begun {
        let before = self.job(job).await;
        let next = attempt(job, before.lease, before.attempts);
        self.ledger().begin_send(next).await.expect("it may be sent")
    }

    /// The attempt is not answered.
    pub(super) async fn unanswered(&self, job: JobId) {
        let (lease, quiet_until) = (self.lease_of(job).await, self.now().after(QUIET));
        self.ledger().unanswered(job, lease, quiet_until).await.expect("it was being sent");
    }

    pub(super) async fn bind(&self, job: JobId, number: u64) -> Outcome<()> {
        let poll_at = self.now().after(MINUTE);
        let vendor_id = VendorId::from_number(number);
        self.ledger().bind(Binding { job, vendor_id, poll_at }).await
    }

    /// Sends a job, and the vendor takes it.
    pub(super) async fn send(&self, job: JobId) {
        assert!(matches!(self.begin_send(job).await, Begun::Attempt(_)));
        self.bind(job, 700 + job.batch.get()).await.expect("it was being sent");
    }

    /// Settles, by whoever had the latest turn.
    pub(super) async fn try_settle(&self, job: JobId, evidence: &[Evidence]) -> Outcome<Settled> {
        let found = self.ledger().job(job).await.expect("the store is there");
        let turn = found.map(|(job, _)| job.lease).unwrap_or_default();
        self.settle_in(turn, job, evidence).await
    }

    /// Settles, by whoever had this turn.
    pub(super) async fn settle_in(
        &self,
        turn: Lease,
        job: JobId,
        evidence: &[Evidence],
    ) -> Outcome<Settled> {
        let loads = self.ledger().load(job).await?;
        let places = loads.iter().flat_map(|load| {
            let places = load.first..;
            places.zip(&load.leads).map(|(index, _)| ResultRef { job: load.job, index })
        });
        let steps = match settlement_steps(&places.collect::<Vec<_>>()) {
            // The books refuse what does not fit.
            steps if steps.last().is_some_and(|step| step.end == evidence.len()) => steps,
            _ => std::iter::once(0..evidence.len()).collect(),
        };
        let mut all: Option<Settled> = None;
        for step in steps {
            let first = u32::try_from(step.start).expect("few leads");
            let settled = self.settle_step(turn, job, first, &evidence[step]).await?;
            all = Some(match all {
                Some(before) => both(before, settled),
                None => settled,
            });
        }
        Ok(all.expect("a job has leads"))
    }

    /// Settles some leads, by whoever had this turn.
    pub(super) async fn settle_step(
        &self,
        turn: Lease,
        job: JobId,
        first: u32,
        evidence: &[Evidence],
    ) -> Outcome<Settled> {
        let (evidence, results_expire_at) = (evidence.into(), self.now().after(RESULTS_TTL));
        self.ledger().settle(Settlement { job, turn, first, evidence, results_expire_at }).await
    }

    pub(super) async fn settle(&self, job: JobId, evidence: &[Evidence]) -> Settled {
        self.try_settle(job, evidence).await.expect("it has an answer")
    }

    /// Asks, sends, and gets the answer.
    pub(super) async fn buy(
        &self,
        team: &TeamId,
        reveals: Reveals,
        names: &[&str],
        evidence: &[Evidence],
    ) -> BatchId {
        let batch = self.ask(team, reveals, names).await;
        self.send(first(batch)).await;
        self.settle(first(batch), evidence).await;
        batch
    }

    /// The vendor certainly did not take it.
    pub(super) async fn void(&self, job: JobId, cause: Cause) -> Voided {
        let (lease, quiet_until) = (self.lease_of(job).await, self.now().after(QUIET));
        let voiding = Voiding { job, lease, cause, quiet_until };
        self.ledger().void(voiding).await.expect("it was not answered")
    }

    pub(super) async fn give_up(&self, job: JobId, reason: Reason) {
        let (lease, look_again_at) = (self.lease_of(job).await, self.now().after(HOUR));
        let giving = GivingUp { job, lease, reason, look_again_at };
        self.ledger().give_up(giving).await.expect("it was sent");
    }

    /// Sends a job that is never answered, and gives it up.
    pub(super) async fn lose(&self, job: JobId) {
        self.begin_send(job).await;
        self.unanswered(job).await;
        self.give_up(job, Reason::NoAnswer).await;
    }

    pub(super) async fn redrive(&self, batch: BatchId, job: JobId) -> Redriven {
        self.redrive_step(batch, job, terms()).await
    }

    pub(super) async fn redrive_step(&self, batch: BatchId, job: JobId, terms: Terms) -> Redriven {
        let redrive = Redrive { batch, job, terms, lost: Lost::NOTHING };
        self.ledger().redrive(redrive).await.expect("the job died")
    }

    pub(super) async fn job(&self, job: JobId) -> Job {
        self.ledger().job(job).await.expect("the store is there").expect("the job is there").0
    }

    /// A batch as its team reads it, with all its leads.
    pub(super) async fn read(&self, team: &TeamId, batch: BatchId) -> Reading {
        let reading = self.ledger().read(team.clone(), batch, 0, 1000).await;
        reading.expect("the store is there").expect("the batch is there")
    }

    /// The counters of all time, as text: `spent=0.5 reserved=1 unresolved=0`.
    pub(super) async fn total(&self, team: &TeamId, unit: Unit) -> String {
        let usage = self.ledger().usage(team.clone()).await.expect("the store is there");
        told(usage.expect("the team is there").in_unit(unit))
    }

    /// Email credits of all time, as [`Books::total`] tells them.
    pub(super) async fn email(&self, team: &TeamId) -> String {
        self.total(team, Unit::Email).await
    }

    /// The counters of a team's n-th quota in its present period, as text.
    pub(super) async fn period(&self, team: &TeamId, n: usize) -> String {
        let usage = self.ledger().usage(team.clone()).await.expect("the store is there");
        told(usage.expect("the team is there").quotas[n].tally)
    }

    /// Every entry of the journal.
    pub(super) async fn journal(&self) -> Vec<Entry> {
        let entries = self.ledger().journal(0, usize::MAX).await.expect("the store is there");
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// How many entries of each kind there are.
    pub(super) async fn facts(&self) -> BTreeMap<&'static str, usize> {
        let mut facts = BTreeMap::new();
        for Entry { fact, .. } in self.journal().await {
            *facts.entry(Fact::name(fact)).or_default() += 1;
        }
        facts
    }

    /// Every row there is.
    pub(super) async fn dump(&self) -> Vec<String> {
        self.ledger().dump().await.expect("the store is there")
    }

    /// The books agree with their journal and their jobs.
    pub(super) async fn balance(&self) {
        let audit = self.ledger().audit().await.expect("the store is there");
        assert_eq!(audit.mismatches, []);
        assert_eq!(audit.misplaced, []);
    }
}

impl Books<Redis> {
    /// The same books, as another replica has them.
    pub(super) fn replica(&self) -> Self {
        self.seen_by(self.store.replica(Arc::clone(&self.clock)))
    }

    /// The same, over a wire of the test's own.
    pub(super) fn replica_through(&self, url: &str) -> Self {
        self.seen_by(self.store.replica_through(url, Arc::clone(&self.clock)))
    }

    fn seen_by(&self, store: Redis) -> Self {
        Self { store, clock: Arc::clone(&self.clock), batches: AtomicU64::new(1_000_000) }
    }
}

/// What two steps of one settlement did.
fn both(mut before: Settled, after: Settled) -> Settled {
    before.avoided.extend(after.avoided);
    before.removed.extend(after.removed);
    before.parts.extend(after.parts);
    Settled { perhaps_free: before.perhaps_free + after.perhaps_free, next: after.next, ..before }
}

/// An attempt, where so many went before it.
pub(super) fn attempt(job: JobId, lease: Lease, after: u32) -> Attempt {
    let (horizon, lease_for) = (HORIZON, TURN);
    Attempt { job, lease, after, unanswered_max: 3, horizon, lease_for, probing: PROBING }
}

/// A batch's first job.
pub(super) fn first(batch: BatchId) -> JobId {
    JobId { batch, ordinal: 0 }
}

/// Counters as text.
pub(super) fn told(tally: Tally) -> String {
    format!("spent={} reserved={} unresolved={}", tally.spent, tally.reserved, tally.unresolved)
}
