//! Results that the store has lost, read again from the vendor's batch: which job is to read them, and
//! which results are still to be kept. Nothing is charged, and nothing but the job's next turn changes.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::identity::keys::PersonKey;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, KeptResult, ResultRef};
use crate::ledger::record::job::{Answer, Found, Job, Restoring, State, Way};
use crate::ledger::table::{Answers, CHUNK, JobLeads, Jobs, Persons, SETTLED_AT_ONCE};
use crate::ledger::transition::alias::{self, is_removed};
use crate::ledger::transition::schedule::put_job;

/// How often the vendor is asked for a job's results again at most.
pub const RESTORE_EVERY: Duration = Duration::from_mins(5);

/// Makes settled jobs due whose results were lost, so that a turn reads them from the vendor again; of
/// one that was settled with a combined job, that one. Asked again within [`RESTORE_EVERY`], it changes
/// nothing. Answers how many are due by it.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn restore(draft: &mut Draft<'_>, jobs: &BTreeSet<JobId>) -> Result<usize, Fault> {
    let now = draft.now();
    for job in jobs {
        draft.foresee::<Jobs>(job);
    }
    let mut sent_as = BTreeSet::new();
    for id in jobs {
        let job = draft.find::<Jobs>(id)?;
        sent_as.extend(job.map(|job| job.settled_with.unwrap_or(*id)));
    }
    for job in &sent_as {
        draft.foresee::<Jobs>(job);
    }
    let mut due: usize = 0;
    for id in sent_as {
        let may_be_read = |job: &Job| {
            let is_named = job.way == Way::Batch && job.vendor_id.is_some();
            let is_time = match job.restoring {
                Restoring::Never => true,
                Restoring::Wanted => false,
                Restoring::Tried(at) => at.after(RESTORE_EVERY) <= now,
            };
            job.state == State::Done && is_named && is_time
        };
        let Some(job) = draft.find::<Jobs>(&id)?.filter(may_be_read) else { continue };
        put_job(draft, &Job { restoring: Restoring::Wanted, due: Some(now), ..job })?;
        due = due.saturating_add(1);
    }
    Ok(due)
}

/// A result that is to be in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToKeep {
    /// Where.
    pub result: KeptResult,
    /// Whom it shows.
    pub person: PersonKey,
    /// When the vault forgets it.
    pub until: Timestamp,
}

/// The results of a settled job that are to be in the vault, of the leads that were settled in one step
/// with this one. Those of removed persons are not among them.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn to_keep(draft: &Draft<'_>, at: ResultRef) -> Result<Vec<ToKeep>, Fault> {
    let ResultRef { job: id, index } = at;
    let row = index.div_euclid(SETTLED_AT_ONCE);
    let until = draft.peek::<Jobs>(&id)?.and_then(|job| job.results_until);
    let answered = draft.peek::<Answers>(&(id, row))?;
    let (Some(until), Some(answered)) = (until, answered) else { return Ok(Vec::new()) };
    let first = row.saturating_mul(SETTLED_AT_ONCE);
    let chunk = draft.peek::<JobLeads>(&(id, first.div_euclid(CHUNK)))?.unwrap_or_default();
    let before = usize::try_from(first.rem_euclid(CHUNK)).unwrap_or(usize::MAX);
    let leads = chunk.into_iter().skip(before);
    let found: Vec<_> = (first..)
        .zip(answered.answers)
        .zip(leads)
        .filter_map(|((index, answer), lead)| match answer {
            Answer::Found(Found { person, .. }) => Some((index, person, lead.key)),
            _ => None,
        })
        .collect();
    alias::foresee(draft, found.iter().map(|(_, _, key)| *key))?;
    for (_, person, _) in &found {
        draft.foresee::<Persons>(person);
    }
    let mut to_keep = Vec::new();
    for (index, person, key) in found {
        let row = draft.peek::<Persons>(&person)?;
        if is_removed(draft, key)? || row.is_none_or(|row| row.removed_at.is_some()) {
            continue;
        }
        let result = KeptResult { at: ResultRef { job: id, index }, turn: answered.turn };
        to_keep.push(ToKeep { result, person, until });
    }
    Ok(to_keep)
}
