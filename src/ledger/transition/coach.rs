//! Coaches: jobs in which gathered ones travel to the vendor as one of its batches.
//!
//! A gathered job keeps all that is its own: its leads and their claims, its part and its reservation,
//! the slots and joins that point at it. Only the journey is the coach's: attempts, the vendor's
//! name, when to look again. So whatever is asked about one batch is asked of that batch's own job,
//! as ever; what befalls a coach befalls each of its passengers in the same step.

use std::collections::HashSet;
use std::ops::Bound;

use crate::domain::identity::keys::LeadKey;
use crate::domain::reveal::Reveals;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::job::{Cause, Job, JobLead, State, Way};
use crate::ledger::record::lane::Urgency;
use crate::ledger::step::{Gathered, Gathering, Load, Split, Splitting, Terms};
use crate::ledger::table::{Batches, JobLeads, Jobs, Waiting};
use crate::ledger::transition::close::{foresee_joins, release};
use crate::ledger::transition::new_job::number;
use crate::ledger::transition::schedule::{leased, put_job};
use crate::ledger::transition::send::mark_unanswered;

/// A job of more leads does not wait for others: it is worth a request of its own.
const GATHERED_LEADS_MAX: u32 = 100;

/// A coach has no more passengers: what a step over all of them moves stays within some thousand
/// rows, and one lead that the vendor refuses delays no more callers than these.
const PASSENGERS_MAX: usize = 500;

/// How often a combined job is halved before its members go alone. One bad member of 500 is found within
/// some 70 requests, and however many are bad, there are no more than these halves and one request for
/// each member.
const HALVINGS_MAX: u32 = 3;

/// Whether a new job waits for others to travel with.
pub(super) fn is_gatherable(job: &Job, terms: &Terms) -> bool {
    !terms.gather_window.is_zero() && job.way == Way::Batch && job.leads <= GATHERED_LEADS_MAX
}

/// Gathers the jobs of one set of reveals, where the first of them has waited for long enough: all
/// that wait, also those that came last, as far as there is room. None where there are no two that
/// may travel together.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn gather(draft: &mut Draft<'_>, gathering: &Gathering) -> Result<Option<Gathered>, Fault> {
    // None waits for longer than the window, so all who wait are few.
    let waiting = draft.from::<Waiting>(Bound::Unbounded, usize::MAX)?;
    for reveals in Reveals::SETS {
        let jobs = waiting.iter().filter(|((of, _), _)| *of == reveals);
        let jobs: Vec<_> = jobs.map(|((_, (until, job)), _)| (*until, *job)).collect();
        if jobs.first().is_none_or(|(until, _)| *until > draft.now()) {
            continue;
        }
        let boarding = board(draft, &jobs, gathering.leads_max)?;
        if boarding.len() > 1 {
            return depart(draft, reveals, boarding, 0).map(Some);
        }
    }
    Ok(None)
}

/// Who may travel together, of those who wait: no one is asked for twice in one batch, since the
/// vendor may charge that twice.
fn board(
    draft: &Draft<'_>,
    waiting: &[(Timestamp, JobId)],
    leads_max: u32,
) -> Result<Vec<Job>, Fault> {
    for (_, id) in waiting.iter().take(PASSENGERS_MAX) {
        draft.foresee::<Jobs>(id);
        draft.foresee_under::<JobLeads>(id);
    }
    let (mut aboard, mut seen) = (Vec::new(), HashSet::new());
    let mut room = leads_max;
    for (until, id) in waiting {
        if aboard.len() >= PASSENGERS_MAX {
            break;
        }
        // Whose turn another has taken meanwhile waits no more.
        let Some(job) = draft.find::<Jobs>(id)?.filter(|job| job.waits_until == Some(*until))
        else {
            continue;
        };
        let Some(rest) = room.checked_sub(job.leads) else { continue };
        let keys: Vec<LeadKey> = leads_of(draft, *id)?.iter().map(|lead| lead.key).collect();
        if keys.iter().all(|key| !seen.contains(key)) {
            room = rest;
            seen.extend(keys);
            aboard.push(job);
        }
    }
    Ok(aboard)
}

/// All leads of a job, in order.
pub(super) fn leads_of(draft: &Draft<'_>, job: JobId) -> Result<Vec<JobLead>, Fault> {
    Ok(draft.pieces::<JobLeads>(&job)?.into_iter().flat_map(|(_, chunk)| chunk).collect())
}

/// Puts jobs in a coach of their own, ready to be sent.
fn depart(
    draft: &mut Draft<'_>,
    reveals: Reveals,
    aboard: Vec<Job>,
    halvings: u32,
) -> Result<Gathered, Fault> {
    let first =
        aboard.first().ok_or_else(|| Fault::Invariant("the combined job has no members".into()))?;
    let mut coach = Job {
        reveals,
        leads: aboard.iter().fold(0, |leads, job| job.leads.saturating_add(leads)),
        passengers: aboard.iter().map(|job| job.id).collect(),
        due: Some(draft.now()),
        refusals: halvings,
        ..Job::new(first.id.coach(), Way::Batch)
    };
    queue_with(&mut coach, &aboard);
    if draft.find::<Jobs>(&coach.id)?.is_some() {
        return Err(Fault::Invariant(format!("two combined jobs have the id {}", coach.id)));
    }
    let jobs = number(aboard.len());
    for mut job in aboard {
        job.state = State::Gathered(coach.id);
        (job.due, job.waits_until) = (None, None);
        put_job(draft, &job)?;
    }
    put_job(draft, &coach)?;
    Ok(Gathered { coach: coach.id, jobs, leads: coach.leads })
}

/// A coach is due in the queues of the teams that wait for its passengers.
fn queue_with(coach: &mut Job, aboard: &[Job]) {
    coach.waiters.clear();
    for job in aboard {
        for part in &job.parts {
            coach.add_waiter(&part.team, Urgency::Usual);
        }
        for waiter in &job.waiters {
            coach.add_waiter(&waiter.team, waiter.urgency);
        }
    }
}

/// What travels to the vendor with a job, in order: its own leads, or those of its passengers.
///
/// # Errors
/// [`Fault::Fenced`] where there is no such job.
pub fn load(draft: &Draft<'_>, id: JobId) -> Result<Vec<Load>, Fault> {
    let job = draft.find::<Jobs>(&id)?.ok_or(Fault::Fenced)?;
    let aboard = if job.is_coach() { passengers(draft, &job)? } else { vec![job] };
    for job in &aboard {
        draft.foresee_under::<JobLeads>(&job.id);
        job.parts.iter().for_each(|part| draft.foresee::<Batches>(&part.batch));
    }
    let mut all = Vec::new();
    for job in aboard {
        let mut leads = leads_of(draft, job.id)?;
        leads.truncate(usize::try_from(job.sent_to()).unwrap_or(usize::MAX));
        let mut first: u32 = 0;
        for part in &job.parts {
            let count = usize::try_from(part.leads).unwrap_or(usize::MAX).min(leads.len());
            let rest = leads.split_off(count);
            let token = draft.find::<Batches>(&part.batch)?.map(|batch| batch.token);
            let request = part.request.clone();
            all.push(Load { job: job.id, first, token, request, leads });
            (leads, first) = (rest, first.saturating_add(part.leads));
        }
    }
    Ok(all)
}

/// The jobs that travel in a coach, in order; of any other job, none.
pub(super) fn passengers(draft: &Draft<'_>, coach: &Job) -> Result<Vec<Job>, Fault> {
    for id in &coach.passengers {
        draft.foresee::<Jobs>(id);
    }
    let find = |id: &JobId| draft.find::<Jobs>(id)?.ok_or(Fault::Fenced);
    coach.passengers.iter().map(find).collect()
}

/// Takes a job out of its coach, which was certainly not sent. Whoever has a turn with the coach
/// may have read the leads that were in it then: that turn is over.
pub(super) fn set_down(draft: &Draft<'_>, coach: &mut Job, job: &Job) {
    coach.passengers.retain(|passenger| *passenger != job.id);
    coach.leads = coach.leads.saturating_sub(job.leads);
    coach.lease = coach.lease.next(draft.now());
    coach.due = Some(draft.now());
    if coach.passengers.is_empty() {
        end(draft, coach, Cause::Canceled);
    }
}

/// A coach without passengers is at its end.
fn end(draft: &Draft<'_>, coach: &mut Job, cause: Cause) {
    coach.state = State::Void(cause);
    coach.ended_at = Some(draft.now());
    coach.due = None;
}

/// A job that is certainly not with the vendor, without what was cancelled of it meanwhile: that is
/// released. None where nothing is left.
pub(super) fn without_canceled(draft: &mut Draft<'_>, mut job: Job) -> Result<Option<Job>, Fault> {
    if !job.is_coach() {
        if is_canceled(draft, &job)? {
            release(draft, job, Cause::Canceled)?;
            return Ok(None);
        }
        return Ok(Some(job));
    }
    foresee_joins(draft, job.passengers.iter());
    let aboard = passengers(draft, &job)?;
    for passenger in &aboard {
        let batches = passenger.parts.iter().map(|part| &part.batch);
        batches.for_each(|batch| draft.foresee::<Batches>(batch));
    }
    for passenger in aboard {
        if is_canceled(draft, &passenger)? {
            job.passengers.retain(|id| *id != passenger.id);
            job.leads = job.leads.saturating_sub(passenger.leads);
            release(draft, passenger, Cause::Canceled)?;
        }
    }
    if job.is_coach() {
        return Ok(Some(job));
    }
    end(draft, &mut job, Cause::Canceled);
    put_job(draft, &job)?;
    Ok(None)
}

/// Whether a job, or any of those that travel in it, was cancelled by its caller.
pub(super) fn has_canceled(draft: &Draft<'_>, job: &Job, aboard: &[Job]) -> Result<bool, Fault> {
    let jobs = std::iter::once(job).chain(aboard);
    for part in jobs.clone().flat_map(|job| &job.parts) {
        draft.foresee::<Batches>(&part.batch);
    }
    for job in jobs {
        if is_canceled(draft, job)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the batch whose job it is was cancelled by its caller.
pub(super) fn is_canceled(draft: &Draft<'_>, job: &Job) -> Result<bool, Fault> {
    let [part] = job.parts.as_slice() else { return Ok(false) };
    Ok(draft.find::<Batches>(&part.batch)?.is_some_and(|batch| batch.canceled_at.is_some()))
}

/// Splits a coach, so that what stands in the way of some does not stand in the way of all. The turn
/// is over with it: asked again, it is fenced.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, the job has moved on, or it is no coach.
pub fn split(draft: &mut Draft<'_>, splitting: &Splitting) -> Result<Split, Fault> {
    let (coach, lease) = match splitting {
        Splitting::Refused { coach, lease, .. } | Splitting::Without { coach, lease, .. } => {
            (*coach, *lease)
        }
    };
    let coach = leased(draft, coach, lease)?;
    if !coach.is_coach() {
        return Err(Fault::Fenced);
    }
    match (splitting, coach.state) {
        (Splitting::Refused { quiet_until, .. }, State::Sending) => {
            refused(draft, coach, *quiet_until)
        }
        (Splitting::Without { jobs, .. }, State::Ready) => without(draft, coach, jobs),
        _ => Err(Fault::Fenced),
    }
}

/// The vendor refused the coach, and says of nobody in particular why: each half goes on without the
/// other, until whoever is refused is refused alone.
fn refused(draft: &mut Draft<'_>, mut coach: Job, quiet: Timestamp) -> Result<Split, Fault> {
    if coach.unanswered > 0 {
        // The vendor may have taken it before, with all who are aboard.
        mark_unanswered(draft, &mut coach, quiet)?;
        put_job(draft, &coach)?;
        return Ok(Split::StillUnknown);
    }
    (coach.first_sent_at, coach.charged_by) = (None, None);
    let Some(mut coach) = without_canceled(draft, coach)? else { return Ok(Split::Apart) };
    let mut front = passengers(draft, &coach)?;
    if coach.refusals >= HALVINGS_MAX {
        coach.passengers.clear();
        end(draft, &mut coach, Cause::Split);
        put_job(draft, &coach)?;
        alone(draft, front)?;
        return Ok(Split::Apart);
    }
    coach.refusals = coach.refusals.saturating_add(1);
    let back = front.split_off(front.len().div_ceil(2));
    if front.len() > 1 {
        coach.state = State::Ready;
        coach.passengers = front.iter().map(|job| job.id).collect();
        queue_with(&mut coach, &front);
        coach.leads = front.iter().fold(0, |leads, job| job.leads.saturating_add(leads));
        coach.lease = coach.lease.next(draft.now());
        coach.due = Some(draft.now());
    } else {
        alone(draft, front)?;
        coach.passengers.clear();
        end(draft, &mut coach, Cause::Split);
    }
    put_job(draft, &coach)?;
    if back.len() > 1 {
        depart(draft, coach.reveals, back, coach.refusals)?;
    } else {
        alone(draft, back)?;
    }
    Ok(Split::Apart)
}

/// Has a combined job that was certainly not sent go on without these members, which are to be written
/// after it. Of two, each travels alone.
pub(super) fn go_on_without(
    draft: &mut Draft<'_>,
    mut coach: Job,
    out: &[JobId],
) -> Result<(), Fault> {
    let mut rest = passengers(draft, &coach)?;
    rest.retain(|job| !out.contains(&job.id));
    coach.passengers = rest.iter().map(|job| job.id).collect();
    coach.leads = rest.iter().fold(0, |leads, job| job.leads.saturating_add(leads));
    coach.lease = coach.lease.next(draft.now());
    if rest.len() > 1 {
        coach.state = State::Ready;
        queue_with(&mut coach, &rest);
        coach.due = Some(draft.now());
    } else {
        coach.passengers.clear();
        end(draft, &mut coach, Cause::Split);
        alone(draft, rest)?;
    }
    put_job(draft, &coach)
}

/// What these jobs were to send is gone: they go their own way, and the others go on.
fn without(draft: &mut Draft<'_>, mut coach: Job, jobs: &[JobId]) -> Result<Split, Fault> {
    if coach.unanswered > 0 {
        return Err(Fault::Fenced);
    }
    let aboard = passengers(draft, &coach)?;
    let off: Vec<_> = aboard.into_iter().filter(|job| jobs.contains(&job.id)).collect();
    for job in &off {
        set_down(draft, &mut coach, job);
    }
    put_job(draft, &coach)?;
    alone(draft, off)?;
    Ok(Split::Apart)
}

/// Has jobs travel by themselves from now on.
fn alone(draft: &mut Draft<'_>, jobs: Vec<Job>) -> Result<(), Fault> {
    for mut job in jobs {
        job.state = State::Ready;
        job.due = Some(draft.now());
        put_job(draft, &job)?;
    }
    Ok(())
}
