//! The dispatcher: leases due jobs, a limited number at once in each lane, and processes each in
//! its own task.

use std::time::Duration;

use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span, warn};

use super::leave::Leaves;
use super::outage::Turns;
use super::pause::{SLOW_LOOK, jittered};
use super::permits::Permits;
use super::readers::Requests;
use super::{Failed, Gateway, OnNoAnswer, Refusal};
use crate::domain::request_id::RequestId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, Lease};
use crate::ledger::record::job::{Job, Reason, Restoring, State, Way};
use crate::ledger::step::{GivingUp, Lost, Redrive, Turn};
use crate::ledger::{Ledger, LedgerError};

/// The dispatcher polls this often even without known due jobs, since others may create them.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it pauses while the store is not available.
const STORE_REST: Duration = Duration::from_millis(500);

/// Leases jobs until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    let permits = Permits::new(gateway.settings.turns_max);
    let mut is_store_away = false;
    while !gateway.resting.is_cancelled() {
        let rest = match take_turns(&gateway, &permits).await {
            Ok(rest) => {
                if std::mem::take(&mut is_store_away) {
                    info!("workers take jobs again");
                }
                rest
            }
            Err(error) => {
                if !std::mem::replace(&mut is_store_away, true) {
                    warn!(%error, "workers take no jobs until the store is available: {error}");
                }
                STORE_REST
            }
        };
        tokio::select! {
            () = gateway.wake.notified() => {}
            () = tokio::time::sleep(rest) => {}
            () = gateway.resting.cancelled() => {}
        }
    }
}

/// Leases every due job for which there is a permit, and returns how long to pause.
async fn take_turns(gateway: &Gateway, permits: &Permits) -> Result<Duration, LedgerError> {
    gateway.share_circuit().await?;
    gateway.question_if_unused();
    let to_be_sent = gateway.circuit.turns(gateway.settings.probing(), gateway.clock.now());
    let room = permits.room(to_be_sent).due_within(gateway.settings.due_within());
    let room = room.with_readers(gateway.readers.waiting()).within(gateway.spending());
    let (due, now) = gateway.ledger.next_due(room.clone()).await?;
    let look_every = match to_be_sent {
        Turns::NotBefore(at) => at.since(now).min(LOOK_EVERY),
        Turns::All | Turns::One => LOOK_EVERY,
    };
    // Without a free permit, a task that ends wakes the dispatcher.
    let Some(due) = due else { return Ok(look_every) };
    if due > now {
        return Ok(due.since(now).min(look_every));
    }
    gateway.gather().await;
    let asked_at = Instant::now();
    for turn in gateway.ledger.lease(room, gateway.settings.turn_for).await? {
        let leaves = Leaves::of(turn.requests, asked_at);
        let Err(leaves) = gateway.readers.give(&turn, leaves) else { continue };
        let permit = permits.take(turn.lane, &turn.team);
        let Some(turning) = gateway.busy.begin(turn.job.id, turn.lease) else { continue };
        let requests = Requests::of(&turn, leaves, now);
        let gateway = gateway.clone();
        let tasks = gateway.tasks.clone();
        tasks.spawn(async move {
            let job = turn.job.id;
            gateway.take(turn, requests).await;
            drop((turning, permit));
            // Usually there is no waiter in this process.
            let _ = gateway.turned.send(job);
            gateway.wake.notify_one();
        });
    }
    Ok(Duration::ZERO)
}

impl Gateway {
    /// Takes over the leases of an earlier process on this store.
    pub(super) async fn take_over(&self) -> Result<(), Refusal> {
        let (quiet, turn_for) = (self.settings.quiet_period, self.settings.turn_for);
        let jobs = self.ledger.take_over(quiet, turn_for).await?;
        if jobs > 0 {
            info!(jobs, "took over {jobs} unfinished jobs");
        }
        Ok(())
    }

    async fn take(&self, turn: Turn, requests: Requests) {
        let job = turn.job.id;
        let span = info_span!("turn", request.id = Empty);
        if let [part] = turn.job.parts.as_slice() {
            span.record("request.id", part.request.as_ref().map(RequestId::as_str));
        }
        match self.turn(turn, requests).instrument(span.clone()).await {
            // The current holder of the lease continues from the state in the ledger.
            Ok(()) | Err(Failed::Ledger(LedgerError::Fenced)) => {}
            Err(Failed::Ledger(LedgerError::Invariant(what))) => {
                error!(job.id = %job, what, "the ledger contradicts itself at job {job}");
            }
            Err(failed) => {
                warn!(job.id = %job, error = %failed, "job {job} continues later");
            }
        }
    }

    async fn turn(&self, turn: Turn, requests: Requests) -> Result<(), Failed> {
        let Turn { job, lease, stranded, .. } = turn;
        let job = self.detach(job, lease).await?;
        match job.state {
            // An unanswered attempt, of this process or an earlier one: the current settings decide
            // whether another is made.
            State::Unknown if self.settings.on_no_answer == OnNoAnswer::Hold => {
                self.give_up(&job, lease, Reason::NoAnswer).await
            }
            State::Ready | State::Unknown => self.send(job, lease, requests.into_leaves()).await,
            // Its combined job is leased instead.
            State::Gathered(_) => Ok(()),
            // The sender died, which says nothing about the vendor.
            State::Sending => self.no_answer(&job, lease, None).await,
            State::Bound => self.collect(job, lease, requests).await,
            State::Unresolved(_) | State::Resolved => {
                self.redrive(&job, stranded).await?;
                self.look_for_evidence(job, lease, requests).await
            }
            State::Done if job.way == Way::Call => {
                self.collect_validation(&job, lease, requests).await
            }
            State::Done => {
                self.credit_joiners(job.id).await?;
                match job.restoring {
                    Restoring::Wanted => self.restore(job, lease, requests).await,
                    Restoring::Never | Restoring::Tried(_) => Ok(()),
                }
            }
            State::Void(_) => {
                self.redrive(&job, stranded).await?;
                Ok(self.ledger.reschedule(job.id, lease, None).await?)
            }
        }
    }

    /// Batches that had joined a void job send their leads themselves.
    pub(super) async fn redrive(&self, job: &Job, stranded: Vec<BatchId>) -> Result<(), Failed> {
        let mut waiting = std::collections::VecDeque::from(stranded);
        while let Some(batch) = waiting.pop_front() {
            let (terms, lost) = (self.settings.terms(), Lost::Unknown);
            let driven = self.redrive_step(Redrive { batch, job: job.id, terms, lost }).await?;
            if driven.is_partial {
                waiting.push_back(batch);
            }
            info!(
                batch.id = %batch,
                job.id = %job.id,
                leads.fresh = driven.fresh,
                leads.refused = driven.refused,
                credits.reserved = %driven.reserved,
                "leads of batch {batch} moved from job {} to a new job", job.id
            );
        }
        self.wake.notify_one();
        Ok(())
    }

    /// The vendor may have accepted an attempt. Nothing is released, and the attempt is repeated
    /// after the quiet period or the vendor's `Retry-After`, if repetition is allowed.
    pub(super) async fn no_answer(
        &self,
        job: &Job,
        lease: Lease,
        said: Option<Duration>,
    ) -> Result<(), Failed> {
        match self.settings.on_no_answer {
            OnNoAnswer::Retry => {
                let quiet = self.settings.quiet_period.max(said.unwrap_or_default());
                let quiet_until = self.clock.now().after(quiet);
                let step = || self.ledger.unanswered(job.id, lease, quiet_until);
                self.hand_in(step).await
            }
            OnNoAnswer::Hold => self.give_up(job, lease, Reason::NoAnswer).await,
        }
    }

    pub(super) async fn give_up(
        &self,
        job: &Job,
        lease: Lease,
        reason: Reason,
    ) -> Result<(), Failed> {
        let job = &self.detach(job.clone(), lease).await?;
        let look_again_at = self.clock.now().after(SLOW_LOOK);
        self.ledger.give_up(GivingUp { job: job.id, lease, reason, look_again_at }).await?;
        self.forget_marks(job.id);
        warn!(
            job.id = %job.id,
            ?reason,
            "job {} is unresolved: it is not known whether the vendor charged it", job.id
        );
        self.wake.notify_one();
        Ok(())
    }

    /// The cancelled leads of a job in doubt are not sent again.
    pub(super) async fn give_up_canceled(&self, job: &Job, lease: Lease) -> Result<(), Failed> {
        let look_again_at = self.clock.now().after(SLOW_LOOK);
        let giving = GivingUp { job: job.id, lease, reason: Reason::NoAnswer, look_again_at };
        let left = self.ledger.give_up_canceled(giving).await?;
        if left == 0 {
            self.forget_marks(job.id);
        }
        warn!(
            job.id = %job.id,
            leads.left = left,
            "the cancelled leads of job {} are unresolved: it is not known whether the vendor \
             charged them", job.id
        );
        self.wake.notify_one();
        Ok(())
    }

    /// When to retry after this many attempts: later each time, with jitter.
    pub(super) fn back_off(&self, attempts: u32) -> Timestamp {
        let base = Duration::from_millis(250).saturating_mul(1 << attempts.min(8));
        let most = base.min(self.settings.poll_interval_max.max(self.settings.poll_interval_min));
        self.clock.now().after(jittered(most))
    }
}
