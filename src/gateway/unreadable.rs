//! Invalid answers of the vendor: logged once per job, counted, and shown to operators while they
//! last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::Gateway;
use super::look::Looked;
use crate::domain::time::Timestamp;
use crate::ledger::ids::JobId;
use crate::vendor::{Batch, Cause, Finding, Unread, VendorResult};

/// The maximum number of remembered jobs; more would not change what is shown.
const JOBS_MAX: usize = 10_000;

/// A job whose answer was not read again here for this long is now processed by another replica.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(30);

/// The jobs with invalid answers.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<HashMap<JobId, Seen>>);

/// What was read, and the time.
#[derive(Clone, Debug)]
struct Seen {
    what: String,
    at: Timestamp,
}

impl Unreadable {
    /// Records an invalid answer of a job; returns whether it is the first.
    fn note(&self, job: JobId, what: String, now: Timestamp) -> bool {
        let mut jobs = self.lock();
        if let Some(seen) = jobs.get_mut(&job) {
            *seen = Seen { what, at: now };
            return false;
        }
        jobs.retain(|_, seen| now.since(seen.at) < FORGOTTEN_AFTER);
        if jobs.len() < JOBS_MAX {
            jobs.insert(job, Seen { what, at: now });
        }
        true
    }

    /// A job's answer is valid, or is no longer read.
    pub(super) fn forget(&self, job: JobId) {
        self.lock().remove(&job);
    }

    /// The reason for `/readyz`.
    pub(super) fn remark(&self, now: Timestamp) -> Option<String> {
        let jobs = self.lock();
        let lasting = jobs.values().filter(|seen| now.since(seen.at) < FORGOTTEN_AFTER);
        let count = lasting.clone().count();
        let last = lasting.max_by_key(|seen| seen.at)?;
        Some(format!(
            "vendor: its answers to {count} jobs cannot be parsed; the last: {}",
            last.what
        ))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with a complete batch that lacks results.
pub(super) fn what_is_wrong(batch: &Batch) -> &'static str {
    let unreadable = |result: &VendorResult| match result.finding {
        Finding::Unreadable(why) => Some(why),
        _ => None,
    };
    let found = batch.results.iter().flatten().find_map(unreadable);
    found.unwrap_or("it is complete but lacks results")
}

impl Gateway {
    /// Records that some of a job's answer is missing or invalid.
    pub(super) fn note_unreadable(&self, job: JobId, what: &'static str) {
        self.metrics.meet_unreadable("read");
        self.log_unreadable(job, what);
    }

    fn log_unreadable(&self, job: JobId, what: &str) {
        if self.unreadable.note(job, what.to_owned(), self.clock.now()) {
            warn!(job.id = %job, what, "the vendor's answer to job {job} cannot be parsed: {what}");
        }
    }

    /// Records whether a job's answer was valid.
    pub(super) fn note_read<T>(&self, job: JobId, looked: &Looked<T>) {
        match looked {
            Looked::Running { .. } => self.unreadable.forget(job),
            Looked::Unread(Unread::NoAnswer(cause)) if cause.is_unreadable() => {
                self.log_unreadable(job, &cause.to_string());
            }
            // The validity of a complete answer is checked at settlement. Nothing is known
            // otherwise.
            Looked::Ended(_) | Looked::Unread(_) | Looked::NotAsked => {}
        }
    }

    /// Counts an invalid answer.
    pub(super) fn count_unreadable(&self, operation: &'static str, cause: &Cause) {
        if cause.is_unreadable() {
            self.metrics.meet_unreadable(operation);
        }
    }

    /// Records that the answer to a submission is invalid.
    pub(super) fn note_submitted(&self, job: JobId, cause: &Cause) {
        if cause.is_unreadable() {
            self.log_unreadable(job, &cause.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ids::BatchId;

    #[test]
    fn a_job_is_logged_once_and_shown_while_it_lasts() {
        let unreadable = Unreadable::default();
        let job = |number| JobId { batch: BatchId::new(number).unwrap(), ordinal: 0 };
        let noon = Timestamp::from_millis(1_764_000_000_000);
        assert_eq!(unreadable.remark(noon), None);
        assert!(unreadable.note(job(1), "one".to_owned(), noon));
        assert!(!unreadable.note(job(1), "two".to_owned(), noon.after(Duration::from_secs(1))));
        assert!(unreadable.note(job(2), "three".to_owned(), noon));
        let remark = unreadable.remark(noon).unwrap();
        assert!(remark.contains("2 jobs") && remark.ends_with("two"), "{remark}");
        unreadable.forget(job(1));
        assert!(unreadable.remark(noon).unwrap().ends_with("three"));
        assert_eq!(unreadable.remark(noon.after(FORGOTTEN_AFTER)), None);
    }
}
