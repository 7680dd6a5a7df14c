//! Reading a batch: where it stands, and where each lead's answer is. Reading writes nothing.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, KeptResult, Lease, ResultRef};
use crate::ledger::record::batch::{Batch, Slot, Source};
use crate::ledger::record::job::{Answer, Answered, Cause, Found, Job, State, Way};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::table::{Answers, Batches, CHUNK, Jobs, Persons, SETTLED_AT_ONCE, Slots, Teams};
use crate::ledger::transition::alias::{self, is_removed};

pub use super::reading::{Failure, LeadReading, Reading, Status};

/// A batch of `team`, with the leads in `range`.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn read(
    draft: &Draft<'_>,
    team: &TeamId,
    id: BatchId,
    range: Range<u32>,
) -> Result<Option<Reading>, Fault> {
    let is_its = |batch: &Batch| batch.team == *team && batch.way != Way::Call;
    let Some(batch) = draft.find::<Batches>(&id)?.filter(is_its) else { return Ok(None) };
    let is_its = |team: Team| team.standing != Standing::Closed && team.owns(&batch);
    if !draft.find::<Teams>(team)?.is_some_and(is_its) {
        return Ok(None);
    }
    let mut reader = Reader::new(draft, id, &batch);
    // Jobs come before their answers: what is known of a job then holds for all its answers.
    let jobs = reader.waiting()?;
    let leads = reader.leads(&range)?;
    let (status, ended_at) = reader.standing(&jobs)?;
    let own = reader.own()?;
    let is_settled =
        own.iter().all(|job| matches!(job.state, State::Done | State::Void(_) | State::Resolved));
    let parts = own.iter().flat_map(|job| &job.parts).filter(|part| part.batch == id);
    let charged = parts.fold(Charges::ZERO, |sum, part| sum.plus(part.charged));
    let looked_at = |job: &Job| job.worth_a_look_at(draft.now());
    let next_look = jobs.iter().filter(|job| job.is_alive()).filter_map(looked_at).min();
    let spent = is_settled.then(|| charged.amounts());
    let is_to_be_sent = |job: &Job| matches!(job.state, State::Ready | State::Unknown);
    let waits_to_be_sent =
        !reader.has_ended(&jobs) && jobs.iter().filter(|job| job.is_alive()).all(is_to_be_sent);
    let results_until = jobs.iter().filter_map(|job| job.results_until);
    let sealed_until = batch.sealed_until.into_iter().chain(results_until).min();
    Ok(Some(Reading {
        batch,
        status,
        ended_at,
        sealed_until,
        spent,
        next_look,
        waits_to_be_sent,
        leads,
    }))
}

/// Where a batch stands, and when it ended, as far as a look that relies on nothing tells.
pub(super) fn standing(
    draft: &Draft<'_>,
    id: BatchId,
    batch: &Batch,
) -> Result<(Status, Option<Timestamp>), Fault> {
    let mut reader = Reader { relies: false, ..Reader::new(draft, id, batch) };
    let jobs = reader.waiting()?;
    reader.standing(&jobs)
}

/// Whether nothing more can come for a batch.
pub(super) fn is_ended(draft: &Draft<'_>, id: BatchId, batch: &Batch) -> Result<bool, Fault> {
    let mut reader = Reader::new(draft, id, batch);
    let jobs = reader.waiting()?;
    Ok(batch.canceled_at.is_some() || reader.has_ended(&jobs))
}

/// Whether nothing more can come of a job for a batch that waits for it. A job of another batch that
/// died is no end: what joined it is driven again.
pub(super) fn has_ended_for(job: &Job, batch: BatchId) -> bool {
    match job.state {
        State::Done => true,
        State::Void(_) | State::Unresolved(_) | State::Resolved => job.id.batch == batch,
        State::Ready | State::Gathered(_) | State::Sending | State::Unknown | State::Bound => false,
    }
}

/// What is read of a lead that did not fit.
const TRIMMED: LeadReading = LeadReading::Failed(Failure::InsufficientCredits);

struct Reader<'a, 'b> {
    draft: &'a Draft<'b>,
    id: BatchId,
    batch: &'a Batch,
    jobs: HashMap<JobId, Option<Job>>,
    answers: HashMap<(JobId, u32), Option<Answered>>,
    /// Whether the jobs that are read must still stand when the look is over.
    relies: bool,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(draft: &'a Draft<'b>, id: BatchId, batch: &'a Batch) -> Self {
        Self { draft, id, batch, jobs: HashMap::new(), answers: HashMap::new(), relies: true }
    }

    fn job(&mut self, id: JobId) -> Result<Option<Job>, Fault> {
        if let Some(job) = self.jobs.get(&id) {
            return Ok(job.clone());
        }
        let job = if self.relies {
            self.draft.find::<Jobs>(&id)?
        } else {
            self.draft.peek::<Jobs>(&id)?
        };
        self.jobs.insert(id, job.clone());
        Ok(job)
    }

    /// The jobs that the batch's slots wait for or waited for.
    fn waiting(&mut self) -> Result<Vec<Job>, Fault> {
        let ids = self.batch.jobs.clone();
        for id in &ids {
            self.draft.foresee::<Jobs>(id);
        }
        let mut jobs = Vec::new();
        for id in ids {
            if let Some(job) = self.job(id)? {
                jobs.push(self.on_its_way(job)?);
            }
        }
        Ok(jobs)
    }

    /// A gathered job stands where its coach does. One that has just ended is under way still, as
    /// far as this look tells.
    fn on_its_way(&mut self, mut job: Job) -> Result<Job, Fault> {
        if let State::Gathered(coach) = job.state
            && let Some(coach) = self.job(coach)?.filter(Job::is_alive)
        {
            (job.state, job.due) = (coach.state, coach.due);
        }
        Ok(job)
    }

    /// The jobs that the batch pays for.
    fn own(&mut self) -> Result<Vec<Job>, Fault> {
        let batch = self.id;
        let ids = (0..self.batch.jobs_made).map(|ordinal| JobId { batch, ordinal });
        ids.filter_map(|id| self.job(id).transpose()).collect()
    }

    /// Where the batch stands, and when it ended.
    fn standing(&mut self, jobs: &[Job]) -> Result<(Status, Option<Timestamp>), Fault> {
        if let Some(at) = self.batch.canceled_at {
            return Ok((Status::Canceled, Some(at)));
        }
        if !self.has_ended(jobs) {
            let is_queued = jobs.iter().all(|job| job.state == State::Ready);
            return Ok((if is_queued { Status::Queued } else { Status::Processing }, None));
        }
        let ended_at = jobs.iter().filter_map(|job| job.ended_at).max();
        let status = if self.has_answer()? { Status::Completed } else { Status::Error };
        Ok((status, Some(ended_at.unwrap_or(self.batch.admitted_at))))
    }

    fn has_ended(&self, jobs: &[Job]) -> bool {
        jobs.iter().all(|job| has_ended_for(job, self.id))
    }

    fn leads(&mut self, range: &Range<u32>) -> Result<Vec<LeadReading>, Fault> {
        let mut leads = Vec::new();
        let end = range.end.min(self.batch.dispositions.submitted);
        if self.batch.dispositions.is_all_trimmed() {
            leads.extend((range.start..end).map(|_| TRIMMED));
            return Ok(leads);
        }
        let chunks = range.start.div_euclid(CHUNK)..end.div_ceil(CHUNK);
        for chunk in chunks.clone() {
            self.draft.foresee::<Slots>(&(self.id, chunk));
        }
        for chunk in chunks {
            let slots = self.draft.peek::<Slots>(&(self.id, chunk))?.unwrap_or_default();
            let first = chunk.saturating_mul(CHUNK);
            let of_range = |(position, _): &(u32, Slot)| range.contains(position);
            let slots: Vec<_> = (first..).zip(slots).filter(of_range).map(|(_, s)| s).collect();
            self.foresee(&slots)?;
            for slot in slots {
                leads.push(self.lead(slot)?);
            }
        }
        Ok(leads)
    }

    /// Has the store make ready what the slots lead to.
    fn foresee(&mut self, slots: &[Slot]) -> Result<(), Fault> {
        for at in slots.iter().filter_map(|slot| slot.source.points_at()) {
            self.draft.foresee::<Jobs>(&at.job);
            self.draft.foresee::<Answers>(&(at.job, at.index.div_euclid(SETTLED_AT_ONCE)));
        }
        let keys = slots.iter().flat_map(|slot| slot.ask().removal_keys());
        alias::foresee(self.draft, keys)?;
        for at in slots.iter().filter_map(|slot| slot.source.points_at()) {
            if let Some((Answer::Found(Found { person, .. }), _)) = self.answer(at)? {
                self.draft.foresee::<Persons>(&person);
            }
        }
        Ok(())
    }

    fn lead(&mut self, slot: Slot) -> Result<LeadReading, Fault> {
        if self.is_removed(slot)? {
            return Ok(LeadReading::Removed);
        }
        Ok(match slot.source {
            Source::Removed => LeadReading::Removed,
            Source::NotFound => LeadReading::NotFound,
            Source::Refused => TRIMMED,
            Source::Cached(at) => self.answered(at)?,
            Source::Joined(at) | Source::Own(at) | Source::Repeated(at) => self.by_job(at)?,
        })
    }

    fn by_job(&mut self, at: ResultRef) -> Result<LeadReading, Fault> {
        let is_canceled = self.batch.canceled_at.is_some();
        let Some(job) = self.job(at.job)? else { return self.answered(at) };
        let is_own = at.job.batch == self.id;
        Ok(match job.state {
            State::Done => self.answered(at)?,
            State::Void(cause) if is_own => LeadReading::Failed(match cause {
                Cause::VendorCredits => Failure::VendorCredits,
                Cause::Canceled => Failure::Canceled,
                Cause::Refused => Failure::Refused,
                Cause::BodyLost | Cause::NotSent | Cause::Split => Failure::VendorError,
            }),
            State::Unresolved(_) | State::Resolved if is_own => {
                LeadReading::Failed(Failure::Unresolved)
            }
            _ if is_canceled => LeadReading::Failed(Failure::Canceled),
            _ => LeadReading::Pending,
        })
    }

    /// What a settled job answers about one of its leads.
    fn answered(&mut self, at: ResultRef) -> Result<LeadReading, Fault> {
        Ok(match self.answer(at)? {
            // Where the job's own rows are gone, the vault has the last word.
            None => LeadReading::Found(KeptResult { at, turn: Lease::default() }),
            Some((Answer::Found(_), turn)) => LeadReading::Found(KeptResult { at, turn }),
            Some((Answer::NotFound, _)) => LeadReading::NotFound,
            Some((Answer::Removed, _)) => LeadReading::Removed,
            Some((Answer::Unmatched, _)) => LeadReading::Failed(Failure::Unresolved),
            Some((Answer::Unanswered, _)) => LeadReading::Failed(Failure::VendorError),
            Some((Answer::Refused, _)) => LeadReading::Failed(Failure::Refused),
        })
    }

    /// The answer to a lead, and the turn that settled it.
    fn answer(&mut self, at: ResultRef) -> Result<Option<(Answer, Lease)>, Fault> {
        let row = (at.job, at.index.div_euclid(SETTLED_AT_ONCE));
        let place = usize::try_from(at.index.rem_euclid(SETTLED_AT_ONCE)).unwrap_or(usize::MAX);
        if !self.answers.contains_key(&row) {
            self.answers.insert(row, self.draft.peek::<Answers>(&row)?);
        }
        let answered = self.answers.get(&row).and_then(Option::as_ref);
        Ok(answered.and_then(|row| Some((*row.answers.get(place)?, row.turn))))
    }

    fn is_removed(&mut self, slot: Slot) -> Result<bool, Fault> {
        for key in slot.ask().removal_keys() {
            if is_removed(self.draft, key)? {
                return Ok(true);
            }
        }
        let Some(at) = slot.source.points_at() else { return Ok(false) };
        let Some((Answer::Found(Found { person, .. }), _)) = self.answer(at)? else {
            return Ok(false);
        };
        Ok(self.draft.find::<Persons>(&person)?.is_some_and(|row| row.removed_at.is_some()))
    }

    /// Whether any lead of an ended batch was answered. Who was removed since changes nothing about
    /// that, so nobody is looked up.
    fn has_answer(&mut self) -> Result<bool, Fault> {
        let dispositions = self.batch.dispositions;
        if dispositions.submitted == 0 || dispositions.cached > 0 {
            return Ok(true);
        }
        if dispositions.is_all_trimmed() {
            return Ok(false);
        }
        for chunk in 0..dispositions.submitted.div_ceil(CHUNK) {
            for slot in self.draft.peek::<Slots>(&(self.id, chunk))?.unwrap_or_default() {
                let is_answered = match slot.source {
                    Source::Cached(_) | Source::Removed | Source::NotFound => true,
                    Source::Refused => false,
                    Source::Joined(at) | Source::Own(at) | Source::Repeated(at) => {
                        self.by_job(at)?.is_answer()
                    }
                };
                if is_answered {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
