//! Ends without an answer: void and unresolved.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::domain::quota::Quota;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::batch::Join;
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Cause, Job, Reason, State};
use crate::ledger::step::{GivingUp, Voided, Voiding};
use crate::ledger::table::Joins;
use crate::ledger::transition::coach::{has_canceled, is_canceled, passengers};
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::schedule::{leased, put_job};
use crate::ledger::transition::send::mark_unanswered;

/// Ends a job that was certainly not charged: never sent, or definitely refused and no earlier
/// attempt in doubt. Asked again in the same turn, it answers the same and changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on.
pub fn void(draft: &mut Draft<'_>, voiding: &Voiding) -> Result<Voided, Fault> {
    let mut job = leased(draft, voiding.job, voiding.lease)?;
    match job.state {
        // A body is missed before an attempt begins: whoever missed it speaks for no other's attempt.
        State::Sending if voiding.cause == Cause::BodyLost => return Err(Fault::Fenced),
        State::Ready | State::Sending => {}
        State::Void(_) => return Ok(Voided::Void),
        State::Unknown => return Ok(Voided::StillUnknown),
        State::Gathered(_)
        | State::Bound
        | State::Unresolved(_)
        | State::Resolved
        | State::Done => return Err(Fault::Fenced),
    }
    if job.unanswered > 0 {
        // It counts as one more attempt in doubt, so that there is an end to them.
        mark_unanswered(draft, &mut job, voiding.quiet_until)?;
        put_job(draft, &job)?;
        return Ok(Voided::StillUnknown);
    }
    release(draft, job, voiding.cause)?;
    Ok(Voided::Void)
}

/// Releases all that was reserved for a job, and for those that travel in it.
pub(super) fn release(draft: &mut Draft<'_>, mut job: Job, cause: Cause) -> Result<(), Fault> {
    foresee_joins(draft, std::iter::once(&job.id).chain(&job.passengers));
    for passenger in passengers(draft, &job)? {
        release(draft, passenger, cause)?;
    }
    job.state = State::Void(cause);
    job.ended_at = Some(draft.now());
    for n in 0..job.parts.len() {
        let Some(part) = job.parts.get_mut(n) else { break };
        let reserved = std::mem::take(&mut part.reserved);
        let part = part.clone();
        let change = Change { reserved: negative(reserved), ..Change::default() };
        post_part(draft, &mut job, &part, Fact::Released, change, Charges::ZERO);
    }
    (job.waits_until, job.window) = (None, None);
    job.due = has_joiners(draft, job.id)?.then_some(draft.now());
    put_job(draft, &job)
}

/// Nobody could learn what a job cost: what was reserved is unresolved until an operator or late
/// evidence says. Asked again in the same turn, it changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on.
pub fn give_up(draft: &mut Draft<'_>, giving: &GivingUp) -> Result<(), Fault> {
    let job = leased(draft, giving.job, giving.lease)?;
    match job.state {
        // What was not sent goes its own way first.
        _ if job.window.is_some() => return Err(Fault::Fenced),
        State::Sending | State::Unknown | State::Bound => {}
        State::Unresolved(_) => return Ok(()),
        State::Ready | State::Gathered(_) | State::Resolved | State::Done | State::Void(_) => {
            return Err(Fault::Fenced);
        }
    }
    foresee_joins(draft, std::iter::once(&job.id).chain(&job.passengers));
    for passenger in passengers(draft, &job)? {
        await_word(draft, passenger, giving)?;
    }
    await_word(draft, job, giving)
}

/// What was cancelled of a job in doubt is not sent again: it is unresolved. Of a coach the others go on
/// without it, and answers what is left to be sent: the vendor may have taken the attempts so far with
/// all who were aboard, but is asked for nobody whose caller has cancelled. Asked again in the same turn,
/// it changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on.
pub fn give_up_canceled(draft: &mut Draft<'_>, giving: &GivingUp) -> Result<u32, Fault> {
    let mut job = leased(draft, giving.job, giving.lease)?;
    match job.state {
        State::Unknown => {}
        State::Unresolved(_) => return Ok(0),
        _ => return Err(Fault::Fenced),
    }
    let aboard = passengers(draft, &job)?;
    if !has_canceled(draft, &job, &aboard)? {
        return Ok(job.leads);
    }
    let mut canceled = Vec::new();
    for passenger in aboard {
        if is_canceled(draft, &passenger)? {
            canceled.push(passenger);
        }
    }
    if canceled.len() == job.passengers.len() {
        give_up(draft, giving)?;
        return Ok(0);
    }
    foresee_joins(draft, canceled.iter().map(|passenger| &passenger.id));
    for passenger in canceled {
        job.passengers.retain(|id| *id != passenger.id);
        job.leads = job.leads.saturating_sub(passenger.leads);
        await_word(draft, passenger, giving)?;
    }
    job.due = Some(draft.now());
    put_job(draft, &job)?;
    Ok(job.leads)
}

/// Leaves a job unresolved until an operator or late evidence says.
fn await_word(draft: &mut Draft<'_>, mut job: Job, giving: &GivingUp) -> Result<(), Fault> {
    leave_unresolved(draft, &mut job, giving.reason);
    let evidence_may_come = job.vendor_id.is_some();
    job.due = if has_joiners(draft, job.id)? {
        Some(draft.now())
    } else {
        evidence_may_come.then_some(giving.look_again_at)
    };
    put_job(draft, &job)
}

/// Ends a job whose charge nobody could learn: what was reserved for it is unresolved.
pub(super) fn leave_unresolved(draft: &mut Draft<'_>, job: &mut Job, reason: Reason) {
    job.state = State::Unresolved(reason);
    job.ended_at = Some(draft.now());
    for n in 0..job.parts.len() {
        let Some(part) = job.parts.get_mut(n) else { break };
        let reserved = std::mem::take(&mut part.reserved);
        part.unresolved = part.unresolved.plus(reserved);
        let part = part.clone();
        let change =
            Change { reserved: negative(reserved), unresolved: reserved, ..Change::default() };
        post_part(draft, job, &part, Fact::GivenUp, change, Charges::ZERO);
    }
}

/// Has the store make ready who waits for these jobs' answers.
pub(super) fn foresee_joins<'a>(draft: &Draft<'_>, jobs: impl Iterator<Item = &'a JobId>) {
    jobs.for_each(|job| draft.foresee_under::<Joins>(job));
}

/// With more joins than these, a job has joiners whatever becomes of some of them meanwhile.
const JOINS_VALIDATED: usize = 20;

/// Whether other batches' leads wait for a job's answer. The absence of joiners is validated.
pub(super) fn has_joiners(draft: &Draft<'_>, job: JobId) -> Result<bool, Fault> {
    let joins = draft.pieces::<Joins>(&job)?;
    if joins.len() > JOINS_VALIDATED {
        return Ok(true);
    }
    let waits = |((_, _), join): &((JobId, _), Join)| !join.joined.is_empty();
    Ok(draft.under::<Joins>(&job)?.iter().any(waits))
}

/// The same amounts, the other way round.
pub(super) fn negative(amounts: Amounts) -> Amounts {
    Amounts::ZERO.minus(amounts)
}

/// Whether a quota's tallies begin to be counted with this list of quotas.
pub(super) fn is_new(quota: &Quota, before: &[Quota]) -> bool {
    !before.iter().any(|old| old.counts_as(quota))
}
