//! Driving leads again whose job died before it answered: they had joined it for nothing, and now
//! go their own way under their own team's quotas and policies, as these are by now. What does not
//! fit reads as refused. What the batch may cost, and how old an answer may be, was said when it was
//! admitted.

use crate::domain::credits::Amounts;
use crate::domain::limits::Room;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::batch::{Batch, Dispositions, Slot, Source};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::step::{LeadAsk, Redrive, Redriven};
use crate::ledger::table::{Batches, CHUNK, Jobs, Joins, Slots, Teams};
use crate::ledger::transition::admit::{open_jobs, waits_for};
use crate::ledger::transition::detach::Gone;
use crate::ledger::transition::frame::Frame;
use crate::ledger::transition::plan::Plan;
use crate::ledger::transition::quota::{keep, left, quotas_now};

/// How many leads are driven again in one step, give or take a row of slots.
const LEADS_AT_ONCE: usize = 500;

/// How many rows of slots are read together.
const ROWS_AT_ONCE: u32 = 10;

/// Rewrites a batch's slots off a job that died, some leads in each step. Asked again, it goes on, and
/// then finds nothing left to do.
///
/// # Errors
/// [`Fault::Fenced`] where the job lives.
pub fn redrive(draft: &mut Draft<'_>, redrive: &Redrive) -> Result<Redriven, Fault> {
    let joined = (redrive.job, redrive.batch);
    draft.foresee::<Jobs>(&redrive.job);
    draft.foresee::<Batches>(&redrive.batch);
    let Some(mut join) = draft.find::<Joins>(&joined)? else { return Ok(Redriven::default()) };
    let job = draft.need::<Jobs>(&redrive.job)?;
    // Off a job that lives, only those leads are driven that it does not carry any more.
    let gone = match job.is_alive() {
        true if job.has_strays => Some(Gone::of(draft, &job)?),
        true => return Err(Fault::Fenced),
        false => None,
    };
    let is_off = |index: u32| gone.as_ref().is_none_or(|gone| gone.has(index));
    let Some(mut batch) = draft.find::<Batches>(&redrive.batch)? else {
        draft.delete::<Joins>(&joined);
        return Ok(Redriven::default());
    };
    let team = draft.need::<Teams>(&batch.team)?;
    if batch.canceled_at.is_some() || team.standing == Standing::Closed {
        draft.delete::<Joins>(&joined);
        batch.jobs.retain(|waiting| *waiting != redrive.job);
        draft.put::<Batches>(&redrive.batch, &batch);
        return Ok(Redriven::default());
    }
    let stranded = stranded(draft, redrive, &batch, join.driven_to, is_off)?;
    let quotas = quotas_now(draft, &team)?;
    let allowed = batch.most.less(paid(draft, redrive.batch, &batch)?);
    let plan = {
        let frame = Frame {
            batch: redrive.batch,
            jobs_made: batch.jobs_made,
            team: &team,
            reveals: team.policies.allowed_of(batch.reveals),
            answers_since: batch.answers_since,
            room: Room::new(left(&quotas).within(allowed)),
            terms: &redrive.terms,
            lost: &redrive.lost,
        };
        Plan::make(draft, frame, stranded.asks.iter().copied())?
    };
    if !plan.unchecked.is_empty() {
        let unchecked = plan.unchecked.into_iter().collect();
        return Ok(Redriven { is_partial: true, unchecked, ..Redriven::default() });
    }
    let is_partial = stranded.next < batch.dispositions.submitted.div_ceil(CHUNK);
    if is_partial {
        join.driven_to = stranded.next;
        draft.put::<Joins>(&joined, &join);
    } else {
        join.driven_to = 0;
        join.joined.retain(|index| !is_off(*index));
        join.repeated.retain(|index| !is_off(*index));
        if join.joined.is_empty() && join.repeated.is_empty() {
            draft.delete::<Joins>(&joined);
            batch.jobs.retain(|waiting| *waiting != redrive.job);
        } else {
            draft.put::<Joins>(&joined, &join);
        }
    }
    rewrite(draft, redrive.batch, stranded, &plan);
    let Dispositions { fresh, trimmed, .. } = plan.dispositions;
    let reserved = plan.worst(&redrive.terms.prices);
    keep(draft, &quotas, reserved);
    reopen(draft, redrive, batch, &team, &plan, reserved)?;
    Ok(Redriven { is_partial, fresh, refused: trimmed, reserved, unchecked: Vec::new() })
}

/// Leads of a batch that waited for a job.
struct Stranded {
    /// The rows of slots that hold them, by number.
    rows: Vec<(u32, Vec<Slot>)>,
    /// The leads, each with its place in the batch.
    asks: Vec<(u32, LeadAsk)>,
    /// The next row of slots.
    next: u32,
}

/// The leads of a batch that waited for a job, from a row of slots on, until there are enough for one
/// step.
fn stranded(
    draft: &Draft<'_>,
    redrive: &Redrive,
    batch: &Batch,
    from: u32,
    is_off: impl Fn(u32) -> bool,
) -> Result<Stranded, Fault> {
    let waits = |slot: &Slot| matches!(slot.source, Source::Joined(at) if at.job == redrive.job && is_off(at.index));
    let end = batch.dispositions.submitted.div_ceil(CHUNK);
    let mut stranded = Stranded { rows: Vec::new(), asks: Vec::new(), next: from };
    while stranded.next < end && stranded.asks.len() < LEADS_AT_ONCE {
        let number = stranded.next;
        if number.saturating_sub(from).rem_euclid(ROWS_AT_ONCE) == 0 {
            for ahead in number..end.min(number.saturating_add(ROWS_AT_ONCE)) {
                draft.foresee::<Slots>(&(redrive.batch, ahead));
            }
        }
        let slots = draft.peek::<Slots>(&(redrive.batch, number))?.unwrap_or_default();
        let places = number.saturating_mul(CHUNK)..;
        let waiting = places.zip(&slots).filter(|(_, slot)| waits(slot));
        let before = stranded.asks.len();
        stranded.asks.extend(waiting.map(|(position, slot)| (position, slot.ask())));
        if stranded.asks.len() > before {
            stranded.rows.push((number, slots));
        }
        stranded.next = number.saturating_add(1);
    }
    Ok(stranded)
}

/// Has the slots of these leads point where the plan says.
fn rewrite(draft: &mut Draft<'_>, batch: BatchId, stranded: Stranded, plan: &Plan) {
    let mut planned = stranded.asks.iter().zip(&plan.slots).peekable();
    for (number, mut slots) in stranded.rows {
        let places = number.saturating_mul(CHUNK)..;
        for (place, slot) in places.zip(&mut slots) {
            if let Some((_, new)) = planned.next_if(|((position, _), _)| *position == place) {
                slot.source = new.source;
            }
        }
        draft.put::<Slots>(&(batch, number), &slots);
    }
}

/// What a batch has spent by now, or may yet spend.
fn paid(draft: &Draft<'_>, id: BatchId, batch: &Batch) -> Result<Amounts, Fault> {
    let jobs = (0..batch.jobs_made).map(|ordinal| JobId { batch: id, ordinal });
    for job in jobs.clone() {
        draft.foresee::<Jobs>(&job);
    }
    let mut paid = Amounts::ZERO;
    for job in jobs {
        for part in draft.find::<Jobs>(&job)?.iter().flat_map(|job| &job.parts) {
            let open = part.reserved.plus(part.unresolved);
            paid = paid.plus(open).plus(part.charged.amounts());
        }
    }
    Ok(paid)
}

fn reopen(
    draft: &mut Draft<'_>,
    redrive: &Redrive,
    mut batch: Batch,
    team: &Team,
    plan: &Plan,
    worst: Amounts,
) -> Result<(), Fault> {
    for job in waits_for(plan) {
        if !batch.jobs.contains(&job) {
            batch.jobs.push(job);
        }
    }
    batch.reserved = batch.reserved.plus(worst);
    batch.sealed_until = batch.sealed_until.into_iter().chain(plan.known_until).min();
    open_jobs(draft, redrive.batch, batch, team, plan, &redrive.terms, worst).map(|_| ())
}
