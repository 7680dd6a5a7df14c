//! Two stores that must agree: every step is taken on both, and each time they answer the same, and
//! hold the same rows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

use crate::ledger::store::Store;

/// Two stores as one.
pub(super) struct Both<A: Store, B: Store>(Arc<Agreeing<A, B>>);

/// Their ledgers as one.
pub(super) struct Agreeing<A, B> {
    one: A,
    other: B,
    /// How many steps that write were taken.
    written: AtomicUsize,
}

/// So many steps that write are followed by a look at every row while the books are small.
const SMALL: usize = 60;
/// And every so many from then on: a row that is not the same stays so.
const LOOK_EVERY: usize = 8;

impl<A: Store, B: Store> Agreeing<A, B> {
    fn of(one: A, other: B) -> Arc<Self> {
        Arc::new(Self { one, other, written: AtomicUsize::new(0) })
    }

    async fn has_written(&self) -> Outcome<()> {
        let written = self.written.fetch_add(1, Ordering::Relaxed);
        if written < SMALL || written.is_multiple_of(LOOK_EVERY) {
            self.dump().await?;
        }
        Ok(())
    }
}

impl<A: Store, B: Store> Store for Both<A, B> {
    type Ledger = Agreeing<A, B>;

    async fn open(clock: Arc<ManualClock>) -> Self {
        let one = A::open(Arc::clone(&clock)).await;
        Self(Agreeing::of(one, B::open(clock).await))
    }

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        let one = self.0.one.beside(Arc::clone(&clock)).await;
        Self(Agreeing::of(one, self.0.other.beside(clock).await))
    }

    fn ledger(&self) -> &Arc<Agreeing<A, B>> {
        &self.0
    }

    async fn plant(&self, key: TallyKey, tally: Tally) {
        self.0.one.plant(key.clone(), tally).await;
        self.0.other.plant(key, tally).await;
    }
}

/// Each step on both. After those that write, every row is looked at.
macro_rules! on_both {
    (
        writes { $($write:ident($($arg:ident: $type:ty),*) -> $out:ty;)+ }
        reads { $($read:ident($($read_arg:ident: $read_type:ty),*) -> $read_out:ty;)+ }
    ) => {
        impl<A: Store, B: Store> Ledger for Agreeing<A, B> {
            $(async fn $write(&self, $($arg: $type),*) -> Outcome<$out> {
                let one = self.one.ledger().$write($($arg.clone()),*).await;
                let other = self.other.ledger().$write($($arg),*).await;
                assert_eq!(one, other, "the outcome of {}", stringify!($write));
                self.has_written().await?;
                one
            })+
            $(async fn $read(&self, $($read_arg: $read_type),*) -> Outcome<$read_out> {
                let one = self.one.ledger().$read($($read_arg.clone()),*).await;
                let other = self.other.ledger().$read($($read_arg),*).await;
                assert_eq!(one, other, "the outcome of {}", stringify!($read));
                one
            })+
        }
    };
}

on_both! {
    writes {
        take_numbers(taking: Taking) -> u64;
        admit(admission: Admission) -> Result<Admitted, Refused>;
        gather(gathering: Gathering) -> Option<Gathered>;
        split(splitting: Splitting) -> Split;
        refuse(refusing: Refusing) -> AfterRefusal;
        detach(job: JobId, lease: Lease) -> Detached;
        lease(room: Room, ttl: Duration) -> Vec<Turn>;
        reschedule(job: JobId, lease: Lease, until: Option<Timestamp>) -> ();
        ask_leave(asking: Asking) -> Leave;
        leave_alone(until: Timestamp, reach: Reach) -> ();
        run_out(unit: Unit, probe_every: Duration) -> ();
        has_credits(needs: Needs) -> ();
        ask_probe(team: TeamId, needs: Needs, probe_every: Duration) -> Probe;
        give_probe_back(needs: Needs) -> ();
        hear(heard: Heard) -> ();
        claim_question(probing: Probing) -> Claim;
        begin_send(attempt: Attempt) -> Begun;
        put_back(job: JobId, lease: Lease, until: Timestamp) -> ();
        unanswered(job: JobId, lease: Lease, quiet_until: Timestamp) -> ();
        bind(binding: Binding) -> ();
        settle(settlement: Settlement) -> Settled;
        restore(jobs: BTreeSet<JobId>) -> usize;
        credit_joiners(job: JobId) -> Credited;
        redrive(redrive: Redrive) -> Redriven;
        open_call(opening: Opening) -> Result<CallOpened, Refused>;
        close_call(job: JobId, closing: Closing) -> Settled;
        open_validation(order: ValidationOrder) -> Result<ValidationOpened, Refused>;
        end_validation(end: ValidationEnd) -> bool;
        cancel_validation(batch: BatchId, note: Option<Note>) -> ();
        void(voiding: Voiding) -> Voided;
        give_up(giving: GivingUp) -> ();
        give_up_canceled(giving: GivingUp) -> u32;
        resolve(resolution: Resolution) -> Resolved;
        adjust(adjustment: Adjustment) -> Adjusted;
        cancel(batch: BatchId, note: Option<Note>) -> Canceled;
        erase(keys: Vec<LeadKey>, person: Option<PersonKey>) -> Removal;
        sweep(sweep: Sweep) -> Swept;
        trim(trim: Trim) -> usize;
        begin(fresh: Epoch) -> Beginning;
        begin_adoption(legacy: Legacy) -> Adoptable;
        adopt_entries(first: u64, entries: Vec<Entry>) -> u64;
        adopt_roster(epoch: Epoch, roster: Roster) -> ();
        adopt_jobs(epoch: Epoch, open: Vec<(JobId, Vec<Part>)>) -> ();
        adopt_remainder(epoch: Epoch, remainder: Remainder) -> Option<TallyKey>;
        end_adoption_step(epoch: Epoch, next_batch: u64) -> ();
        take_over_step(order: TakingOver) -> TakenOver;
        put_team_step(team: TeamId, new: NewTeam) -> Option<(Put, Team)>;
        close_team(team: TeamId) -> Option<Team>;
        put_key(key: Key) -> Option<Key>;
        change_key(change: KeyChange) -> Option<Key>;
    }
    reads {
        appraise(question: Question) -> Option<Appraisal>;
        to_keep(at: ResultRef) -> Vec<ToKeep>;
        settled_to(job: JobId) -> u32;
        removal(keys: Vec<LeadKey>, person: Option<PersonKey>) -> Removal;
        holders(holding: Holding) -> Holders;
        batches(listing: Listing) -> Listed;
        batch(id: BatchId, from: u32, to: u32) -> Option<Detail>;
        next_due(room: Room) -> (Option<Timestamp>, Timestamp);
        read(team: TeamId, batch: BatchId, from: u32, to: u32) -> Option<Reading>;
        validation(batch: BatchId) -> Option<Validation>;
        read_validation(team: TeamId, batch: BatchId, from: u32, to: u32)
            -> Option<ValidationReading>;
        load(job: JobId) -> Vec<Load>;
        job(job: JobId) -> Option<(Job, Vec<JobLead>)>;
        team(team: TeamId) -> Option<Team>;
        teams() -> Vec<Team>;
        keys(team: TeamId) -> Vec<Key>;
        key(id: String) -> Option<(Key, Team)>;
        usage(team: TeamId) -> Option<Usage>;
        glance() -> Glance;
        audit() -> Audit;
        journal(from: u64, limit: usize) -> Vec<(u64, Entry)>;
        holdings() -> Holdings;
        roster() -> Roster;
        checkpoint() -> Checkpoint;
        confirm() -> ();
        circuit() -> CircuitState;
        dump() -> Vec<String>;
    }
}
