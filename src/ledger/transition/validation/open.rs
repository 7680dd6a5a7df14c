//! Opening a validation: which addresses are known, which are under way, which are to be sent.

use super::plan::{Plan, key_for, times};
use super::{OpenedValidation, ValidationOpened, ValidationOrder, call_of};
use crate::domain::budget::{NoRoom, SharedUse};
use crate::domain::credits::Amounts;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::team_limits::kept_bytes;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease, ResultRef};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::job::{State, Way};
use crate::ledger::record::replay::{Retry, ToldBy};
use crate::ledger::record::team::Team;
use crate::ledger::record::validation::{AddressRow, Validation};
use crate::ledger::step::{Lost, Refused, Remaining};
use crate::ledger::table::{
    Addresses, Batches, HourlyUses, JobLeads, Jobs, Leads, Replays, Teams, Validations,
};
use crate::ledger::transition::admit::{judge, put_chunks, put_slots};
use crate::ledger::transition::call::{Opening, put_call};
use crate::ledger::transition::limit::{
    Added, count, exceeded, foresee_limits, keys_added, left, limits_now,
};
use crate::ledger::transition::new_job::number;
use crate::ledger::transition::outage;
use crate::ledger::transition::post::post_avoided;
use crate::ledger::transition::quota::{keep, quotas_now, remaining};
use crate::ledger::transition::replay::{CallBefore, Recalled, affirm, recall, remember};
use crate::ledger::transition::team::may_ask;

/// Opens a validation, or refuses it and changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where it was opened before, and its call is no longer being made.
pub fn open_validation(
    draft: &mut Draft<'_>,
    order: &ValidationOrder,
) -> Result<Result<ValidationOpened, Refused>, Fault> {
    draft.foresee::<Batches>(&order.batch);
    if let Some(retry) = &order.retry {
        draft.foresee::<Replays>(&retry.key);
    }
    outage::foresee(draft);
    let used_rows = [HOUR.to_owned(), hour_of(&order.team)];
    for row in &used_rows {
        draft.foresee::<HourlyUses>(row);
    }
    let Some(team) = draft.find::<Teams>(&order.team)? else { return Ok(Err(Refused::NoTeam)) };
    for address in &order.addresses {
        draft.foresee::<Addresses>(&key_for(&team, *address));
        draft.foresee::<Leads>(address);
    }
    if let Some(batch) = draft.find::<Batches>(&order.batch)? {
        return opened_before(draft, order, &team, batch);
    }
    if let Err(refused) = may_ask(&team) {
        return Ok(Err(refused));
    }
    if let Some(retry) = &order.retry
        && let Some(before) = asked_before(draft, &team, retry)?
    {
        return Ok(before);
    }
    foresee_limits(draft, &team);
    let Some(plan) = Plan::make(draft, order, &team)? else {
        return Ok(Ok(ValidationOpened::Busy));
    };
    let worst = times(order.price, plan.own.len());
    let quotas = quotas_now(draft, &team)?;
    let limits = limits_now(draft, &team, &order.limits)?;
    let passed = match judge(&quotas, &team, order.most, worst) {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(refused)),
    };
    let added = Added {
        open_batches: u64::from(!plan.own.is_empty()),
        kept_bytes: kept_bytes(order.addresses.len(), order.field_bytes),
        leads: plan.dispositions.submitted,
        idempotency_keys: keys_added(draft, order.retry.as_ref())?,
    };
    if let Some(exceeded) = exceeded(&limits, &team.id, added) {
        return Ok(Err(Refused::Limit(exceeded)));
    }
    let used = match used_with(draft, order, plan.own.len())? {
        Ok(used) => used,
        Err(no_room) => return Ok(Err(Refused::TooManyValidations(no_room))),
    };
    if order.lost == Lost::Unknown {
        return Ok(Err(Refused::Unchecked(plan.unchecked.into_iter().collect())));
    }
    if !plan.own.is_empty()
        && let Err(probe_at) = outage::pass_once(draft)?
    {
        return Ok(Err(Refused::NoAnswers(probe_at)));
    }
    if let Some(used) = used {
        let [all, own] = used_rows;
        draft.put::<HourlyUses>(&all, &used.all);
        draft.put::<HourlyUses>(&own, &used.own);
    }
    keep(draft, &quotas, worst);
    count(draft, &limits, added);
    let remaining = Remaining { limits: left(&limits, added), ..remaining(&quotas, worst) };
    let call = if plan.own.is_empty() { None } else { Some(send(draft, order, &team, &plan)?) };
    let batch = put(draft, order, &team, &plan, call.map(|(job, _)| job))?;
    post_avoided(draft, &team.id, batch.admitted_at, batch.avoided);
    let avoided = plan.avoided(order.price);
    let fresh = plan.own.iter().map(|lead| lead.position).collect();
    let opened = OpenedValidation { batch, call, fresh, avoided, remaining, passed };
    Ok(Ok(ValidationOpened::Opened(Box::new(opened))))
}

/// Where the use of the last hour is of all teams.
const HOUR: &str = "validations";

/// Where that of one team is.
fn hour_of(team: &TeamId) -> String {
    format!("{HOUR} {team}")
}

/// What was used of the vendor's hour with so many addresses more; none where there are none.
fn used_with(
    draft: &Draft<'_>,
    order: &ValidationOrder,
    addresses: usize,
) -> Result<Result<Option<SharedUse>, NoRoom>, Fault> {
    if addresses == 0 {
        return Ok(Ok(None));
    }
    let row = |name| Ok::<_, Fault>(draft.find::<HourlyUses>(&name)?.unwrap_or_default());
    let used = SharedUse { all: row(HOUR.to_owned())?, own: row(hour_of(&order.team))? };
    let wanted = u64::try_from(addresses).unwrap_or(u64::MAX);
    Ok(used.spend(wanted, order.per_hour, order.share, draft.now()).map(Some))
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

/// What became of the same request, where it was made before. One that was cancelled is none, and one
/// whose verdicts are lost, unless its caller says by a key that it is the same.
fn asked_before(
    draft: &mut Draft<'_>,
    team: &Team,
    retry: &Retry,
) -> Result<Option<Result<ValidationOpened, Refused>>, Fault> {
    let CallBefore { id, batch, job } = match recall(draft, team, retry)? {
        Recalled::Nothing => return Ok(None),
        Recalled::Call(before) => *before,
        Recalled::Batch(..) | Recalled::OtherRequest => {
            return Ok(Some(Err(Refused::OtherRequest)));
        }
    };
    let is_readable = draft.now() < batch.admitted_at.after(retry.batch_ttl);
    let came_to_nothing = batch.canceled_at.is_some() || retry.lost == Some(id);
    if !is_readable || (came_to_nothing && retry.by == ToldBy::Content) {
        return Ok(None);
    }
    if job.is_some_and(|job| job.state == State::Sending) {
        return Ok(Some(Ok(ValidationOpened::Busy)));
    }
    affirm(draft, retry)?;
    Ok(Some(Ok(ValidationOpened::Replayed(id))))
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
        most: order.most,
        retry: order.retry,
        prices: order.prices,
        lease_for: order.lease_for,
        limits: order.limits,
    };
    let carries = number(plan.own.len());
    let job = put_call(draft, &opening, team, carries)?;
    put_chunks::<JobLeads, _, _>(draft, job.id, &plan.own);
    let asked_at = draft.now();
    for (index, lead) in (0_u32..).zip(&plan.own) {
        let at = ResultRef { job: job.id, index };
        draft.put::<Addresses>(&key_for(team, lead.key), &AddressRow { at, asked_at });
    }
    let validation = Validation {
        named: None,
        asked_at,
        ended_at: None,
        results_until: None,
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
    team: &Team,
    plan: &Plan,
    call: Option<JobId>,
) -> Result<Batch, Fault> {
    for batch in &plan.joined {
        let validation = draft.need::<Validations>(batch)?;
        draft.put::<Validations>(batch, &Validation { is_joined: true, ..validation });
    }
    let now = draft.now();
    let batch = Batch {
        team: team.id.clone(),
        opening: team.opening,
        token: order.token,
        way: Way::Call,
        request: None,
        reveals: Reveals::default(),
        most: order.most,
        answers_since: None,
        admitted_at: now,
        dispositions: plan.dispositions,
        reserved: times(order.price, plan.own.len()),
        avoided: plan.avoided(order.price).iter().map(|avoided| avoided.amounts).sum(),
        jobs: call.into_iter().chain(plan.joined.iter().copied().map(call_of)).collect(),
        jobs_made: u32::from(call.is_some()),
        canceled_at: None,
        canceled_for: None,
        sealed_until: plan.known_until.into_iter().chain([order.addresses_expire_at]).min(),
        kept_bytes: kept_bytes(order.addresses.len(), order.field_bytes),
    };
    put_slots(draft, order.batch, &plan.slots);
    draft.put::<Batches>(&order.batch, &batch);
    if let Some(retry) = &order.retry {
        remember(draft, &team.id, retry, order.batch);
    }
    Ok(batch)
}
