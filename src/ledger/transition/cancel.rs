//! Cancelling a batch: what was not sent is released; what was sent is still paid.

use crate::domain::note::Note;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::job::{Cause, Job, State, Way};
use crate::ledger::step::Canceled;
use crate::ledger::table::{Batches, Jobs, Joins};
use crate::ledger::transition::close::{foresee_joins, has_joiners, release};
use crate::ledger::transition::coach::{passengers, set_down};
use crate::ledger::transition::read::is_ended;
use crate::ledger::transition::schedule::put_job;

/// Cancels a batch. The vendor's own batch is cancelled only where nobody else waits for it, and only
/// where it surely is the one that the vendor took. A gathered job leaves its coach that was not sent;
/// of one that was, the vendor is told once no passenger wants its answer.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn cancel(draft: &mut Draft<'_>, id: BatchId, note: Option<Note>) -> Result<Canceled, Fault> {
    let Some(mut batch) = draft.find::<Batches>(&id)? else { return Ok(Canceled::NoSuchBatch) };
    if batch.canceled_at.is_some() {
        return Ok(Canceled::Already);
    }
    if is_ended(draft, id, &batch)? {
        return Ok(Canceled::Ended);
    }
    draft.annotate(note.clone());
    let own: Vec<_> = (0..batch.jobs_made).map(|ordinal| JobId { batch: id, ordinal }).collect();
    foresee_joins(draft, own.iter());
    for job in own {
        cancel_job(draft, job)?;
    }
    for job in batch.jobs.iter().filter(|job| job.batch != id) {
        leave(draft, *job, id)?;
    }
    batch.canceled_at = Some(draft.now());
    batch.canceled_for = note;
    draft.put::<Batches>(&id, &batch);
    Ok(Canceled::Now)
}

/// A cancelled batch no longer waits for a job of another batch. Where that one was cancelled, too,
/// and nobody else waits, the job goes its maker's way.
fn leave(draft: &mut Draft<'_>, job: JobId, id: BatchId) -> Result<(), Fault> {
    draft.delete::<Joins>(&(job, id));
    let maker = draft.find::<Batches>(&job.batch)?;
    if maker.is_some_and(|maker| maker.canceled_at.is_some()) {
        cancel_job(draft, job)?;
    }
    Ok(())
}

fn cancel_job(draft: &mut Draft<'_>, id: JobId) -> Result<(), Fault> {
    let is_open = |job: &Job| job.is_alive() && job.way != Way::Call;
    let Some(mut job) = draft.find::<Jobs>(&id)?.filter(is_open) else { return Ok(()) };
    let coach = match job.state {
        State::Gathered(coach) => Some(draft.need::<Jobs>(&coach)?),
        _ => None,
    };
    let sent = coach.as_ref().unwrap_or(&job);
    if sent.state == State::Ready && sent.unanswered == 0 {
        if let Some(mut coach) = coach {
            set_down(draft, &mut coach, &job);
            put_job(draft, &coach)?;
        }
        return release(draft, job, Cause::Canceled);
    }
    // Of several batches that the vendor may have taken only one could be told, so all are paid.
    if sent.unanswered > 0 || has_joiners(draft, id)? {
        return Ok(());
    }
    job.is_cancel_wanted = true;
    let Some(mut coach) = coach else { return tell_vendor(draft, job) };
    put_job(draft, &job)?;
    if passengers(draft, &coach)?.iter().any(|passenger| !passenger.is_cancel_wanted) {
        return Ok(());
    }
    coach.is_cancel_wanted = true;
    tell_vendor(draft, coach)
}

/// Has the vendor told, at once where it has named the job, that nobody waits for it.
fn tell_vendor(draft: &mut Draft<'_>, mut job: Job) -> Result<(), Fault> {
    if job.state == State::Bound {
        job.due = Some(draft.now());
    }
    put_job(draft, &job)
}
