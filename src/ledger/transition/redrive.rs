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
use crate::ledger::table::{Batches, Jobs, Joins, Slots, Teams};
use crate::ledger::transition::admit::{open_jobs, put_slots, waits_for};
use crate::ledger::transition::frame::Frame;
use crate::ledger::transition::plan::Plan;
use crate::ledger::transition::quota::{keep, left, quotas_now};

/// Rewrites a batch's slots off a job that died. Asked again, it finds nothing left to do.
///
/// # Errors
/// [`Fault::Fenced`] where the job lives.
pub fn redrive(draft: &mut Draft<'_>, redrive: &Redrive) -> Result<Redriven, Fault> {
    let joined = (redrive.job, redrive.batch);
    if draft.find::<Joins>(&joined)?.is_none() {
        return Ok(Redriven::default());
    }
    let job = draft.need::<Jobs>(&redrive.job)?;
    if job.is_alive() {
        return Err(Fault::Fenced);
    }
    draft.delete::<Joins>(&joined);
    let Some(mut batch) = draft.find::<Batches>(&redrive.batch)? else {
        return Ok(Redriven::default());
    };
    batch.jobs.retain(|waiting| *waiting != redrive.job);
    let team = draft.need::<Teams>(&batch.team)?;
    if batch.canceled_at.is_some() || team.standing == Standing::Closed {
        draft.put::<Batches>(&redrive.batch, &batch);
        return Ok(Redriven::default());
    }
    let mut slots: Vec<Slot> =
        draft.pieces::<Slots>(&redrive.batch)?.into_iter().flat_map(|(_, chunk)| chunk).collect();
    let stranded = |slot: &Slot| matches!(slot.source, Source::Joined(at) if at.job == redrive.job);
    let asks: Vec<(u32, LeadAsk)> = (0_u32..)
        .zip(&slots)
        .filter(|(_, slot)| stranded(slot))
        .map(|(position, slot)| (position, slot.ask()))
        .collect();
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
        };
        Plan::make(draft, frame, asks.iter().copied())?
    };
    for ((position, _), new) in asks.iter().zip(&plan.slots) {
        let place = usize::try_from(*position).unwrap_or(usize::MAX);
        let Some(slot) = slots.get_mut(place) else { continue };
        slot.source = new.source;
    }
    put_slots(draft, redrive.batch, &slots);
    let Dispositions { fresh, trimmed, .. } = plan.dispositions;
    let reserved = plan.worst(&redrive.terms.prices);
    keep(draft, &quotas, reserved);
    reopen(draft, redrive, batch, &team, &plan, reserved)?;
    Ok(Redriven { fresh, refused: trimmed, reserved })
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
    open_jobs(draft, redrive.batch, batch, team, plan, &redrive.terms, worst).map(|_| ())
}
