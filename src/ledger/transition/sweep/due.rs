//! Jobs that are due further ahead than any job may be: a clock was wrong when they were put off. They
//! are due now. [`lease`](super::super::turn::lease) counts them so, too, but reads only the first
//! jobs of a queue, and these are its last.

use std::time::Duration;

use super::slice::{Cost, Slice, after, count_within_bounds};
use super::{SweepFrom, Swept};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::lane::DueAt;
use crate::ledger::table::{Due, Jobs};
use crate::ledger::transition::schedule::put_job;

/// How many rows change with a job: its own, and those of its queues.
const ROWS: usize = 20;

/// Brings the next jobs forward that are due too far ahead.
pub(super) fn sweep(
    draft: &mut Draft<'_>,
    from: Option<DueAt>,
    rows: usize,
    due_within: Duration,
) -> Result<Swept, Fault> {
    let now = draft.now();
    let page = draft.from::<Due>(after(from.as_ref()), rows)?;
    let is_too_far = |due: &DueAt| due.at.since(now) > due_within;
    let count = count_within_bounds(page.iter().map(|(due, ())| usize::from(is_too_far(due))));
    for (due, ()) in page.iter().take(count).filter(|(due, ())| is_too_far(due)) {
        draft.foresee::<Jobs>(&due.job);
    }
    let mut slice = Slice::after(from);
    for (due, ()) in page.iter().take(count) {
        if is_too_far(due)
            && let Some(mut job) = draft.find::<Jobs>(&due.job)?
            && job.due == Some(due.at)
        {
            if !slice.has_room_for(Cost::rows(ROWS)) {
                return Ok(slice.end(true, SweepFrom::Due));
            }
            job.due = Some(now);
            put_job(draft, &job)?;
            slice.remove(Cost::rows(ROWS));
        }
        slice.pass(due.clone());
    }
    let is_more = count < page.len() || page.len() >= rows;
    Ok(slice.end(is_more, SweepFrom::Due))
}
