//! Collecting a job's answer: polls until the vendor has finished the job, then settles it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::debug;

use super::evidence::{Answer, read_evidence};
use super::leave::LEFT_ALONE_FOR;
use super::look::Looked;
use super::pause::{SLOW_LOOK, jittered, pause, pause_of};
use super::readers::Requests;
use super::{Failed, Gateway};
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, Reason, State};
use crate::vendor::{Batch, Ending, Unread, Vendor};

/// How long the vendor may not know a job that it accepted, before the job is unresolved.
pub(super) const GONE_FOR: Duration = Duration::from_hours(1);

/// How often a complete answer that lacks a result is read again.
const READ_AGAIN_MAX: u32 = 2;

/// The maximum number of remembered jobs that were read again.
const READ_AGAIN_JOBS_MAX: usize = 10_000;

/// Whether an answer lacks the result of a lead.
fn lacks_something(answer: Option<&Answer>) -> bool {
    answer.is_none_or(|answer| answer.unmatched > 0)
}

impl Gateway {
    /// Processes a job that the vendor accepted.
    pub(super) async fn collect(
        &self,
        job: Job,
        lease: Lease,
        mut requests: Requests,
    ) -> Result<(), Failed> {
        let Some(vendor_id) = job.vendor_id else {
            return self.give_up(&job, lease, Reason::Gone).await;
        };
        if let Some(answer) = self.unsettled.answer(job.id) {
            return self.settle(&job, lease, answer).await;
        }
        let now = self.clock.now();
        let bound_for = job.bound_at.map(|at| now.since(at)).unwrap_or_default();
        let looking = async {
            if job.is_cancel_wanted {
                let telling = || self.vendor.cancel(vendor_id);
                self.tell_canceled(job.id, &mut requests, telling).await;
            }
            Ok(self.look(&job, vendor_id, &mut requests).await)
        };
        let looked = self.while_kept(job.id, lease, looking).await?;
        self.note_read(job.id, &looked);
        let looked = match looked {
            Looked::Ended(batch) => return self.end(job, lease, batch).await,
            // The charge is unknown, and reading on could use unlimited memory.
            looked if looked.is_too_large() => {
                self.give_up(&job, lease, Reason::TooLarge).await?;
                // It stays in the list for operators.
                self.note_read(job.id, &looked);
                return Ok(());
            }
            looked => looked,
        };
        // Nothing was learned if the vendor could not be called.
        if !matches!(looked, Looked::NotAsked) {
            let is_gone = matches!(looked, Looked::Unread(Unread::Gone));
            if self.gone_for(job.id, is_gone, now) > GONE_FOR {
                return self.give_up(&job, lease, Reason::Gone).await;
            }
            if bound_for > self.settings.job_deadline {
                return self.give_up(&job, lease, Reason::Deadline).await;
            }
        }
        let next = self.next_look(&looked, now, bound_for);
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// How long the vendor has reported without interruption that it does not know a job. The count
    /// begins again when the gateway starts.
    pub(super) fn gone_for(&self, job: JobId, is_gone: bool, now: Timestamp) -> Duration {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        if is_gone {
            now.since(*gone.entry(job).or_insert(now))
        } else {
            gone.remove(&job);
            Duration::ZERO
        }
    }

    /// Drops the remembered state of a job that has ended or is unresolved.
    pub(super) fn forget_marks(&self, job: JobId) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        self.unsettled.remove(job);
        self.read_again.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        self.unreadable.forget(job);
    }

    /// Processes an unresolved job: the vendor may still answer.
    pub(super) async fn look_for_evidence(
        &self,
        job: Job,
        lease: Lease,
        mut requests: Requests,
    ) -> Result<(), Failed> {
        if let Some(answer) = self.unsettled.answer(job.id) {
            return self.settle(&job, lease, answer).await;
        }
        let now = self.clock.now();
        let gave_up_at = job.ended_at.unwrap_or(now);
        let looks_on = now.since(gave_up_at) < self.settings.results_ttl();
        let Some(vendor_id) = job.vendor_id.filter(|_| looks_on) else {
            return Ok(self.ledger.reschedule(job.id, lease, None).await?);
        };
        let looking = async { Ok(self.look(&job, vendor_id, &mut requests).await) };
        let looked = self.while_kept(job.id, lease, looking).await?;
        self.note_read(job.id, &looked);
        match looked {
            Looked::Ended(batch) => self.end(job, lease, batch).await,
            looked => {
                if looked.is_too_large() {
                    self.unsettled.remove(job.id);
                }
                self.look_again_slowly(&job, lease).await
            }
        }
    }

    async fn look_again_slowly(&self, job: &Job, lease: Lease) -> Result<(), Failed> {
        let next = self.clock.now().after(jittered(SLOW_LOOK));
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// When to poll again: later the longer it takes, or as the vendor's `Retry-After` says.
    pub(super) fn next_look<T>(
        &self,
        looked: &Looked<T>,
        now: Timestamp,
        bound_for: Duration,
    ) -> Timestamp {
        let said = match looked {
            Looked::Running { retry_after } => *retry_after,
            Looked::Unread(Unread::Wait { retry_after }) => {
                Some(retry_after.unwrap_or(LEFT_ALONE_FOR))
            }
            Looked::Unread(Unread::NoAnswer(cause)) => {
                debug!(%cause, "the vendor did not answer a read");
                None
            }
            _ => None,
        };
        let (least, most) = (self.settings.poll_interval_min, self.settings.poll_interval_max);
        let wait = match said {
            Some(said) => pause_of(said, least),
            None => pause(bound_for, least, most),
        };
        now.after(wait)
    }

    /// Settles a job with its final answer.
    async fn end(&self, job: Job, lease: Lease, batch: Batch) -> Result<(), Failed> {
        let load = self.load(&job).await?;
        let is_complete = batch.ending == Ending::Completed;
        let what = super::unreadable::what_is_wrong(&batch);
        let answer = read_evidence(&self.keyer, job.reveals, &load, batch);
        if is_complete && lacks_something(answer.as_ref()) && self.may_read_again(job.id) {
            return self.look_again_for_all(&job, lease, what).await;
        }
        let answer = match answer {
            Some(answer) => answer,
            None if matches!(job.state, State::Bound) => {
                return self.give_up(&job, lease, Reason::Failed).await;
            }
            None => return self.look_again_slowly(&job, lease).await,
        };
        let answer = Arc::new(answer);
        self.unsettled.keep_answer(job.id, &answer);
        self.settle(&job, lease, answer).await
    }

    /// Whether an incomplete answer is read again, since the vendor may list missing results later.
    /// The count begins again when the gateway starts.
    pub(super) fn may_read_again(&self, job: JobId) -> bool {
        let mut jobs = self.read_again.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= READ_AGAIN_JOBS_MAX {
            // Most of them were ended by other replicas.
            jobs.clear();
        }
        let times = jobs.entry(job).or_default();
        *times += 1;
        *times <= READ_AGAIN_MAX
    }

    async fn look_again_for_all(
        &self,
        job: &Job,
        lease: Lease,
        what: &'static str,
    ) -> Result<(), Failed> {
        self.note_unreadable(job.id, what);
        if !matches!(job.state, State::Bound) {
            return self.look_again_slowly(job, lease).await;
        }
        let (now, settings) = (self.clock.now(), self.settings);
        let bound_for = job.bound_at.map(|at| now.since(at)).unwrap_or_default();
        let wait = pause(bound_for, settings.poll_interval_min, settings.poll_interval_max);
        Ok(self.ledger.reschedule(job.id, lease, Some(now.after(wait))).await?)
    }
}
