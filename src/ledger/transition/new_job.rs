//! Jobs to be made: each has leads of which the same is asked, and no more than the vendor takes.

use crate::domain::reveal::Reveals;
use crate::ledger::ids::{JobId, ResultRef};
use crate::ledger::record::job::JobLead;
use crate::ledger::transition::frame::Frame;

/// A job to be made.
#[derive(Debug)]
pub(super) struct NewJob {
    /// What is asked of each of its leads.
    pub(super) reveals: Reveals,
    /// The leads.
    pub(super) own: Vec<JobLead>,
}

/// Puts a lead into a job that asks so much and has room for it, and answers where it stands.
pub(super) fn load(
    jobs: &mut Vec<NewJob>,
    frame: &Frame<'_>,
    reveals: Reveals,
    own: JobLead,
) -> ResultRef {
    let size = usize::try_from(frame.terms.job_leads_max.max(1)).unwrap_or(usize::MAX);
    let has_room = |n: &usize| jobs.get(*n).is_some_and(|job| job.own.len() < size);
    let last = jobs.iter().rposition(|job| job.reveals == reveals).filter(has_room);
    let n = last.unwrap_or(jobs.len());
    if last.is_none() {
        jobs.push(NewJob { reveals, own: Vec::new() });
    }
    let job = jobs.get_mut(n).expect("it was found or just made");
    let index = number(job.own.len());
    job.own.push(own);
    let ordinal = frame.jobs_made.saturating_add(number(n));
    ResultRef { job: JobId { batch: frame.batch, ordinal }, index }
}

/// So many leads or jobs, as rows say it.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a batch has fewer than 2^32 leads")
}
