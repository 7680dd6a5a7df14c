//! Turns: whose job is due gets one, a bounded number at once in each lane, each in a task of its
//! own.

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

/// The dispatcher looks this often even if it knows of nothing due, since others may make it so.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it rests when the store is away.
const STORE_REST: Duration = Duration::from_millis(500);

/// Takes turns until the gateway stops.
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

/// Starts a turn with every job that is due, as far as there is room, and tells how long to rest.
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
    // Where there is no room, a turn that ends rings.
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
            // Most often nobody waits for it here.
            let _ = gateway.turned.send(job);
            gateway.wake.notify_one();
        });
    }
    Ok(Duration::ZERO)
}

impl Gateway {
    /// Takes over what an earlier process of this store left.
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
            // Whoever has the turn now goes on from where the books stand.
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
            // An attempt that was not answered, in this process or before: whether another may be
            // made, the settings of today say.
            State::Unknown if self.settings.on_no_answer == OnNoAnswer::Hold => {
                self.give_up(&job, lease, Reason::NoAnswer).await
            }
            State::Ready | State::Unknown => self.send(job, lease, requests.into_leaves()).await,
            // Its coach has the turns.
            State::Gathered(_) => Ok(()),
            // Its sender died, which says nothing of the vendor.
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

    /// Batches that had joined a job that died go their own way.
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

    /// The vendor may have taken an attempt: nothing is released, and it is made again after a
    /// quiet time, or when the vendor said, if that is allowed at all.
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

    /// What was cancelled of a job in doubt is not sent again.
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

    /// When to try again after so many attempts: later each time, and not all at once.
    pub(super) fn back_off(&self, attempts: u32) -> Timestamp {
        let base = Duration::from_millis(250).saturating_mul(1 << attempts.min(8));
        let most = base.min(self.settings.poll_interval_max.max(self.settings.poll_interval_min));
        self.clock.now().after(jittered(most))
    }
}
