//! The steps of the ledger over any store of rows.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use super::draft::{self, Draft};
use super::ids::{BatchId, JobId, Lease, ResultRef};
use super::record::entry::Entry;
use super::record::job::{Job, JobLead, Part};
use super::record::tally::TallyKey;
use super::record::team::{Key, KeyChange, NewTeam, Team};
use super::record::validation::Validation;
use super::shelf::Shelf;
use super::step::{
    Adjusted, Adjustment, Admission, Admitted, AfterRefusal, Appraisal, Asking, Attempt, Begun,
    Binding, Canceled, CircuitState, Credited, Detached, Gathered, Gathering, GivingUp, Holders,
    Holding, Load, Probe, Question, Redrive, Redriven, Refused, Refusing, Removal, Resolution,
    Resolved, Room, Settled, Settlement, Split, Splitting, Turn, Voided, Voiding,
};
use super::table::Journal;
use super::transition::adopt::{self, Adoptable, Legacy, Remainder};
use super::transition::audit::{self, Audit};
use super::transition::call::{self, CallOpened, Closing, Opening};
use super::transition::checkpoint::{self, Checkpoint, Roster};
use super::transition::epoch::{self, Beginning, Holdings};
use super::transition::list::{self, Detail, Listed, Listing};
use super::transition::numbering::{self, Taking};
use super::transition::read::{self, Reading};
use super::transition::report::{self, Glance, Usage};
use super::transition::restore::{self, ToKeep};
use super::transition::schedule::{self, TakenOver, TakingOver};
use super::transition::sweep::{self, Sweep, Swept};
use super::transition::team::Put;
use super::transition::trim::{self, Trim};
use super::transition::validation::{
    self, ValidationEnd, ValidationOpened, ValidationOrder, ValidationReading,
};
use super::transition::{
    adjust, admit, appraise, budget, cancel, circuit, close, coach, detach, erase, joiners, outage,
    redrive, refuse, resolve, send, settle, team, turn,
};
use super::{Ledger, Outcome};
use crate::domain::budget::{Leave, Reach};
use crate::domain::credits::Unit;
use crate::domain::epoch::Epoch;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::needs::Needs;
use crate::domain::note::Note;
use crate::domain::outage::{Claim, Heard, Probing};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;

impl<S: Shelf> Ledger for S {
    async fn take_numbers(&self, taking: Taking) -> Outcome<u64> {
        self.write("take_numbers", move |draft| numbering::take(draft, &taking)).await
    }

    async fn admit(&self, admission: Admission) -> Outcome<Result<Admitted, Refused>> {
        self.write("admit", move |draft| admit::admit(draft, &admission)).await
    }

    async fn appraise(&self, question: Question) -> Outcome<Option<Appraisal>> {
        Shelf::read(self, "appraise", move |draft| appraise::appraise(draft, &question)).await
    }

    async fn gather(&self, gathering: Gathering) -> Outcome<Option<Gathered>> {
        self.write("gather", move |draft| coach::gather(draft, &gathering)).await
    }

    async fn split(&self, splitting: Splitting) -> Outcome<Split> {
        self.write("split", move |draft| coach::split(draft, &splitting)).await
    }

    async fn refuse(&self, refusing: Refusing) -> Outcome<AfterRefusal> {
        self.write("refuse", move |draft| refuse::refuse(draft, &refusing)).await
    }

    async fn detach(&self, job: JobId, lease: Lease) -> Outcome<Detached> {
        self.write("detach", move |draft| detach::detach(draft, job, lease)).await
    }

    async fn lease(&self, room: Room, ttl: Duration) -> Outcome<Vec<Turn>> {
        self.write("lease", move |draft| turn::lease(draft, &room, ttl)).await
    }

    async fn next_due(&self, room: Room) -> Outcome<(Option<Timestamp>, Timestamp)> {
        let look = move |draft: &Draft<'_>| Ok((turn::next_due(draft, &room)?, draft.now()));
        Shelf::read(self, "next_due", look).await
    }

    async fn reschedule(&self, job: JobId, lease: Lease, until: Option<Timestamp>) -> Outcome<()> {
        self.write("reschedule", move |d| schedule::reschedule(d, job, lease, until)).await
    }

    async fn ask_leave(&self, asking: Asking) -> Outcome<Leave> {
        self.write("ask_leave", move |draft| budget::ask_leave(draft, &asking)).await
    }

    async fn leave_alone(&self, until: Timestamp, reach: Reach) -> Outcome<()> {
        self.write("leave_alone", move |draft| budget::leave_alone(draft, until, &reach)).await
    }

    async fn run_out(&self, unit: Unit, probe_every: Duration) -> Outcome<()> {
        self.write("run_out", move |draft| circuit::run_out(draft, unit, probe_every)).await
    }

    async fn has_credits(&self, needs: Needs) -> Outcome<()> {
        self.write("has_credits", move |draft| circuit::has_credits(draft, needs)).await
    }

    async fn ask_probe(&self, team: TeamId, needs: Needs, every: Duration) -> Outcome<Probe> {
        self.write("ask_probe", move |d| circuit::ask_probe(d, &team, needs, every)).await
    }

    async fn give_probe_back(&self, needs: Needs) -> Outcome<()> {
        self.write("give_probe_back", move |draft| circuit::give_probe_back(draft, needs)).await
    }

    async fn hear(&self, heard: Heard) -> Outcome<()> {
        self.write("hear", move |draft| outage::hear(draft, heard)).await
    }

    async fn claim_question(&self, probing: Probing) -> Outcome<Claim> {
        self.write("claim_question", move |d| outage::claim_question(d, probing)).await
    }

    async fn circuit(&self) -> Outcome<CircuitState> {
        Shelf::read(self, "circuit", circuit::state).await
    }

    async fn begin_send(&self, attempt: Attempt) -> Outcome<Begun> {
        self.write("begin_send", move |draft| send::begin_send(draft, &attempt)).await
    }

    async fn put_back(&self, job: JobId, lease: Lease, until: Timestamp) -> Outcome<()> {
        self.write("put_back", move |draft| send::put_back(draft, job, lease, until)).await
    }

    async fn unanswered(&self, job: JobId, lease: Lease, quiet_until: Timestamp) -> Outcome<()> {
        self.write("unanswered", move |d| send::unanswered(d, job, lease, quiet_until)).await
    }

    async fn bind(&self, binding: Binding) -> Outcome<()> {
        self.write("bind", move |draft| send::bind(draft, &binding)).await
    }

    async fn settle(&self, settlement: Settlement) -> Outcome<Settled> {
        self.write("settle", move |draft| settle::settle(draft, &settlement)).await
    }

    async fn settled_to(&self, job: JobId) -> Outcome<u32> {
        Shelf::read(self, "settled_to", move |draft| settle::settled_to(draft, &job)).await
    }

    async fn restore(&self, jobs: BTreeSet<JobId>) -> Outcome<usize> {
        self.write("restore", move |draft| restore::restore(draft, &jobs)).await
    }

    async fn to_keep(&self, at: ResultRef) -> Outcome<Vec<ToKeep>> {
        Shelf::read(self, "to_keep", move |draft| restore::to_keep(draft, at)).await
    }

    async fn credit_joiners(&self, job: JobId) -> Outcome<Credited> {
        self.write("credit_joiners", move |draft| joiners::credit_joiners(draft, job)).await
    }

    async fn redrive(&self, order: Redrive) -> Outcome<Redriven> {
        self.write("redrive", move |draft| redrive::redrive(draft, &order)).await
    }

    async fn open_call(&self, opening: Opening) -> Outcome<Result<CallOpened, Refused>> {
        self.write("open_call", move |draft| call::open_call(draft, &opening)).await
    }

    async fn close_call(&self, job: JobId, closing: Closing) -> Outcome<Settled> {
        self.write("close_call", move |draft| call::close_call(draft, job, closing)).await
    }

    async fn open_validation(
        &self,
        order: ValidationOrder,
    ) -> Outcome<Result<ValidationOpened, Refused>> {
        self.write("open_validation", move |d| validation::open_validation(d, &order)).await
    }

    async fn end_validation(&self, end: ValidationEnd) -> Outcome<bool> {
        self.write("end_validation", move |d| validation::end_validation(d, &end)).await
    }

    async fn cancel_validation(&self, batch: BatchId, note: Option<Note>) -> Outcome<()> {
        let step =
            move |draft: &mut Draft<'_>| validation::cancel_validation(draft, batch, note.clone());
        self.write("cancel_validation", step).await
    }

    async fn void(&self, voiding: Voiding) -> Outcome<Voided> {
        self.write("void", move |draft| close::void(draft, &voiding)).await
    }

    async fn give_up(&self, giving: GivingUp) -> Outcome<()> {
        self.write("give_up", move |draft| close::give_up(draft, &giving)).await
    }

    async fn give_up_canceled(&self, giving: GivingUp) -> Outcome<u32> {
        self.write("give_up_canceled", move |d| close::give_up_canceled(d, &giving)).await
    }

    async fn resolve(&self, resolution: Resolution) -> Outcome<Resolved> {
        self.write("resolve", move |draft| resolve::resolve(draft, &resolution)).await
    }

    async fn adjust(&self, adjustment: Adjustment) -> Outcome<Adjusted> {
        self.write("adjust", move |draft| adjust::adjust(draft, &adjustment)).await
    }

    async fn cancel(&self, batch: BatchId, note: Option<Note>) -> Outcome<Canceled> {
        self.write("cancel", move |draft| cancel::cancel(draft, batch, note.clone())).await
    }

    async fn erase(&self, keys: Vec<LeadKey>, person: Option<PersonKey>) -> Outcome<Removal> {
        self.write("erase", move |draft| erase::erase(draft, &keys, person)).await
    }

    async fn removal(&self, keys: Vec<LeadKey>, person: Option<PersonKey>) -> Outcome<Removal> {
        Shelf::read(self, "removal", move |draft| erase::removal(draft, &keys, person)).await
    }

    async fn holders(&self, holding: Holding) -> Outcome<Holders> {
        Shelf::read(self, "holders", move |draft| erase::holders(draft, &holding)).await
    }

    async fn batches(&self, listing: Listing) -> Outcome<Listed> {
        Shelf::read(self, "batches", move |draft| list::batches(draft, &listing)).await
    }

    async fn batch(&self, id: BatchId, from: u32, to: u32) -> Outcome<Option<Detail>> {
        Shelf::read(self, "batch", move |draft| list::batch(draft, id, from..to)).await
    }

    async fn sweep(&self, order: Sweep) -> Outcome<Swept> {
        self.write("sweep", move |draft| sweep::sweep(draft, &order)).await
    }

    async fn trim(&self, order: Trim) -> Outcome<usize> {
        self.write("trim", move |draft| trim::trim(draft, &order)).await
    }

    async fn take_over_step(&self, order: TakingOver) -> Outcome<TakenOver> {
        self.write("take_over", move |draft| schedule::take_over(draft, &order)).await
    }

    async fn read(
        &self,
        team: TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> Outcome<Option<Reading>> {
        Shelf::read(self, "read", move |draft| read::read(draft, &team, batch, from..to)).await
    }

    async fn read_validation(
        &self,
        team: TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> Outcome<Option<ValidationReading>> {
        let look =
            move |draft: &Draft<'_>| validation::read_validation(draft, &team, batch, &(from..to));
        Shelf::read(self, "read_validation", look).await
    }

    async fn validation(&self, batch: BatchId) -> Outcome<Option<Validation>> {
        Shelf::read(self, "validation", move |draft| validation::validation(draft, batch)).await
    }

    async fn load(&self, job: JobId) -> Outcome<Vec<Load>> {
        Shelf::read(self, "load", move |draft| coach::load(draft, job)).await
    }

    async fn job(&self, id: JobId) -> Outcome<Option<(Job, Vec<JobLead>)>> {
        Shelf::read(self, "job", move |draft| report::job(draft, id)).await
    }

    async fn put_team_step(&self, id: TeamId, new: NewTeam) -> Outcome<Option<(Put, Team)>> {
        self.write("put_team", move |draft| team::put_team(draft, &id, &new)).await
    }

    async fn close_team(&self, id: TeamId) -> Outcome<Option<Team>> {
        self.write("close_team", move |draft| team::close_team(draft, &id)).await
    }

    async fn team(&self, id: TeamId) -> Outcome<Option<Team>> {
        Shelf::read(self, "team", move |draft| team::find_team(draft, &id)).await
    }

    async fn teams(&self) -> Outcome<Vec<Team>> {
        Shelf::read(self, "teams", team::teams).await
    }

    async fn put_key(&self, key: Key) -> Outcome<Option<Key>> {
        self.write("put_key", move |draft| team::put_key(draft, &key)).await
    }

    async fn change_key(&self, change: KeyChange) -> Outcome<Option<Key>> {
        self.write("change_key", move |draft| team::change_key(draft, &change)).await
    }

    async fn keys(&self, id: TeamId) -> Outcome<Vec<Key>> {
        Shelf::read(self, "keys", move |draft| team::keys_of(draft, &id)).await
    }

    async fn key(&self, id: String) -> Outcome<Option<(Key, Team)>> {
        Shelf::read(self, "key", move |draft| team::find_key(draft, &id)).await
    }

    async fn begin(&self, fresh: Epoch) -> Outcome<Beginning> {
        self.write("begin", move |draft| epoch::begin(draft, fresh)).await
    }

    async fn holdings(&self) -> Outcome<Holdings> {
        Shelf::read(self, "holdings", epoch::holdings).await
    }

    async fn begin_adoption(&self, legacy: Legacy) -> Outcome<Adoptable> {
        self.write("begin_adoption", move |draft| adopt::begin(draft, &legacy)).await
    }

    async fn adopt_entries(&self, first: u64, entries: Vec<Entry>) -> Outcome<u64> {
        self.write("adopt_entries", move |draft| adopt::entries(draft, first, &entries)).await
    }

    async fn adopt_roster(&self, epoch: Epoch, roster: Roster) -> Outcome<()> {
        self.write("adopt_roster", move |draft| adopt::roster(draft, epoch, &roster)).await
    }

    async fn adopt_jobs(&self, epoch: Epoch, open: Vec<(JobId, Vec<Part>)>) -> Outcome<()> {
        self.write("adopt_jobs", move |draft| adopt::jobs(draft, epoch, &open)).await
    }

    async fn adopt_remainder(&self, epoch: Epoch, rest: Remainder) -> Outcome<Option<TallyKey>> {
        self.write("adopt_remainder", move |draft| adopt::remainder(draft, epoch, &rest)).await
    }

    async fn end_adoption_step(&self, epoch: Epoch, next_batch: u64) -> Outcome<()> {
        self.write("end_adoption", move |draft| adopt::end(draft, epoch, next_batch)).await
    }

    async fn usage(&self, id: TeamId) -> Outcome<Option<Usage>> {
        Shelf::read(self, "usage", move |draft| report::usage(draft, &id)).await
    }

    async fn glance(&self) -> Outcome<Glance> {
        Shelf::read(self, "glance", report::glance).await
    }

    async fn audit(&self) -> Outcome<Audit> {
        Shelf::read(self, "audit", audit::audit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Outcome<Vec<(u64, Entry)>> {
        let look = move |draft: &Draft<'_>| draft.from::<Journal>(Bound::Included(&from), limit);
        Shelf::read(self, "journal", look).await
    }

    async fn roster(&self) -> Outcome<Roster> {
        Shelf::read(self, "roster", checkpoint::roster).await
    }

    async fn checkpoint(&self) -> Outcome<Checkpoint> {
        Shelf::read(self, "checkpoint", checkpoint::checkpoint).await
    }

    async fn confirm(&self) -> Outcome<()> {
        Shelf::confirm(self).await
    }

    async fn dump(&self) -> Outcome<Vec<String>> {
        Shelf::read(self, "dump", draft::dump).await
    }
}
