//! Ends without an answer: void, unresolved, and an operator's word.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::domain::quota::Quota;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::batch::Join;
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::job::{Cause, Job, Reason, State};
use crate::ledger::step::{Adjustment, Charged, GivingUp, Resolution, Voided, Voiding};
use crate::ledger::table::{Batches, Jobs, Joins, SETTLED_AT_ONCE, Settlements, Teams};
use crate::ledger::transition::coach::{has_canceled, is_canceled, passengers};
use crate::ledger::transition::post::{post, post_part};
use crate::ledger::transition::quota::periods;
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
        post_part(draft, &job, &part, Fact::Released, change, Charges::ZERO);
    }
    job.waits_until = None;
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

/// Ends what a batch has unresolved, by an operator's word. Answers what was booked as spent.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn resolve(draft: &mut Draft<'_>, resolution: &Resolution) -> Result<Amounts, Fault> {
    let mut left = match resolution.charged {
        Charged::Some(amounts) => amounts,
        Charged::All | Charged::Nothing => Amounts::ZERO,
    };
    let mut booked = Amounts::ZERO;
    let jobs = jobs_of(draft, resolution.batch)?;
    for id in &jobs {
        draft.foresee::<Jobs>(id);
        draft.foresee::<Settlements>(id);
    }
    for id in jobs {
        let Some(mut job) = draft.find::<Jobs>(&id)? else { continue };
        for n in 0..job.parts.len() {
            let Some(part) = job.parts.get_mut(n) else { break };
            if part.batch != resolution.batch || part.unresolved.is_zero() {
                continue;
            }
            let open = std::mem::take(&mut part.unresolved);
            let spent = match resolution.charged {
                Charged::All => open,
                Charged::Nothing => Amounts::ZERO,
                Charged::Some(_) => left.at_most(open),
            };
            left = left.minus(spent.at_most(left));
            let spent = with_settled(draft, &job, n, spent)?.at_most(open);
            let Some(part) = job.parts.get_mut(n) else { break };
            booked = booked.plus(spent);
            let charges = Charges::of_other(spent);
            part.charged = part.charged.plus(charges);
            let part = part.clone();
            let change = Change { spent, unresolved: negative(open), ..Change::default() };
            post_part(draft, &job, &part, Fact::Resolved, change, charges);
        }
        let is_open = job.parts.iter().any(|part| !part.unresolved.is_zero());
        if matches!(job.state, State::Unresolved(_)) && !is_open {
            job.state = State::Resolved;
            job.ended_at = Some(draft.now());
        }
        put_job(draft, &job)?;
    }
    Ok(booked)
}

/// An operator's word on a part, and on top of it what its leads cost that are settled already: from
/// their step on other jobs get these persons for nothing.
fn with_settled(
    draft: &mut Draft<'_>,
    job: &Job,
    n: usize,
    word: Amounts,
) -> Result<Amounts, Fault> {
    if job.leads <= SETTLED_AT_ONCE {
        return Ok(word);
    }
    let Some(mut progress) = draft.find::<Settlements>(&job.id)? else { return Ok(word) };
    let Some(sums) = progress.parts.get_mut(n) else { return Ok(word) };
    sums.word = Some(word);
    let with_settled = word.plus(sums.charged.amounts());
    draft.put::<Settlements>(&job.id, &progress);
    Ok(with_settled)
}

/// The jobs of a batch; of one that was lost with its store, those that still have anything open.
fn jobs_of(draft: &Draft<'_>, batch: BatchId) -> Result<Vec<JobId>, Fault> {
    if let Some(known) = draft.find::<Batches>(&batch)? {
        return Ok((0..known.jobs_made).map(|ordinal| JobId { batch, ordinal }).collect());
    }
    let jobs = draft.under::<Jobs>(&batch)?;
    if jobs.is_empty() {
        return Err(Fault::Invariant(format!("there is no batch {batch}")));
    }
    Ok(jobs.into_iter().map(|(id, _)| id).collect())
}

/// Corrects a team's books by one more entry.
///
/// # Errors
/// [`Fault`] where there is no such team.
pub fn adjust(draft: &mut Draft<'_>, adjustment: &Adjustment) -> Result<(), Fault> {
    let team = draft.need::<Teams>(&adjustment.team)?;
    let now = draft.now();
    let spent = Amounts::of(adjustment.unit, adjustment.amount);
    let entry = Entry {
        at: now,
        team: team.id.clone(),
        fact: Fact::Adjusted,
        batch: None,
        job: None,
        dated: now,
        periods: periods(&team, now),
        change: Change { spent, ..Change::default() },
        charges: Charges::of_other(spent),
    };
    post(draft, &entry);
    Ok(())
}

/// The same amounts, the other way round.
pub(super) fn negative(amounts: Amounts) -> Amounts {
    Amounts::ZERO.minus(amounts)
}

/// Whether a quota's tallies begin to be counted with this list of quotas.
pub(super) fn is_new(quota: &Quota, before: &[Quota]) -> bool {
    !before.iter().any(|old| old.counts_as(quota))
}
