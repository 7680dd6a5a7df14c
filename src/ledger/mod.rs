//! What lasts: the books, and the steps that move them.
//!
//! [`Ledger`] has one method for each atomic step. Money moves in exactly two of them: `admit`
//! reserves the worst case, `settle` charges what is due and releases the rest. Everything between
//! may crash, repeat or run twice. [`transition`] is the protocol as pure functions; [`memory`],
//! [`embedded`] and [`redis`] only keep the rows. No lead, result or key in clear is ever stored here.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::float_arithmetic)
)]

mod adoption;
pub mod any;
mod codec;
mod counters;
mod draft;
pub mod embedded;
mod error;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod halt;
pub mod ids;
mod journal;
pub mod memory;
mod over_shelf;
pub mod record;
pub mod redis;
mod shelf;
pub mod step;
pub mod table;
pub mod transition;
mod watch;
mod writes;

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

pub use draft::{Draft, Fault, Order, Range, RawRows, Reliance, Rows, View};
pub use error::{LedgerError, Outcome};
pub use shelf::Shelf;
pub use watch::{StepOutcome, Watch};
pub use writes::{Bounded, RowWrites, Writes};

use crate::domain::budget::{Leave, Reach};
use crate::domain::credits::Unit;
use crate::domain::epoch::Epoch;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::needs::Needs;
use crate::domain::note::Note;
use crate::domain::outage::{Claim, Heard, Probing};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use ids::{BatchId, JobId, Lease, ResultRef};
use record::entry::Entry;
use record::job::{Job, JobLead, Part};
use record::tally::TallyKey;
use record::team::{Key, KeyChange, NewTeam, Team};
use record::validation::Validation;
use step::{
    Adjusted, Adjustment, Admission, Admitted, AfterRefusal, Appraisal, Asking, Attempt, Begun,
    Binding, Canceled, CircuitState, Credited, Detached, Gathered, Gathering, GivingUp, Holders,
    Holding, Load, Probe, Question, Redrive, Redriven, Refused, Refusing, Removal, Resolution,
    Resolved, Room, Settled, Settlement, Split, Splitting, Turn, Voided, Voiding,
};
use transition::adopt::{Adoptable, Inheritance, Legacy, Remainder};
use transition::audit::Audit;
use transition::call::{CallOpened, Closing, Opening};
use transition::checkpoint::{Checkpoint, Roster};
use transition::epoch::{Beginning, Holdings};
use transition::list::{Detail, Listed, Listing};
use transition::numbering::Taking;
use transition::read::Reading;
use transition::report::{Glance, Usage};
use transition::restore::ToKeep;
use transition::schedule::{TakenOver, TakingOver};
use transition::sweep::{Sweep, Swept};
use transition::team::Put;
use transition::trim::Trim;
use transition::validation::{ValidationEnd, ValidationOpened, ValidationOrder, ValidationReading};

/// The books. Every method is one atomic step, stamped by the store's own clock; asked again with
/// the same ids, it gives the same answer and changes nothing. The last three take as many steps as the
/// books are large.
pub trait Ledger: Send + Sync + 'static {
    /// Takes numbers for batches; answers the first of them. Asked again, it takes the next.
    fn take_numbers(&self, taking: Taking) -> impl Future<Output = Outcome<u64>> + Send;
    /// Admits a batch: cached, joined or own for each lead, quota, reservation, all or nothing.
    fn admit(
        &self,
        admission: Admission,
    ) -> impl Future<Output = Outcome<Result<Admitted, Refused>>> + Send;
    /// What a batch would cost now; none where there is no such team. Reserves nothing.
    fn appraise(
        &self,
        question: Question,
    ) -> impl Future<Output = Outcome<Option<Appraisal>>> + Send;
    /// Puts small jobs that waited long enough into a coach; none where no two may travel together.
    fn gather(
        &self,
        gathering: Gathering,
    ) -> impl Future<Output = Outcome<Option<Gathered>>> + Send;
    /// Splits a coach that the vendor refused, or that some cannot travel in.
    fn split(&self, splitting: Splitting) -> impl Future<Output = Outcome<Split>> + Send;
    /// Ends the leads of a job that the vendor refused, or has fewer of them sent at once.
    fn refuse(&self, refusing: Refusing) -> impl Future<Output = Outcome<AfterRefusal>> + Send;
    /// Moves leads of a job that were not sent with its first ones to a job of their own.
    fn detach(&self, job: JobId, lease: Lease) -> impl Future<Output = Outcome<Detached>> + Send;
    /// Takes turns with jobs that are due, as far as there is room.
    fn lease(&self, room: Room, ttl: Duration) -> impl Future<Output = Outcome<Vec<Turn>>> + Send;
    /// When a job is due next that there is room for, and the moment by the store's clock.
    fn next_due(
        &self,
        room: Room,
    ) -> impl Future<Output = Outcome<(Option<Timestamp>, Timestamp)>> + Send;
    /// Ends a turn: the job is looked at again then, or never.
    fn reschedule(
        &self,
        job: JobId,
        lease: Lease,
        until: Option<Timestamp>,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// Takes leave to ask the vendor out of the budget of all replicas; again, and it takes more.
    fn ask_leave(&self, asking: Asking) -> impl Future<Output = Outcome<Leave>> + Send;
    /// The vendor asked to be left alone until then, as far as its word reaches.
    fn leave_alone(
        &self,
        until: Timestamp,
        reach: Reach,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// The vendor said that its credits of a unit are out: what needs them waits for so long.
    fn run_out(&self, unit: Unit, every: Duration) -> impl Future<Output = Outcome<()>> + Send;
    /// The vendor took something that needs these units.
    fn has_credits(&self, needs: Needs) -> impl Future<Output = Outcome<()>> + Send;
    /// Claims the probe of every unit that a team's request needs and that is out.
    fn ask_probe(
        &self,
        team: TeamId,
        needs: Needs,
        probe_every: Duration,
    ) -> impl Future<Output = Outcome<Probe>> + Send;
    /// Makes the next probe due at once: the last was answered without a word on the vendor's credits.
    fn give_probe_back(&self, needs: Needs) -> impl Future<Output = Outcome<()>> + Send;
    /// Notes whether the vendor answers.
    fn hear(&self, heard: Heard) -> impl Future<Output = Outcome<()>> + Send;
    /// Takes a probe interval for a question that costs nothing. Asked again, it has to wait.
    fn claim_question(&self, probing: Probing) -> impl Future<Output = Outcome<Claim>> + Send;
    /// Whether the vendor has credits and answers, as far as the books know.
    fn circuit(&self) -> impl Future<Output = Outcome<CircuitState>> + Send;
    /// Writes down that bytes may leave; durable before it answers.
    fn begin_send(&self, attempt: Attempt) -> impl Future<Output = Outcome<Begun>> + Send;
    /// The vendor certainly did not take the attempt.
    fn put_back(
        &self,
        job: JobId,
        lease: Lease,
        until: Timestamp,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// The vendor may have taken the attempt.
    fn unanswered(
        &self,
        job: JobId,
        lease: Lease,
        quiet_until: Timestamp,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// The vendor took the job and named it.
    fn bind(&self, binding: Binding) -> impl Future<Output = Outcome<()>> + Send;
    /// Charges what is due for some of a job's leads; with the last of them the rest of the
    /// reservation is released.
    fn settle(&self, settlement: Settlement) -> impl Future<Output = Outcome<Settled>> + Send;
    /// The results that are to be in the vault, of the leads settled in one step with this one.
    fn to_keep(&self, at: ResultRef) -> impl Future<Output = Outcome<Vec<ToKeep>>> + Send;
    /// How many leads of a job are settled.
    fn settled_to(&self, job: JobId) -> impl Future<Output = Outcome<u32>> + Send;
    /// Has jobs read lost results from the vendor again; answers how many are due by it.
    fn restore(&self, jobs: BTreeSet<JobId>) -> impl Future<Output = Outcome<usize>> + Send;
    /// Credits joiners of a settled job, some in each step.
    fn credit_joiners(&self, job: JobId) -> impl Future<Output = Outcome<Credited>> + Send;
    /// Drives a batch again off a job that died.
    fn redrive(&self, redrive: Redrive) -> impl Future<Output = Outcome<Redriven>> + Send;
    /// Sets aside what a call may cost, and writes down that its bytes may leave; durable before it
    /// answers.
    fn open_call(
        &self,
        opening: Opening,
    ) -> impl Future<Output = Outcome<Result<CallOpened, Refused>>> + Send;
    /// Ends a call by what came of it.
    fn close_call(
        &self,
        job: JobId,
        closing: Closing,
    ) -> impl Future<Output = Outcome<Settled>> + Send;
    /// Opens a validation of addresses, and its call if any of them is fresh; durable before it
    /// answers.
    fn open_validation(
        &self,
        order: ValidationOrder,
    ) -> impl Future<Output = Outcome<Result<ValidationOpened, Refused>>> + Send;
    /// All that the vendor says of a validation was brought home; false where it was before.
    fn end_validation(&self, end: ValidationEnd) -> impl Future<Output = Outcome<bool>> + Send;
    /// Cancels a validation, with an operator's reason where it is not its caller who does.
    fn cancel_validation(
        &self,
        batch: BatchId,
        note: Option<Note>,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// Ends a job that was certainly not charged.
    fn void(&self, voiding: Voiding) -> impl Future<Output = Outcome<Voided>> + Send;
    /// Makes a job unresolved whose charge nobody could learn.
    fn give_up(&self, giving: GivingUp) -> impl Future<Output = Outcome<()>> + Send;
    /// Makes what was cancelled of a job in doubt unresolved; answers how many leads are left to be sent
    /// again.
    fn give_up_canceled(&self, giving: GivingUp) -> impl Future<Output = Outcome<u32>> + Send;
    /// Ends what a batch has unresolved.
    fn resolve(&self, resolution: Resolution) -> impl Future<Output = Outcome<Resolved>> + Send;
    /// Corrects a team's books by one more entry.
    fn adjust(&self, adjustment: Adjustment) -> impl Future<Output = Outcome<Adjusted>> + Send;
    /// Cancels a batch, with an operator's reason where it is not its caller who does.
    fn cancel(
        &self,
        batch: BatchId,
        note: Option<Note>,
    ) -> impl Future<Output = Outcome<Canceled>> + Send;
    /// Marks keys and persons as removed; answers which sealed results are to be erased.
    fn erase(
        &self,
        keys: Vec<LeadKey>,
        person: Option<PersonKey>,
    ) -> impl Future<Output = Outcome<Removal>> + Send;
    /// What `erase` would answer, without a change.
    fn removal(
        &self,
        keys: Vec<LeadKey>,
        person: Option<PersonKey>,
    ) -> impl Future<Output = Outcome<Removal>> + Send;
    /// Which teams hold a person, some batches at a time.
    fn holders(&self, holding: Holding) -> impl Future<Output = Outcome<Holders>> + Send;
    /// Removes what no caller can read any more, a slice at a time.
    fn sweep(&self, sweep: Sweep) -> impl Future<Output = Outcome<Swept>> + Send;
    /// Trims the journal of entries that are old and exported, a slice at a time; answers how many.
    fn trim(&self, trim: Trim) -> impl Future<Output = Outcome<usize>> + Send;
    /// Takes over turns, where no other process can have the store open, a slice of the queues at a time.
    fn take_over_step(&self, order: TakingOver) -> impl Future<Output = Outcome<TakenOver>> + Send;

    /// Batches of all teams or of one, the latest first.
    fn batches(&self, listing: Listing) -> impl Future<Output = Outcome<Listed>> + Send;
    /// A batch of any team, with the slots in `from..to`.
    fn batch(
        &self,
        id: BatchId,
        from: u32,
        to: u32,
    ) -> impl Future<Output = Outcome<Option<Detail>>> + Send;
    /// A batch of a team, with the leads in `from..to`.
    fn read(
        &self,
        team: TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> impl Future<Output = Outcome<Option<Reading>>> + Send;
    /// A validation of a team, with the addresses in `from..to`.
    fn read_validation(
        &self,
        team: TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> impl Future<Output = Outcome<Option<ValidationReading>>> + Send;
    /// How far the vendor is with the addresses that a batch has sent.
    fn validation(
        &self,
        batch: BatchId,
    ) -> impl Future<Output = Outcome<Option<Validation>>> + Send;
    /// What travels to the vendor with a job.
    fn load(&self, job: JobId) -> impl Future<Output = Outcome<Vec<Load>>> + Send;
    /// A job and its leads.
    fn job(&self, job: JobId) -> impl Future<Output = Outcome<Option<(Job, Vec<JobLead>)>>> + Send;

    /// Takes the next step of making a team or changing it; none where there are more to take.
    fn put_team_step(
        &self,
        team: TeamId,
        new: NewTeam,
    ) -> impl Future<Output = Outcome<Option<(Put, Team)>>> + Send;
    /// Closes a team; none where there is no such team.
    fn close_team(&self, team: TeamId) -> impl Future<Output = Outcome<Option<Team>>> + Send;
    /// A team; none where there is no such team or it was closed.
    fn team(&self, team: TeamId) -> impl Future<Output = Outcome<Option<Team>>> + Send;
    /// All teams that are not closed, by name.
    fn teams(&self) -> impl Future<Output = Outcome<Vec<Team>>> + Send;
    /// Stores a new key; none where there is no such team.
    fn put_key(&self, key: Key) -> impl Future<Output = Outcome<Option<Key>>> + Send;
    /// Changes or revokes a key; none where the team has no such key.
    fn change_key(&self, change: KeyChange) -> impl Future<Output = Outcome<Option<Key>>> + Send;
    /// All keys of a team.
    fn keys(&self, team: TeamId) -> impl Future<Output = Outcome<Vec<Key>>> + Send;
    /// The key with this public half and its team, if both are good.
    fn key(&self, id: String) -> impl Future<Output = Outcome<Option<(Key, Team)>>> + Send;

    /// Has the books of a store that was never used begin; answers which epoch they are of.
    fn begin(&self, fresh: Epoch) -> impl Future<Output = Outcome<Beginning>> + Send;
    /// What the store holds.
    fn holdings(&self) -> impl Future<Output = Outcome<Holdings>> + Send;
    /// Begins to adopt exported books; answers from which entry on they are to be given.
    fn begin_adoption(&self, legacy: Legacy) -> impl Future<Output = Outcome<Adoptable>> + Send;
    /// Adopts exported entries from a number on; answers the number of the next.
    fn adopt_entries(
        &self,
        first: u64,
        entries: Vec<Entry>,
    ) -> impl Future<Output = Outcome<u64>> + Send;
    /// Adopts teams and keys.
    fn adopt_roster(
        &self,
        epoch: Epoch,
        roster: Roster,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// Adopts jobs by what they had open: it stands unresolved.
    fn adopt_jobs(
        &self,
        epoch: Epoch,
        open: Vec<(JobId, Vec<Part>)>,
    ) -> impl Future<Output = Outcome<()>> + Send;
    /// Adopts what tallies have open and no job is known to have; answers after which tally to go on.
    fn adopt_remainder(
        &self,
        epoch: Epoch,
        remainder: Remainder,
    ) -> impl Future<Output = Outcome<Option<TallyKey>>> + Send;
    /// Ends an adoption whose every piece is there: the books are open for business.
    fn end_adoption_step(
        &self,
        epoch: Epoch,
        next_batch: u64,
    ) -> impl Future<Output = Outcome<()>> + Send;

    /// What a team has used; none where there is no such team.
    fn usage(&self, team: TeamId) -> impl Future<Output = Outcome<Option<Usage>>> + Send;
    /// The books at a glance.
    fn glance(&self) -> impl Future<Output = Outcome<Glance>> + Send;
    /// The books made anew from the journal and held against what they say.
    fn audit(&self) -> impl Future<Output = Outcome<Audit>> + Send;
    /// The journal from an entry's number on.
    fn journal(
        &self,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Outcome<Vec<(u64, Entry)>>> + Send;
    /// All teams and keys.
    fn roster(&self) -> impl Future<Output = Outcome<Roster>> + Send;
    /// All tallies, teams and keys as of one entry.
    fn checkpoint(&self) -> impl Future<Output = Outcome<Checkpoint>> + Send;
    /// Waits until no failover loses what can be read now.
    fn confirm(&self) -> impl Future<Output = Outcome<()>> + Send;
    /// Every row of the books as text, in order: equal books have equal dumps.
    fn dump(&self) -> impl Future<Output = Outcome<Vec<String>>> + Send;

    /// Makes a team or changes it, in as many steps as that takes. Only the last of them changes
    /// anything that callers see; a change that was cut goes on where it was when it is asked again.
    fn put_team(
        &self,
        team: TeamId,
        new: NewTeam,
    ) -> impl Future<Output = Outcome<(Put, Team)>> + Send {
        async move {
            loop {
                let put = self.put_team_step(team.clone(), new.clone()).await?;
                if let Some(put) = put {
                    return Ok(put);
                }
            }
        }
    }

    /// Takes over every turn, where no other process can have the store open; answers how many.
    fn take_over(
        &self,
        quiet: Duration,
        lease_for: Duration,
    ) -> impl Future<Output = Outcome<usize>> + Send {
        async move {
            let (mut jobs, mut after) = (0_usize, None);
            loop {
                let taken = self.take_over_step(TakingOver { quiet, lease_for, after }).await?;
                jobs = jobs.saturating_add(taken.jobs);
                after = taken.next;
                if after.is_none() {
                    return Ok(jobs);
                }
            }
        }
    }

    /// Ends the adoption, in as many steps as that takes: what was reserved is unresolved, and the books
    /// are open for business.
    fn end_adoption(&self, inheritance: Inheritance) -> impl Future<Output = Outcome<()>> + Send {
        adoption::end(self, inheritance)
    }
}
