//! Driving leads again whose job died before it answered: they had joined it for nothing, and now
//! go their own way under their own team's quota.

use crate::domain::credits::Amounts;
use crate::domain::limits::{Room, UpTo};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::batch::{Batch, Slot, Source};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::step::{LeadAsk, Redrive, Redriven};
use crate::ledger::table::{Batches, Jobs, Joins, Slots, Teams};
use crate::ledger::transition::admit::{fit, open_jobs, put_slots, waits_for};
use crate::ledger::transition::plan::{Frame, Plan};
use crate::ledger::transition::quota::{keep, quotas_now};

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
    if batch.canceled_at.is_some() {
        draft.put::<Batches>(&redrive.batch, &batch);
        return Ok(Redriven::default());
    }
    let mut slots: Vec<Slot> =
        draft.pieces::<Slots>(&redrive.batch)?.into_iter().flat_map(|(_, chunk)| chunk).collect();
    let stranded = |slot: &Slot| matches!(slot.source, Source::Joined(at) if at.job == redrive.job);
    let asks: Vec<(u32, LeadAsk)> = (0_u32..)
        .zip(&slots)
        .filter(|(_, slot)| stranded(slot))
        .map(|(position, slot)| (position, LeadAsk { key: slot.key, other: slot.other }))
        .collect();
    let plan = {
        let frame = Frame {
            batch: redrive.batch,
            jobs_made: batch.jobs_made,
            reveals: batch.reveals,
            room: Room::new(UpTo::ANY),
            terms: &redrive.terms,
        };
        Plan::make(draft, frame, asks.iter().copied())?
    };
    let team = draft.need::<Teams>(&batch.team)?;
    let mut outcome = Redriven::default();
    let plan = if may_pay(draft, &team, &plan, redrive)? {
        plan
    } else {
        outcome.refused = plan.dispositions.fresh;
        without_own(plan)
    };
    for ((position, _), new) in asks.iter().zip(&plan.slots) {
        let place = usize::try_from(*position).unwrap_or(usize::MAX);
        let Some(slot) = slots.get_mut(place) else { continue };
        slot.source = new.source;
    }
    put_slots(draft, redrive.batch, &slots);
    outcome.fresh = count(&plan);
    outcome.reserved = plan.worst(&redrive.terms.prices);
    reopen(draft, redrive, batch, &team, &plan, outcome.reserved)?;
    Ok(outcome)
}

fn count(plan: &Plan) -> u32 {
    u32::try_from(plan.own.len()).unwrap_or(u32::MAX)
}

fn may_pay(
    draft: &mut Draft<'_>,
    team: &Team,
    plan: &Plan,
    redrive: &Redrive,
) -> Result<bool, Fault> {
    if plan.own.is_empty() {
        return Ok(true);
    }
    let quotas = quotas_now(draft, team)?;
    let worst = plan.worst(&redrive.terms.prices);
    let may = fit(&quotas, team, worst).is_ok() && team.standing != Standing::Closed;
    if may {
        keep(draft, &quotas, worst);
    }
    Ok(may)
}

/// The plan with all that would cost refused.
fn without_own(mut plan: Plan) -> Plan {
    for slot in &mut plan.slots {
        if matches!(slot.source, Source::Own(_) | Source::Repeated(_)) {
            slot.source = Source::Refused;
        }
    }
    let own: Vec<_> = std::mem::take(&mut plan.own);
    if !own.is_empty() {
        plan.taken.retain(|_, taken| !taken.joined.is_empty());
    }
    plan
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
