//! Forgetting: what no caller can read any more leaves the books, slice by slice. Payments and
//! removed persons stay, and so does the journal, which only `trim` shortens.

use std::ops::Bound;
use std::time::Duration;

use crate::domain::identity::keys::{LeadKey, PersonKey, ReplayKey};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::job::{Job, State};
use crate::ledger::record::lead::LeadRow;
use crate::ledger::table::{
    Answers, Batches, JobLeads, Jobs, Joins, Leads, Persons, Replays, Slots, Superseded, Table,
};
use crate::ledger::transition::close::has_joiners;
use crate::ledger::transition::read::is_ended;

/// Where a sweep goes on, and by which lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The next batch to look at.
    pub batch: Option<BatchId>,
    /// The next job to look at.
    pub job: Option<JobId>,
    /// The next lead key to look at.
    pub lead: Option<LeadKey>,
    /// The next superseded result to look at.
    pub superseded: Option<(PersonKey, ResultRef)>,
    /// The next request to look at.
    pub replay: Option<ReplayKey>,
    /// How many rows of each kind to look at.
    pub rows: usize,
    /// How long a batch is readable from its end.
    pub batch_ttl: Duration,
    /// How long a job's answers may be pointed at from its end.
    pub results_ttl: Duration,
    /// How long an alias or an answer that named nobody is of use.
    pub leads_ttl: Duration,
}

/// Looks at the next rows, forgets what is over, and answers where to go on.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn sweep(draft: &mut Draft<'_>, sweep: &Sweep) -> Result<Sweep, Fault> {
    let batch = sweep_batches(draft, sweep)?;
    let job = sweep_jobs(draft, sweep)?;
    let lead = sweep_leads(draft, sweep)?;
    let superseded = sweep_expired::<Superseded>(draft, sweep.superseded, sweep.rows, |at| *at)?;
    let replay = sweep_expired::<Replays>(draft, sweep.replay, sweep.rows, |row| row.until)?;
    Ok(Sweep { batch, job, lead, superseded, replay, ..*sweep })
}

fn after<K>(key: Option<&K>) -> Bound<&K> {
    key.map_or(Bound::Unbounded, Bound::Excluded)
}

fn is_over(ended_at: Timestamp, ttl: Duration, now: Timestamp) -> bool {
    ended_at.after(ttl) <= now
}

fn sweep_batches(draft: &mut Draft<'_>, sweep: &Sweep) -> Result<Option<BatchId>, Fault> {
    let now = draft.now();
    let rows = draft.from::<Batches>(after(sweep.batch.as_ref()), sweep.rows)?;
    for (id, batch) in &rows {
        // Its end is not before its admission, so most are told by that alone.
        let may_be_over = is_over(batch.admitted_at, sweep.batch_ttl, now);
        let is_over = may_be_over && batch_is_over(draft, *id, batch, sweep, now)?;
        if is_over && draft.find::<Batches>(id)?.as_ref() == Some(batch) {
            for (chunk, _) in draft.pieces::<Slots>(id)? {
                draft.delete::<Slots>(&chunk);
            }
            draft.delete::<Batches>(id);
        }
    }
    Ok(next(&rows, sweep.rows))
}

fn batch_is_over(
    draft: &Draft<'_>,
    id: BatchId,
    batch: &Batch,
    sweep: &Sweep,
    now: Timestamp,
) -> Result<bool, Fault> {
    if !is_ended(draft, id, batch)? {
        return Ok(false);
    }
    let mut ended_at = batch.canceled_at.unwrap_or(batch.admitted_at);
    for id in &batch.jobs {
        let Some(job) = draft.find::<Jobs>(id)? else { continue };
        if job.has_open_charge() {
            return Ok(false);
        }
        ended_at = job.ended_at.map_or(ended_at, |at| at.max(ended_at));
    }
    Ok(is_over(ended_at, sweep.batch_ttl, now))
}

fn sweep_jobs(draft: &mut Draft<'_>, sweep: &Sweep) -> Result<Option<JobId>, Fault> {
    let now = draft.now();
    let rows = draft.from::<Jobs>(after(sweep.job.as_ref()), sweep.rows)?;
    for (id, job) in &rows {
        let has_ended = has_ended(draft, job)?;
        let is_over = job.ended_at.is_some_and(|at| is_over(at, sweep.results_ttl, now));
        // What is looked at again may still have an answer.
        let is_open = job.has_open_charge() || job.due.is_some();
        let is_needed = !is_over || is_open || has_joiners(draft, *id)?;
        let stands = || Ok::<_, Fault>(draft.find::<Jobs>(id)?.as_ref() == Some(job));
        if has_ended && is_over && !is_needed && stands()? {
            for (join, _) in draft.under::<Joins>(id)? {
                draft.delete::<Joins>(&join);
            }
            for (chunk, _) in draft.pieces::<JobLeads>(id)? {
                draft.delete::<JobLeads>(&chunk);
            }
            for (chunk, _) in draft.pieces::<Answers>(id)? {
                draft.delete::<Answers>(&chunk);
            }
            draft.delete::<Jobs>(id);
        }
    }
    Ok(next(&rows, sweep.rows))
}

/// Whether nothing more is to become of a job: nobody waits for a word on one whose charge nobody
/// could learn, if nothing of it is open. A coach has ended with the last of its passengers.
fn has_ended(draft: &Draft<'_>, job: &Job) -> Result<bool, Fault> {
    let has_ended = |job: &Job| match job.state {
        State::Done | State::Void(_) | State::Resolved => true,
        State::Unresolved(_) => !job.has_open_charge(),
        State::Ready | State::Gathered(_) | State::Sending | State::Unknown | State::Bound => false,
    };
    if !has_ended(job) {
        return Ok(false);
    }
    for passenger in &job.passengers {
        draft.foresee::<Jobs>(passenger);
    }
    for passenger in &job.passengers {
        if draft.find::<Jobs>(passenger)?.is_some_and(|job| !has_ended(&job)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sweep_leads(draft: &mut Draft<'_>, sweep: &Sweep) -> Result<Option<LeadKey>, Fault> {
    let now = draft.now();
    let rows = draft.from::<Leads>(after(sweep.lead.as_ref()), sweep.rows)?;
    for (key, row) in &rows {
        let is_stale = row.touched_at.is_none_or(|at| is_over(at, sweep.leads_ttl, now));
        let may_go = is_stale && row.removed_at.is_none() && !is_claimed(draft, row)?;
        if may_go && draft.find::<Leads>(key)?.as_ref() == Some(row) {
            match removed_at(draft, row)? {
                None => draft.delete::<Leads>(key),
                // The alias goes, but whoever asks by it must still learn of the removal.
                removed_at => draft.put::<Leads>(key, &LeadRow { removed_at, ..row.clone() }),
            }
        }
    }
    Ok(next(&rows, sweep.rows))
}

/// Rows that say of themselves until when they are of use.
fn sweep_expired<T: Table>(
    draft: &mut Draft<'_>,
    from: Option<T::Key>,
    slice: usize,
    until: fn(&T::Row) -> Timestamp,
) -> Result<Option<T::Key>, Fault>
where
    T::Key: Copy,
    T::Row: PartialEq,
{
    let now = draft.now();
    let rows = draft.from::<T>(after(from.as_ref()), slice)?;
    for (key, row) in rows.iter().filter(|(_, row)| until(row) <= now) {
        if draft.find::<T>(key)?.as_ref() == Some(row) {
            draft.delete::<T>(key);
        }
    }
    Ok(next(&rows, slice))
}

/// When the person was removed whom a key leads to.
fn removed_at(draft: &Draft<'_>, row: &LeadRow) -> Result<Option<Timestamp>, Fault> {
    let Some(person) = row.person else { return Ok(None) };
    Ok(draft.find::<Persons>(&person)?.and_then(|row| row.removed_at))
}

fn is_claimed(draft: &Draft<'_>, row: &LeadRow) -> Result<bool, Fault> {
    for claim in &row.claims {
        if draft.find::<Jobs>(&claim.at.job)?.is_some_and(|job| job.is_alive()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The last key of a full slice; none where the end was reached, to begin again.
fn next<K: Copy, R>(rows: &[(K, R)], slice: usize) -> Option<K> {
    if rows.len() < slice { None } else { rows.last().map(|(key, _)| *key) }
}
