//! Opening a validation: which addresses are known, which are under way, which are to be sent.

use super::plan::{Plan, times};
use super::{OpenedValidation, ValidationOpened, ValidationOrder, call_of};
use crate::domain::credits::Amounts;
use crate::domain::limits::UpTo;
use crate::domain::reveal::Reveals;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease, ResultRef};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::job::{State, Way};
use crate::ledger::record::replay::Replay;
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::record::validation::{AddressRow, Validation};
use crate::ledger::step::Refused;
use crate::ledger::table::{
    Addresses, Batches, JobLeads, Jobs, Leads, Replays, Teams, Validations,
};
use crate::ledger::transition::admit::{fit, put_chunks, put_slots};
use crate::ledger::transition::call::{Opening, put_call};
use crate::ledger::transition::post::post_avoided;
use crate::ledger::transition::quota::{keep, quotas_now, remaining};

/// Opens a validation, or refuses it and changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where it was opened before, and its call is no longer being made.
pub fn open_validation(
    draft: &mut Draft<'_>,
    order: &ValidationOrder,
) -> Result<Result<ValidationOpened, Refused>, Fault> {
    draft.foresee::<Batches>(&order.batch);
    draft.foresee::<Replays>(&order.replay);
    for address in &order.addresses {
        draft.foresee::<Addresses>(address);
        draft.foresee::<Leads>(address);
    }
    let Some(team) = draft.find::<Teams>(&order.team)? else { return Ok(Err(Refused::NoTeam)) };
    if let Some(batch) = draft.find::<Batches>(&order.batch)? {
        return opened_before(draft, order, &team, batch);
    }
    match team.standing {
        Standing::Open => {}
        Standing::Paused => return Ok(Err(Refused::Paused)),
        Standing::Closed => return Ok(Err(Refused::NoTeam)),
    }
    if let Some(before) = asked_before(draft, order)? {
        return Ok(Ok(before));
    }
    let Some(plan) = Plan::make(draft, order)? else { return Ok(Ok(ValidationOpened::Busy)) };
    let worst = times(order.price, plan.own.len());
    let quotas = quotas_now(draft, &team)?;
    let passed = match fit(&quotas, &team, worst) {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(Refused::Quota(refused))),
    };
    keep(draft, &quotas, worst);
    let remaining = remaining(&quotas, worst);
    let call = if plan.own.is_empty() { None } else { Some(send(draft, order, &team, &plan)?) };
    let batch = put(draft, order, &plan, call.map(|(job, _)| job))?;
    post_avoided(draft, &team.id, batch.admitted_at, batch.avoided);
    let avoided = plan.avoided(order.price);
    let fresh = plan.own.iter().map(|lead| lead.position).collect();
    let opened = OpenedValidation { batch, call, fresh, avoided, remaining, passed };
    Ok(Ok(ValidationOpened::Opened(Box::new(opened))))
}

fn opened_before(
    draft: &Draft<'_>,
    order: &ValidationOrder,
    team: &Team,
    batch: Batch,
) -> Result<Result<ValidationOpened, Refused>, Fault> {
    if batch.token != order.token || batch.team != order.team {
        return Ok(Err(Refused::Collision));
    }
    let call = match draft.find::<Jobs>(&call_of(order.batch))? {
        Some(job) if job.state == State::Sending => Some((job.id, job.lease)),
        Some(_) => return Err(Fault::Fenced),
        None => None,
    };
    let leads = draft.pieces::<JobLeads>(&call_of(order.batch))?;
    let fresh = leads.into_iter().flat_map(|(_, chunk)| chunk).map(|lead| lead.position).collect();
    let remaining = remaining(&quotas_now(draft, team)?, Amounts::ZERO);
    let (avoided, passed) = (Vec::new(), Vec::new());
    let opened = OpenedValidation { batch, call, fresh, avoided, remaining, passed };
    Ok(Ok(ValidationOpened::Opened(Box::new(opened))))
}

/// Whether the same request was made a moment ago, and what became of it. One that was certainly not
/// taken, or was cancelled, is none.
fn asked_before(
    draft: &mut Draft<'_>,
    order: &ValidationOrder,
) -> Result<Option<ValidationOpened>, Fault> {
    let now = draft.now();
    let is_same = |before: &Replay| before.request == order.request && now < before.until;
    let before = draft.find::<Replays>(&order.replay)?.filter(is_same);
    let Some(asked) = before else { return Ok(None) };
    let batch = draft.find::<Batches>(&asked.batch)?;
    let Some(batch) = batch.filter(|batch| batch.team == order.team) else { return Ok(None) };
    if batch.canceled_at.is_some() {
        return Ok(None);
    }
    let job = draft.find::<Jobs>(&call_of(asked.batch))?;
    Ok(match job.map(|job| job.state) {
        Some(State::Sending) => Some(ValidationOpened::Busy),
        Some(State::Void(_)) => None,
        _ => {
            // A store that confirms what it writes so confirms the first opening.
            draft.put::<Replays>(&order.replay, &asked);
            Some(ValidationOpened::Replayed(asked.batch))
        }
    })
}

/// Writes down that the fresh addresses of a plan are being sent.
fn send(
    draft: &mut Draft<'_>,
    order: &ValidationOrder,
    team: &Team,
    plan: &Plan,
) -> Result<(JobId, Lease), Fault> {
    let opening = Opening {
        batch: order.batch,
        token: order.token,
        team: order.team.clone(),
        worst: times(order.price, plan.own.len()),
        most: UpTo::ANY,
        retry: None,
        prices: order.prices,
        lease_for: order.lease_for,
    };
    let carries = u32::try_from(plan.own.len()).unwrap_or(u32::MAX);
    let job = put_call(draft, &opening, team, carries)?;
    put_chunks::<JobLeads, _, _>(draft, job.id, &plan.own);
    let asked_at = draft.now();
    for (index, lead) in (0_u32..).zip(&plan.own) {
        let at = ResultRef { job: job.id, index };
        draft.put::<Addresses>(&lead.key, &AddressRow { at, asked_at });
    }
    let validation = Validation {
        named: None,
        asked_at,
        ended_at: None,
        answered: 0,
        is_canceled: false,
        is_joined: false,
    };
    draft.put::<Validations>(&order.batch, &validation);
    Ok((job.id, job.lease))
}

/// Writes a plan's slots, and the batch that they are of.
fn put(
    draft: &mut Draft<'_>,
    order: &ValidationOrder,
    plan: &Plan,
    call: Option<JobId>,
) -> Result<Batch, Fault> {
    for batch in &plan.joined {
        let validation = draft.need::<Validations>(batch)?;
        draft.put::<Validations>(batch, &Validation { is_joined: true, ..validation });
    }
    let now = draft.now();
    let batch = Batch {
        team: order.team.clone(),
        token: order.token,
        way: Way::Call,
        reveals: Reveals::default(),
        most: UpTo::ANY,
        answers_since: None,
        admitted_at: now,
        dispositions: plan.dispositions,
        reserved: times(order.price, plan.own.len()),
        avoided: plan.avoided(order.price).iter().map(|avoided| avoided.amounts).sum(),
        jobs: call.into_iter().chain(plan.joined.iter().copied().map(call_of)).collect(),
        jobs_made: u32::from(call.is_some()),
        canceled_at: None,
    };
    put_slots(draft, order.batch, &plan.slots);
    draft.put::<Batches>(&order.batch, &batch);
    let until = now.after(order.replay_window);
    let replay = Replay { request: order.request, batch: order.batch, until };
    draft.put::<Replays>(&order.replay, &replay);
    Ok(batch)
}
