//! Joiners: batches whose leads joined a job are credited with the list price of what its answers
//! gave them for nothing.

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::Amounts;
use crate::domain::pricing::{Prices, WorstCase};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::batch::Join;
use crate::ledger::record::job::{Answer, Job, Restoring, State, Way};
use crate::ledger::step::Credited;
use crate::ledger::table::{Answers, Batches, Jobs, Joins, SETTLED_AT_ONCE};
use crate::ledger::transition::post::post_avoided;
use crate::ledger::transition::schedule::put_job;

/// How many batches are credited in one step, and for how many of their leads.
const BATCHES_AT_ONCE: usize = 100;
const LEADS_AT_ONCE: usize = 500;

/// Credits joiners of a settled job that are left; the job is due until none is.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn credit_joiners(draft: &mut Draft<'_>, id: JobId) -> Result<Credited, Fault> {
    draft.foresee::<Jobs>(&id);
    draft.foresee_under::<Joins>(&id);
    let is_settled = |job: &Job| job.state == State::Done && job.way != Way::Call;
    let Some(mut job) = draft.find::<Jobs>(&id)?.filter(is_settled) else {
        return Ok(Credited { avoided: Vec::new(), is_all: true });
    };
    let credited = credit(draft, &job)?;
    if credited.is_all && job.due.is_some() && job.restoring != Restoring::Wanted {
        job.due = None;
        put_job(draft, &job)?;
    }
    Ok(credited)
}

/// Credits some of the joiners of a job whose answers are on the books.
///
/// While the job is alive, more may join. So the last of them are only taken for all if the group of
/// rows is validated, which is affordable while it is small. Nothing joins a job that is done.
pub(super) fn credit(draft: &mut Draft<'_>, job: &Job) -> Result<Credited, Fault> {
    let joins = draft.pieces::<Joins>(&job.id)?;
    let leads = |(_, join): &(_, Join)| join.joined.len().saturating_add(join.repeated.len());
    let waiting = joins.iter().map(leads).fold(0, usize::saturating_add);
    let is_all = joins.len() <= BATCHES_AT_ONCE && waiting <= LEADS_AT_ONCE;
    if is_all && job.state != State::Done {
        draft.under::<Joins>(&job.id)?;
    }
    let mut left = LEADS_AT_ONCE;
    let mut taken = Vec::new();
    for (key, mut join) in joins.into_iter().take(BATCHES_AT_ONCE) {
        let joined = front(&mut join.joined, &mut left);
        let repeated = front(&mut join.repeated, &mut left);
        for index in joined.iter().chain(&repeated) {
            draft.foresee::<Answers>(&(job.id, index.div_euclid(SETTLED_AT_ONCE)));
        }
        draft.foresee::<Batches>(&key.1);
        draft.foresee::<Joins>(&key);
        taken.push((key, joined, repeated));
        if left == 0 {
            break;
        }
    }
    let mut avoided = Vec::new();
    for (key, joined, repeated) in taken {
        avoided.extend(credit_batch(draft, job, key, &joined, &repeated)?);
    }
    Ok(Credited { avoided, is_all })
}

/// Takes indexes off the front of a list, as far as there is room.
fn front(list: &mut Vec<u32>, left: &mut usize) -> Vec<u32> {
    let rest = list.split_off(list.len().min(*left));
    *left = left.saturating_sub(list.len());
    std::mem::replace(list, rest)
}

/// Credits one batch for these of the job's leads.
fn credit_batch(
    draft: &mut Draft<'_>,
    job: &Job,
    key: (JobId, BatchId),
    joined: &[u32],
    repeated: &[u32],
) -> Result<Vec<(TeamId, Avoided)>, Fault> {
    let Some(mut join) = draft.find::<Joins>(&key)? else { return Ok(Vec::new()) };
    join.joined.drain(..joined.len().min(join.joined.len()));
    join.repeated.drain(..repeated.len().min(join.repeated.len()));
    let mut avoided = Vec::new();
    let mut sum = Amounts::ZERO;
    for (reason, indexes) in [(AvoidedReason::Joined, joined), (AvoidedReason::Repeated, repeated)]
    {
        let mut amounts = Amounts::ZERO;
        for index in indexes {
            amounts = amounts.plus(worth(draft, job, *index, join.reveals)?);
        }
        sum = sum.plus(amounts);
        post_avoided(draft, &join.team, draft.now(), amounts);
        if !amounts.is_zero() {
            avoided.push((join.team.clone(), Avoided { reason, amounts }));
        }
    }
    if let Some(mut batch) = draft.find::<Batches>(&key.1)? {
        batch.avoided = batch.avoided.plus(sum);
        draft.put::<Batches>(&key.1, &batch);
    }
    if join.joined.is_empty() && join.repeated.is_empty() {
        draft.delete::<Joins>(&key);
    } else {
        draft.put::<Joins>(&key, &join);
    }
    Ok(avoided)
}

/// List price of one answer, to a batch that asked `reveals`.
fn worth(draft: &Draft<'_>, job: &Job, index: u32, reveals: Reveals) -> Result<Amounts, Fault> {
    let row = (job.id, index.div_euclid(SETTLED_AT_ONCE));
    let place = usize::try_from(index.rem_euclid(SETTLED_AT_ONCE)).unwrap_or(usize::MAX);
    let answered = draft.peek::<Answers>(&row)?;
    let answer = answered.and_then(|answered| answered.answers.get(place).copied());
    let (Some(Answer::Found(found)), Some(prices)) = (answer, prices_of(job, index)) else {
        return Ok(Amounts::ZERO);
    };
    let phones = if reveals.phone { found.phones } else { 0 };
    let email = reveals.email && found.email;
    Ok(prices.price_of(WorstCase { find: true, email, phones }))
}

/// The prices that a lead of a job was admitted under.
fn prices_of(job: &Job, index: u32) -> Option<&Prices> {
    let mut ends = 0_u32;
    let part = job.parts.iter().find(|part| {
        ends = ends.saturating_add(part.leads);
        index < ends
    });
    part.map(|part| &part.prices)
}
