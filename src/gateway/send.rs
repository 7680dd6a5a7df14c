//! Sending a job: the attempt is recorded first, then sent, then its outcome is recorded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::circuit::Asked;
use super::concurrency::Holder;
use super::evidence::read_look_up;
use super::leave::Leaves;
use super::load::{Carried, fields_of, incomplete, requests_of, sent_of};
use super::outage::Asked as Question;
use super::pause::{jittered, pause};
use super::{Failed, Gateway};
use crate::domain::needs::Needs;
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Cause, Job, Reason, State, Way};
use crate::ledger::step::{Attempt, Begun, Binding, Voiding};
use crate::ledger::{Ledger, LedgerError};
use crate::vendor::{LookedUp, Submitted, Vendor};

/// The pause of a job after the vendor rejected the gateway's API key or URL.
const KEY_REST: Duration = Duration::from_secs(30);

/// The pause of a job that was not sent because it is not known whether the attempt is durably
/// recorded.
const DOUBT_REST: Duration = Duration::from_secs(5);

/// The pause of a job that was not sent because the vendor does not answer.
const OUTAGE_REST: Duration = Duration::from_secs(2);

impl Gateway {
    pub(super) async fn send(
        &self,
        job: Job,
        lease: Lease,
        mut leaves: Leaves,
    ) -> Result<(), Failed> {
        let load = self.load(&job).await?;
        let gone = incomplete(&load);
        if !gone.is_empty() {
            return self.body_lost(&job, lease, gone).await;
        }
        if !leaves.is_good() {
            // The store took long over the turn or the leads.
            let payer = job.parts.first().map_or(Holder::NoTeam, |part| (&part.team).into());
            leaves = match self.leave_to_send(payer, job.way).await? {
                Ok(leaves) => leaves,
                Err(until) => {
                    return Ok(self.ledger.reschedule(job.id, lease, Some(until)).await?);
                }
            };
        }
        let attempt = Attempt {
            job: job.id,
            lease,
            after: job.attempts,
            unanswered_max: self.settings.unanswered_max(),
            horizon: self.settings.job_deadline,
            lease_for: self.settings.turn_for,
            probing: self.settings.probing(),
        };
        let asked = Instant::now();
        match self.ledger.begin_send(attempt).await {
            Ok(Begun::Attempt(_)) => {}
            Ok(Begun::Probe(_)) => {
                info!(job.id = %job.id, "job {} is sent as a probe", job.id);
                self.circuit.look_again();
            }
            Ok(Begun::NotBefore(moment)) => {
                self.circuit.look_again();
                return self.put_off(&job, lease, moment).await;
            }
            Ok(Begun::AskFirst) => {
                let asked = self.keeping(job.id, lease, self.question_vendor()).await?;
                let moment = match asked {
                    Question::Answered => self.clock.now(),
                    Question::NotBefore(moment) => moment,
                };
                return self.put_off(&job, lease, moment).await;
            }
            Ok(Begun::Canceled) => return self.give_up_canceled(&job, lease).await,
            Ok(Begun::Exhausted) => return self.give_up(&job, lease, Reason::NoAnswer).await,
            Err(error @ (LedgerError::NotDurable | LedgerError::Unknown(_))) => {
                warn!(job.id = %job.id, %error, "job {} is not sent: {error}", job.id);
                let until = self.clock.now().after(jittered(DOUBT_REST));
                return self.put_back(&job, lease, until).await;
            }
            Err(error) => return Err(error.into()),
        }
        if !leaves.take() || asked.elapsed() > self.settings.turn_for / 2 {
            // The store took so long that the permit has expired, or the lease soon will: nothing
            // was sent. The local time is used, since the store's clock may be what hangs.
            return self.put_back(&job, lease, self.back_off(0)).await;
        }
        match job.way {
            Way::Batch => self.submit(&job, lease, &load).await,
            Way::LookUp => self.look_up(&job, lease, &load).await,
            Way::Call => {
                let what = format!("job {} is a call, and calls are never repeated", job.id);
                Err(LedgerError::Invariant(what).into())
            }
        }
    }

    /// The job is leased again at that time, or earlier if the vendor answers by then: during an
    /// outage, no job that is due to be sent is leased.
    async fn put_off(&self, job: &Job, lease: Lease, moment: Timestamp) -> Result<(), Failed> {
        let until = moment.min(self.clock.now().after(jittered(OUTAGE_REST)));
        self.ledger.reschedule(job.id, lease, Some(until)).await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Sends a job as a batch, for which the vendor returns an id.
    async fn submit(&self, job: &Job, lease: Lease, load: &[Carried]) -> Result<(), Failed> {
        let sent = sent_of(load);
        let fields: Vec<_> = sent.iter().copied().map(fields_of).collect();
        let submitting = self.vendor.submit(&fields, job.reveals);
        let asked = self.ask_vendor("submit", job, lease, &sent, submitting).await?;
        let Some(vendor_id) = asked else { return Ok(()) };
        self.circuit.take(Needs::of_persons(job.reveals));
        self.bind(job, vendor_id, &sent).await?;
        // Leads that were not sent with it need not wait for its answer.
        let bound = Job { state: State::Bound, ..job.clone() };
        self.detach(bound, lease).await.map(|_| ())
    }

    /// Sends a job as a lookup, whose answer settles it.
    async fn look_up(&self, job: &Job, lease: Lease, load: &[Carried]) -> Result<(), Failed> {
        let sent = sent_of(load);
        let [one] = sent.as_slice() else {
            let what = format!("job {} looks up {} persons, not one", job.id, sent.len());
            return Err(LedgerError::Invariant(what).into());
        };
        let looking_up = self.vendor.look_up(fields_of(one), job.reveals);
        let asked = self.ask_vendor("find", job, lease, &sent, looking_up).await?;
        let Some(looked_up) = asked else { return Ok(()) };
        match &looked_up {
            LookedUp::Found(_) => self.circuit.take(Needs::of_persons(job.reveals)),
            LookedUp::NotFound | LookedUp::Removed => {
                self.circuit.sell_nothing(Needs::of_persons(job.reveals));
            }
        }
        let answer = read_look_up(&self.keyer, job.reveals, one, looked_up);
        self.settle(job, lease, Arc::new(answer)).await
    }

    /// Makes an attempt and records its outcome, except the vendor's id.
    async fn ask_vendor<T>(
        &self,
        operation: &'static str,
        job: &Job,
        lease: Lease,
        sent: &[&Carried],
        asking: impl Future<Output = Submitted<T>>,
    ) -> Result<Option<T>, Failed> {
        let began = Instant::now();
        let submitted = self.keeping(job.id, lease, asking).await;
        self.metrics.ask_vendor(operation, submitted.outcome(), began.elapsed());
        let now = self.clock.now();
        // A job that has to wait is sent again, and is probed then.
        if matches!(submitted, Submitted::Wait { .. }) {
            self.circuit.accept_key(Asked::Submit);
        }
        match &submitted {
            Submitted::Accepted(_)
            | Submitted::Refused(_)
            | Submitted::Misaddressed { .. }
            | Submitted::Wait { .. } => self.hear_answer(),
            Submitted::NotSent(_) => {}
            Submitted::NoAnswer(cause) => {
                self.count_unreadable(operation, cause);
                self.note_submitted(job.id, cause);
                self.hear_nothing(cause);
            }
        }
        match submitted {
            Submitted::Accepted(accepted) => return Ok(Some(accepted)),
            Submitted::Refused(refusal) => self.refused(job, lease, sent, &refusal).await?,
            Submitted::Misaddressed { status } => {
                warn!(job.id = %job.id, status, "the vendor rejected our API key or URL");
                self.circuit.refuse_key(Asked::Submit, status);
                self.put_back(job, lease, now.after(jittered(KEY_REST))).await?;
            }
            Submitted::Wait { retry_after } => {
                self.leave_alone(retry_after).await;
                let back_off = self.back_off(job.attempts);
                let until = retry_after.map_or(back_off, |wait| now.after(wait));
                self.put_back(job, lease, until).await?;
            }
            Submitted::NotSent(cause) => {
                warn!(job.id = %job.id, %cause, "job {} could not be sent", job.id);
                self.put_back(job, lease, self.back_off(job.attempts)).await?;
            }
            Submitted::NoAnswer(cause) => {
                warn!(job.id = %job.id, %cause, "the vendor may have accepted job {}", job.id);
                self.no_answer(job, lease, cause.retry_after()).await?;
            }
        }
        Ok(None)
    }

    async fn put_back(&self, job: &Job, lease: Lease, until: Timestamp) -> Result<(), Failed> {
        self.hand_in(|| self.ledger.put_back(job.id, lease, until)).await
    }

    /// Records the vendor's id of a job. If that fails for good, the job is sent again as if it had
    /// not been answered, which costs nothing inside the charge window.
    async fn bind(&self, job: &Job, vendor_id: VendorId, sent: &[&Carried]) -> Result<(), Failed> {
        let (least, most) = (self.settings.poll_interval_min, self.settings.poll_interval_max);
        let poll_at = self.clock.now().after(pause(Duration::ZERO, least, most));
        let binding = Binding { job: job.id, vendor_id, poll_at };
        if let Err(error) = self.hand_in(|| self.ledger.bind(binding)).await {
            warn!(
                job.id = %job.id,
                vendor.id = %vendor_id,
                %error,
                "the vendor's id of a job could not be stored"
            );
            return Err(error);
        }
        info!(
            job.id = %job.id,
            vendor.id = %vendor_id,
            request.id = requests_of(sent.iter().copied()),
            leads = sent.len(),
            "the vendor accepted job {} as {vendor_id}", job.id
        );
        Ok(())
    }

    /// The leads of some members of this job are lost.
    async fn body_lost(&self, job: &Job, lease: Lease, of: Vec<JobId>) -> Result<(), Failed> {
        if job.is_coach() && job.unanswered == 0 {
            return self.go_without(job, lease, of).await;
        }
        warn!(job.id = %job.id, "the leads of job {} are lost", job.id);
        if job.unanswered > 0 {
            return self.give_up(job, lease, Reason::BodyLost).await;
        }
        let (cause, quiet_until) = (Cause::BodyLost, self.clock.now());
        self.ledger.void(Voiding { job: job.id, lease, cause, quiet_until }).await?;
        self.wake.notify_one();
        Ok(())
    }
}
