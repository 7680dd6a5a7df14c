//! Admission: slots, reservation, batch, jobs and entries, all or nothing.

use crate::domain::credits::Amounts;
use crate::domain::limits::{Limits, OnQuota, Room, UpTo};
use crate::domain::pricing::Charges;
use crate::domain::quota::Action;
use crate::domain::team::TeamId;
use crate::domain::team_limits::kept_bytes;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::batch::{Batch, Join, Slot, Source};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Job, JobLead, Part};
use crate::ledger::record::lead::Claim;
use crate::ledger::record::replay::Retry;
use crate::ledger::record::team::Team;
use crate::ledger::step::{
    Admission, Admitted, LeadAsk, Lost, Novelty, QuotaShort, Refused, Remaining, Terms,
};
use crate::ledger::table::{
    Batches, CHUNK, JobLeads, Jobs, Joins, Leads, Replays, Slots, Table, Teams,
};
use crate::ledger::transition::coach::is_gatherable;
use crate::ledger::transition::frame::Frame;
use crate::ledger::transition::lend::lend_place;
use crate::ledger::transition::limit::{
    Added, count, exceeded, foresee_limits, keys_added, left, limits_now,
};
use crate::ledger::transition::new_job::{NewJob, number};
use crate::ledger::transition::plan::Plan;
use crate::ledger::transition::post::{post_avoided, post_part};
use crate::ledger::transition::quota::{
    QuotaNow, keep, left as quota_left, periods, quotas_now, remaining, short,
};
use crate::ledger::transition::read::Reading;
use crate::ledger::transition::replay::{Recalled, affirm, avoided_by, recall, remember};
use crate::ledger::transition::schedule::put_job;
use crate::ledger::transition::team::may_ask;

/// Admits a batch, or refuses it and changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn admit(
    draft: &mut Draft<'_>,
    admission: &Admission,
) -> Result<Result<Admitted, Refused>, Fault> {
    draft.foresee::<Batches>(&admission.batch);
    if let Some(retry) = &admission.retry {
        draft.foresee::<Replays>(&retry.key);
    }
    foresee_leads(draft, &admission.leads);
    let Some(team) = draft.find::<Teams>(&admission.team)? else { return Ok(Err(Refused::NoTeam)) };
    if let Some(batch) = draft.find::<Batches>(&admission.batch)? {
        return admitted_before(draft, admission, &team, batch);
    }
    if let Err(refused) = may_ask(&team) {
        return Ok(Err(refused));
    }
    if let Some(retry) = &admission.retry {
        match recall(draft, &team, retry)? {
            Recalled::Nothing => {}
            Recalled::Batch(id, reading) => return replay(draft, retry, &team, id, *reading),
            Recalled::Call(_) | Recalled::OtherRequest => return Ok(Err(Refused::OtherRequest)),
        }
    }
    if !team.policies.allow(admission.reveals) {
        return Ok(Err(Refused::PhonesNotAllowed));
    }
    foresee_limits(draft, &team);
    let quotas = quotas_now(draft, &team)?;
    let frame = Frame {
        batch: admission.batch,
        jobs_made: 0,
        team: &team,
        reveals: admission.reveals,
        answers_since: team.policies.answers_since(admission.max_age, draft.now()),
        room: room_for(&quotas, admission.limits),
        terms: &admission.terms,
        lost: &admission.lost,
    };
    let plan = Plan::make(draft, frame, (0_u32..).zip(admission.leads.iter().copied()))?;
    let worst = plan.worst(&admission.terms.prices);
    let passed = match judge(&quotas, &team, admission.limits.most, worst) {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(refused)),
    };
    let is_all_trimmed = plan.dispositions.is_all_trimmed();
    let limits = limits_now(draft, &team, &admission.terms.team_limits)?;
    let added = added_by(draft, admission, &plan)?;
    if let Some(exceeded) = exceeded(&limits, &team.id, added) {
        return Ok(Err(Refused::Limit(exceeded)));
    }
    if admission.lost == Lost::Unknown {
        return Ok(Err(Refused::Unchecked(plan.unchecked.into_iter().collect())));
    }
    if admission.leads_expire_at.is_none() && !is_all_trimmed {
        return Ok(Err(Refused::NeedsLeads));
    }
    keep(draft, &quotas, worst);
    count(draft, &limits, added);
    let avoided = plan.avoided();
    let sum_avoided = avoided.iter().map(|avoided| avoided.amounts).sum();
    let now = draft.now();
    let batch = Batch {
        team: team.id.clone(),
        opening: team.opening,
        token: admission.token,
        way: admission.way,
        request: admission.request.clone(),
        reveals: admission.reveals,
        most: admission.limits.most,
        admitted_at: now,
        answers_since: frame.answers_since,
        dispositions: plan.dispositions,
        reserved: worst,
        avoided: sum_avoided,
        jobs: waits_for(&plan),
        jobs_made: 0,
        canceled_at: None,
        canceled_for: None,
        sealed_until: plan.known_until.into_iter().chain(admission.leads_expire_at).min(),
        kept_bytes: added.kept_bytes,
    };
    if !is_all_trimmed {
        put_slots(draft, admission.batch, &plan.slots);
    }
    let batch = open_jobs(draft, admission.batch, batch, &team, &plan, &admission.terms, worst)?;
    post_avoided(draft, &team.id, now, sum_avoided);
    if let Some(retry) = &admission.retry {
        remember(draft, &team.id, retry, admission.batch);
    }
    Ok(Ok(Admitted {
        id: admission.batch,
        batch,
        novelty: Novelty::New,
        avoided,
        remaining: Remaining { limits: left(&limits, added), ..remaining(&quotas, worst) },
        passed,
    }))
}

/// What an admission adds to what counts towards its team's limits. Of a batch that is trimmed to
/// nothing only its row is kept.
fn added_by(draft: &Draft<'_>, admission: &Admission, plan: &Plan) -> Result<Added, Fault> {
    let count = plan.dispositions;
    let (leads, bytes) = if count.is_all_trimmed() {
        (0, 0)
    } else {
        (admission.leads.len(), admission.field_bytes)
    };
    Ok(Added {
        open_batches: u64::from(!plan.jobs.is_empty()),
        kept_bytes: kept_bytes(leads, bytes),
        leads: count.submitted.saturating_sub(count.trimmed),
        idempotency_keys: keys_added(draft, admission.retry.as_ref())?,
    })
}

pub(super) fn foresee_leads(draft: &Draft<'_>, leads: &[LeadAsk]) {
    for lead in leads {
        lead.keys().for_each(|key| draft.foresee::<Leads>(&key));
    }
}

fn admitted_before(
    draft: &mut Draft<'_>,
    admission: &Admission,
    team: &Team,
    batch: Batch,
) -> Result<Result<Admitted, Refused>, Fault> {
    if batch.token != admission.token || batch.team != admission.team {
        return Ok(Err(Refused::Collision));
    }
    // Written once more, so that it is confirmed: it may not have been when it was first answered.
    draft.put::<Batches>(&admission.batch, &batch);
    Ok(Ok(Admitted {
        id: admission.batch,
        batch,
        novelty: Novelty::AskedAgain,
        avoided: Vec::new(),
        remaining: remaining(&quotas_now(draft, team)?, Amounts::ZERO),
        passed: Vec::new(),
    }))
}

/// The answer to a retry. It moves no credits, so no quota is asked.
fn replay(
    draft: &mut Draft<'_>,
    retry: &Retry,
    team: &Team,
    id: BatchId,
    reading: Reading,
) -> Result<Result<Admitted, Refused>, Fault> {
    affirm(draft, retry)?;
    Ok(Ok(Admitted {
        id,
        novelty: Novelty::Replayed,
        avoided: avoided_by(&reading),
        batch: reading.batch,
        remaining: remaining(&quotas_now(draft, team)?, Amounts::ZERO),
        passed: Vec::new(),
    }))
}

/// What may be reserved for a batch before its leads are trimmed.
pub(super) fn room_for(quotas: &[QuotaNow<'_>], limits: Limits) -> Room {
    match limits.on_quota {
        OnQuota::Refuse => Room::new(UpTo::ANY),
        OnQuota::Trim => Room::new(quota_left(quotas)),
    }
}

/// Whether a worst case is allowed by its caller and by the quotas, of which those that only warn
/// and are passed are told.
pub(super) fn judge(
    quotas: &[QuotaNow<'_>],
    team: &Team,
    most: UpTo,
    worst: Amounts,
) -> Result<Vec<QuotaShort>, Refused> {
    if let Some(excess) = most.passed_by(worst) {
        return Err(Refused::Beyond(excess));
    }
    fit(quotas, team, worst).map_err(Refused::Quota)
}

/// The quotas that only warn and are passed; the first that refuses, where one does.
pub(super) fn fit(
    quotas: &[QuotaNow<'_>],
    team: &Team,
    worst: Amounts,
) -> Result<Vec<QuotaShort>, Box<QuotaShort>> {
    let mut passed = Vec::new();
    for (action, short) in short(quotas, team, worst) {
        match action {
            Action::Refuse => return Err(Box::new(short)),
            Action::Warn => passed.push(short),
        }
    }
    Ok(passed)
}

/// The jobs that a plan's slots wait for.
pub(super) fn waits_for(plan: &Plan) -> Vec<JobId> {
    let waiting = plan.slots.iter().filter_map(|slot| match slot.source {
        Source::Own(at) | Source::Joined(at) | Source::Repeated(at) => Some(at.job),
        Source::Cached(_) | Source::Removed | Source::NotFound | Source::Refused => None,
    });
    let mut jobs: Vec<_> = waiting.collect();
    jobs.sort_unstable();
    jobs.dedup();
    jobs
}

pub(super) fn put_slots(draft: &mut Draft<'_>, batch: BatchId, slots: &[Slot]) {
    put_chunks::<Slots, _, _>(draft, batch, slots);
}

/// Puts a list in rows of [`CHUNK`].
pub(super) fn put_chunks<T, K, R>(draft: &mut Draft<'_>, owner: K, list: &[R])
where
    K: Copy,
    R: Clone,
    T: Table<Key = (K, u32), Row = Vec<R>>,
{
    let size = usize::try_from(CHUNK).expect("a chunk fits memory");
    for (number, chunk) in (0_u32..).zip(list.chunks(size)) {
        draft.put::<T>(&(owner, number), &chunk.to_vec());
    }
}

/// Writes a plan's jobs, their leads, claims, joins and reservations, and the batch that made them.
pub(super) fn open_jobs(
    draft: &mut Draft<'_>,
    id: BatchId,
    mut batch: Batch,
    team: &Team,
    plan: &Plan,
    terms: &Terms,
    worst: Amounts,
) -> Result<Batch, Fault> {
    let now = draft.now();
    foresee_jobs(draft, id, batch.jobs_made, plan);
    let mut reserved_in_all = Amounts::ZERO;
    for NewJob { reveals, own } in &plan.jobs {
        let job = JobId { batch: id, ordinal: batch.jobs_made };
        batch.jobs_made = batch.jobs_made.saturating_add(1);
        let reserved = own.iter().map(|lead| terms.prices.price_of(lead.worst)).sum();
        reserved_in_all = reserved_in_all.plus(reserved);
        let part = Part {
            batch: id,
            team: team.id.clone(),
            request: batch.request.clone(),
            kept_for: team.keeps_to().cloned(),
            leads: number(own.len()),
            admitted_at: now,
            periods: periods(team, now),
            prices: terms.prices,
            reserved,
            unresolved: Amounts::ZERO,
            charged: Charges::ZERO,
            word: None,
        };
        let job = Job { reveals: *reveals, ..ready(job, part.clone(), &batch) };
        let waits_until = is_gatherable(&job, terms).then(|| now.after(terms.gather_window));
        let mut job = Job { waits_until, due: waits_until.or(Some(now)), ..job };
        claim(draft, &job, own, team.keeps_to())?;
        put_chunks::<JobLeads, _, _>(draft, job.id, own);
        let change = Change { reserved, ..Change::default() };
        post_part(draft, &mut job, &part, Fact::Reserved, change, Charges::ZERO);
        put_job(draft, &job)?;
    }
    if reserved_in_all != worst {
        return Err(Fault::Invariant(format!(
            "batch {id}: the jobs' parts are not its worst case"
        )));
    }
    for job in plan.taken.keys() {
        draft.foresee::<Joins>(&(*job, id));
    }
    for (job, taken) in &plan.taken {
        // A batch driven again may take more from a job than it took before.
        let mut join = draft.find::<Joins>(&(*job, id))?.unwrap_or_else(|| Join {
            team: team.id.clone(),
            reveals: batch.reveals,
            joined: Vec::new(),
            repeated: Vec::new(),
            driven_to: 0,
        });
        join.joined.extend(&taken.joined);
        join.repeated.extend(&taken.repeated);
        draft.put::<Joins>(&(*job, id), &join);
    }
    let joined = plan.taken.keys().filter(|job| job.batch != id).copied();
    lend_place(draft, joined, &team.id, batch.way)?;
    draft.put::<Batches>(&id, &batch);
    Ok(batch)
}

/// Prefetches the rows that opening a plan's jobs reads.
fn foresee_jobs(draft: &Draft<'_>, id: BatchId, jobs_made: u32, plan: &Plan) {
    for ordinal in (jobs_made..).take(plan.jobs.len()) {
        draft.foresee::<Jobs>(&JobId { batch: id, ordinal });
    }
    for job in plan.taken.keys() {
        draft.foresee::<Joins>(&(*job, id));
    }
}

fn ready(id: JobId, part: Part, batch: &Batch) -> Job {
    Job { reveals: batch.reveals, leads: part.leads, parts: vec![part], ..Job::new(id, batch.way) }
}

/// Lets other batches find the job under its leads' keys. Claims of dead jobs are dropped.
fn claim(
    draft: &mut Draft<'_>,
    job: &Job,
    own: &[JobLead],
    kept_for: Option<&TeamId>,
) -> Result<(), Fault> {
    for (index, lead) in (0_u32..).zip(own) {
        let mut row = draft.find::<Leads>(&lead.key)?.unwrap_or_default();
        let mut claims = Vec::new();
        for claim in row.claims {
            if draft.find::<Jobs>(&claim.at.job)?.is_some_and(|job| job.is_alive()) {
                claims.push(claim);
            }
        }
        let at = ResultRef { job: job.id, index };
        claims.push(Claim { at, reveals: job.reveals, kept_for: kept_for.cloned() });
        row.claims = claims;
        row.touched_at = Some(draft.now());
        draft.put::<Leads>(&lead.key, &row);
    }
    Ok(())
}
