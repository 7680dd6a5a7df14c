//! A ledger in Redis that counts the round trips of its steps and holds each to a bound.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tollgate::clock::ManualClock;
use tollgate::domain::budget::{Leave, Reach};
use tollgate::domain::credits::Unit;
use tollgate::domain::epoch::Epoch;
use tollgate::domain::identity::keys::{LeadKey, PersonKey};
use tollgate::domain::needs::Needs;
use tollgate::domain::note::Note;
use tollgate::domain::outage::{Claim, Heard, Probing};
use tollgate::domain::team::TeamId;
use tollgate::domain::time::Timestamp;
use tollgate::ledger::ids::{BatchId, JobId, Lease, ResultRef};
use tollgate::ledger::record::entry::Entry;
use tollgate::ledger::record::job::{Job, JobLead, Part};
use tollgate::ledger::record::tally::{Tally, TallyKey};
use tollgate::ledger::record::team::{Key, KeyChange, NewTeam, Team};
use tollgate::ledger::record::validation::Validation;
use tollgate::ledger::redis::RedisLedger;
use tollgate::ledger::step::{
    Adjusted, Adjustment, Admission, Admitted, AfterRefusal, Appraisal, Asking, Attempt, Begun,
    Binding, Canceled, CircuitState, Credited, Detached, Gathered, Gathering, GivingUp, Holders,
    Holding, Load, Probe, Question, Redrive, Redriven, Refused, Refusing, Removal, Resolution,
    Resolved, Room, Settled, Settlement, Split, Splitting, Turn, Voided, Voiding,
};
use tollgate::ledger::transition::adopt::{Adoptable, Legacy, Remainder};
use tollgate::ledger::transition::audit::Audit;
use tollgate::ledger::transition::call::{CallOpened, Closing, Opening};
use tollgate::ledger::transition::checkpoint::{Checkpoint, Roster};
use tollgate::ledger::transition::epoch::{Beginning, Holdings};
use tollgate::ledger::transition::list::{Detail, Listed, Listing};
use tollgate::ledger::transition::numbering::Taking;
use tollgate::ledger::transition::read::Reading;
use tollgate::ledger::transition::report::{Glance, Usage};
use tollgate::ledger::transition::restore::ToKeep;
use tollgate::ledger::transition::schedule::{TakenOver, TakingOver};
use tollgate::ledger::transition::sweep::{Sweep, Swept};
use tollgate::ledger::transition::team::Put;
use tollgate::ledger::transition::trim::Trim;
use tollgate::ledger::transition::validation::{
    ValidationEnd, ValidationOpened, ValidationOrder, ValidationReading,
};
use tollgate::ledger::{Ledger, Outcome};

use crate::ledger::store::{Redis, Store};
use crate::support::redis::{Proxy, Server};

/// Books in Redis, reached through a proxy that counts round trips.
pub(in crate::ledger) struct Metered {
    redis: Redis,
    ledger: Arc<MeteredLedger>,
}

/// Fails where a step takes more round trips than it may.
pub(in crate::ledger) struct MeteredLedger {
    ledger: Arc<RedisLedger>,
    pub(super) proxy: Proxy,
    seen: Mutex<Seen>,
}

/// How many steps have begun, and how many have ended.
#[derive(Default)]
struct Seen {
    begun: u64,
    ended: u64,
}

impl Metered {
    async fn through_a_proxy(redis: Redis, clock: Arc<ManualClock>) -> Self {
        let proxy = Proxy::before(redis.servers().address()).await;
        let near = redis.replica_through(&proxy.url(), clock);
        let ledger = Arc::clone(near.ledger());
        // The first step connects and reads the epoch.
        ledger.teams().await.expect("the store is there");
        let ledger = MeteredLedger { ledger, proxy, seen: Mutex::default() };
        Self { redis, ledger: Arc::new(ledger) }
    }

    /// The server behind the proxy.
    pub(super) fn servers(&self) -> &Server {
        self.redis.servers()
    }
}

impl Store for Metered {
    type Ledger = MeteredLedger;

    async fn open(clock: Arc<ManualClock>) -> Self {
        let redis = Redis::open(Arc::clone(&clock)).await;
        Self::through_a_proxy(redis, clock).await
    }

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        let redis = self.redis.beside(Arc::clone(&clock)).await;
        Self::through_a_proxy(redis, clock).await
    }

    fn ledger(&self) -> &Arc<MeteredLedger> {
        &self.ledger
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        self.redis.plant(key, tally).await;
    }
}

impl MeteredLedger {
    /// The same ledger, without bounds.
    pub(super) fn unmetered(&self) -> &RedisLedger {
        &self.ledger
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a step, which may take so many round trips.
    pub(super) async fn hold<T>(
        &self,
        step: &'static str,
        max: u64,
        taken: impl Future<Output = T>,
    ) -> T {
        let is_alone_at_first = {
            let mut seen = self.seen();
            seen.begun += 1;
            seen.begun == seen.ended + 1
        };
        let (begun, before) = (self.seen().begun, self.proxy.round_trips());
        let outcome = taken.await;
        let count = self.proxy.round_trips() - before;
        let mut seen = self.seen();
        seen.ended += 1;
        // The proxy cannot attribute the round trips of steps that run at the same time.
        if is_alone_at_first && seen.begun == begun {
            assert!(count <= max, "{step} took {count} round trips, and may take {max}");
        }
        outcome
    }
}

/// Every step with its bound. A step that is kept in pieces of 500 rows takes one more for each piece:
/// the bound of `admit` is for 70,000 rows. `dump` and `audit` read whole tables.
macro_rules! at_most {
    ($($step:ident($($arg:ident: $type:ty),*) -> $out:ty => $max:literal;)+) => {
        impl Ledger for MeteredLedger {
            $(async fn $step(&self, $($arg: $type),*) -> Outcome<$out> {
                let taken = Box::pin(self.ledger.$step($($arg),*));
                self.hold(stringify!($step), $max, taken).await
            })+
        }
    };
}

at_most! {
    take_numbers(taking: Taking) -> u64 => 10;
    admit(admission: Admission) -> Result<Admitted, Refused> => 180;
    gather(gathering: Gathering) -> Option<Gathered> => 20;
    split(splitting: Splitting) -> Split => 20;
    refuse(refusing: Refusing) -> AfterRefusal => 20;
    detach(job: JobId, lease: Lease) -> Detached => 20;
    lease(room: Room, ttl: Duration) -> Vec<Turn> => 20;
    reschedule(job: JobId, lease: Lease, until: Option<Timestamp>) -> () => 10;
    ask_leave(asking: Asking) -> Leave => 20;
    leave_alone(until: Timestamp, reach: Reach) -> () => 10;
    run_out(unit: Unit, probe_every: Duration) -> () => 10;
    has_credits(needs: Needs) -> () => 10;
    ask_probe(team: TeamId, needs: Needs, probe_every: Duration) -> Probe => 10;
    give_probe_back(needs: Needs) -> () => 10;
    hear(heard: Heard) -> () => 10;
    claim_question(probing: Probing) -> Claim => 10;
    begin_send(attempt: Attempt) -> Begun => 20;
    put_back(job: JobId, lease: Lease, until: Timestamp) -> () => 20;
    unanswered(job: JobId, lease: Lease, quiet_until: Timestamp) -> () => 10;
    bind(binding: Binding) -> () => 10;
    settle(settlement: Settlement) -> Settled => 20;
    restore(jobs: BTreeSet<JobId>) -> usize => 10;
    credit_joiners(job: JobId) -> Credited => 10;
    redrive(redrive: Redrive) -> Redriven => 20;
    open_call(opening: Opening) -> Result<CallOpened, Refused> => 20;
    close_call(job: JobId, closing: Closing) -> Settled => 20;
    open_validation(order: ValidationOrder) -> Result<ValidationOpened, Refused> => 20;
    end_validation(end: ValidationEnd) -> bool => 20;
    cancel_validation(batch: BatchId, note: Option<Note>) -> () => 20;
    void(voiding: Voiding) -> Voided => 10;
    give_up(giving: GivingUp) -> () => 10;
    give_up_canceled(giving: GivingUp) -> u32 => 20;
    resolve(resolution: Resolution) -> Resolved => 20;
    adjust(adjustment: Adjustment) -> Adjusted => 10;
    cancel(batch: BatchId, note: Option<Note>) -> Canceled => 20;
    erase(keys: Vec<LeadKey>, person: Option<PersonKey>) -> Removal => 20;
    sweep(sweep: Sweep) -> Swept => 20;
    trim(trim: Trim) -> usize => 20;
    begin(fresh: Epoch) -> Beginning => 10;
    begin_adoption(legacy: Legacy) -> Adoptable => 10;
    adopt_entries(first: u64, entries: Vec<Entry>) -> u64 => 10;
    adopt_roster(epoch: Epoch, roster: Roster) -> () => 10;
    adopt_jobs(epoch: Epoch, open: Vec<(JobId, Vec<Part>)>) -> () => 10;
    adopt_remainder(epoch: Epoch, remainder: Remainder) -> Option<TallyKey> => 20;
    end_adoption_step(epoch: Epoch, next_batch: u64) -> () => 10;
    take_over_step(order: TakingOver) -> TakenOver => 20;
    put_team_step(team: TeamId, new: NewTeam) -> Option<(Put, Team)> => 20;
    close_team(team: TeamId) -> Option<Team> => 20;
    put_key(key: Key) -> Option<Key> => 10;
    change_key(change: KeyChange) -> Option<Key> => 10;
    appraise(question: Question) -> Option<Appraisal> => 20;
    to_keep(at: ResultRef) -> Vec<ToKeep> => 20;
    settled_to(job: JobId) -> u32 => 10;
    removal(keys: Vec<LeadKey>, person: Option<PersonKey>) -> Removal => 20;
    holders(holding: Holding) -> Holders => 20;
    batches(listing: Listing) -> Listed => 40;
    batch(id: BatchId, from: u32, to: u32) -> Option<Detail> => 20;
    next_due(room: Room) -> (Option<Timestamp>, Timestamp) => 10;
    read(team: TeamId, batch: BatchId, from: u32, to: u32) -> Option<Reading> => 30;
    validation(batch: BatchId) -> Option<Validation> => 10;
    read_validation(team: TeamId, batch: BatchId, from: u32, to: u32) -> Option<ValidationReading> => 20;
    load(job: JobId) -> Vec<Load> => 20;
    job(job: JobId) -> Option<(Job, Vec<JobLead>)> => 20;
    team(team: TeamId) -> Option<Team> => 10;
    teams() -> Vec<Team> => 10;
    keys(team: TeamId) -> Vec<Key> => 10;
    key(id: String) -> Option<(Key, Team)> => 10;
    usage(team: TeamId) -> Option<Usage> => 20;
    glance() -> Glance => 20;
    audit() -> Audit => 80;
    journal(from: u64, limit: usize) -> Vec<(u64, Entry)> => 10;
    holdings() -> Holdings => 10;
    roster() -> Roster => 10;
    checkpoint() -> Checkpoint => 10;
    confirm() -> () => 10;
    circuit() -> CircuitState => 10;
    dump() -> Vec<String> => 200;
}
