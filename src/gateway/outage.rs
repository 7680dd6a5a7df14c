//! An outage of the vendor: what this replica observed, what the ledger records, and the free
//! question.
//!
//! The ledger counts unanswered submissions and assigns probes in the step that begins an attempt,
//! so nothing here has to be exact. The state here only determines which jobs are leased, what
//! callers are told, and what has yet to be written to the ledger.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::concurrency::Holder;
use super::{Failed, Gateway, Refusal};
use crate::domain::outage::{Claim, Heard, Outage, Probing};
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::record::job::Way;
use crate::vendor::{Cause, Submitted};

/// How long after its due time a probe is unused because no job waits for it.
const UNUSED_AFTER: Duration = Duration::from_secs(10);

/// What this replica knows of an outage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// The state in the ledger.
    books: Outage,
    /// When the vendor last answered a submission of this replica.
    answered_at: Option<Timestamp>,
    /// Later submissions of this replica without an answer that are not in the ledger yet.
    silences: Silences,
}

/// Unanswered submissions that are not in the ledger yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Silences {
    pub(super) submissions: u32,
    /// The vendor's `Retry-After`.
    pub(super) said: Option<Duration>,
}

/// Which jobs that are due to be sent are leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// All of them.
    All,
    /// One at a time: it may be the probe.
    One,
    /// None before this time.
    NotBefore(Timestamp),
}

impl Silences {
    fn and(self, more: Self) -> Self {
        let submissions = self.submissions.saturating_add(more.submissions);
        Self { submissions, said: self.said.max(more.said) }
    }

    /// The observation for the ledger; `None` if there are none.
    pub(super) fn heard(self, probing: Probing) -> Option<Heard> {
        let Self { submissions, said } = self;
        (submissions > 0).then_some(Heard::Nothing { submissions, said, probing })
    }
}

impl Known {
    /// The vendor answered a submission. Returns whether the ledger may have to be updated.
    pub(super) fn hear_answer(&mut self, now: Timestamp) -> bool {
        let is_news = self.books != Outage::default();
        self.answered_at = Some(now);
        self.silences = Silences::default();
        self.learn(Outage::default());
        is_news
    }

    /// The vendor answered the question.
    pub(super) fn hear_answer_to_question(&mut self, now: Timestamp) {
        self.learn(self.books.hear(Heard::AnswerToQuestion, now));
    }

    /// The vendor did not answer a submission.
    pub(super) fn hear_nothing(&mut self, said: Option<Duration>) {
        self.silences = self.silences.and(Silences { submissions: 1, said });
    }

    /// Takes the observations for the ledger: when the vendor last answered, and what it left
    /// unanswered since. After the ledger was read following an answer, the answer is recorded or
    /// no longer relevant.
    pub(super) fn take_news(&mut self) -> (Option<Timestamp>, Silences) {
        (self.answered_at.take(), std::mem::take(&mut self.silences))
    }

    /// The ledger could not be updated.
    pub(super) fn give_back(&mut self, answered_at: Option<Timestamp>, silences: Silences) {
        if self.answered_at.is_none() {
            self.answered_at = answered_at;
            self.silences = self.silences.and(silences);
        }
    }

    pub(super) fn has_news(&self) -> bool {
        self.silences != Silences::default()
    }

    /// Sets the present or future state of the ledger.
    pub(super) fn learn(&mut self, books: Outage) {
        let (was_open, is_open) = (self.is_open(), books.probe_at.is_some());
        self.books = books;
        match books.probe_at {
            Some(at) if !was_open => warn!(
                unanswered = books.unanswered,
                "the vendor has not answered the last {} submissions: jobs wait, and a probe is \
                 sent at {at}",
                books.unanswered
            ),
            None if was_open && !is_open => info!("the vendor answers again: jobs are sent"),
            _ => {}
        }
    }

    /// Whether only probes are sent.
    pub(super) const fn is_open(&self) -> bool {
        self.books.probe_at.is_some()
    }

    pub(super) fn turns(&self, probing: Probing, now: Timestamp) -> Turns {
        match self.books.next_probe(probing, now) {
            None => Turns::All,
            Some(_) if self.books.is_answer_good(now) => Turns::One,
            Some(at) if now < at => Turns::NotBefore(at),
            Some(_) => Turns::One,
        }
    }

    /// Whether a probe is long overdue, so that no job waits for it.
    fn is_unused(&self, probing: Probing, attempts_max: u32, now: Timestamp) -> bool {
        let turns = probing.every.min(Duration::from_secs(2)).saturating_mul(attempts_max);
        let since = self.books.next_probe(probing, now).map(|at| now.since(at));
        since.is_some_and(|since| since > UNUSED_AFTER.saturating_add(turns))
    }

    /// The reason for `/readyz`.
    pub(super) fn remark(&self) -> Option<String> {
        let Outage { unanswered, probe_at, .. } = self.books;
        probe_at.map(|at| {
            format!(
                "vendor: it has not answered the last {unanswered} submissions: jobs wait, and a \
                 probe is sent at {at}"
            )
        })
    }
}

/// The result of the question.
pub(super) enum Asked {
    /// The vendor answered it.
    Answered,
    /// It did not, or the question may not be sent before then.
    NotBefore(Timestamp),
}

impl Gateway {
    /// How long until something may be sent again; `None` if the vendor answers, or may be tried
    /// now.
    pub(super) fn outage_left(&self) -> Option<Duration> {
        let now = self.clock.now();
        match self.circuit.turns(self.settings.probing(), now) {
            Turns::All | Turns::One => None,
            Turns::NotBefore(at) => Some(at.since(now)),
        }
    }

    /// The vendor answered a priced request.
    pub(super) fn hear_answer(&self) {
        if self.circuit.hear_answer(self.clock.now()) {
            self.wake.notify_one();
        }
    }

    /// The vendor did not answer a priced request.
    pub(super) fn hear_nothing(&self, cause: &Cause) {
        self.circuit.hear_nothing(cause.retry_after());
        self.wake.notify_one();
    }

    /// Sends the question in place of this interval's probe.
    pub(super) async fn question_vendor(&self) -> Result<Asked, Failed> {
        let probing = self.settings.probing();
        match self.ledger.claim_question(probing).await? {
            Claim::Needless => return Ok(Asked::Answered),
            Claim::NotBefore(at) => return Ok(Asked::NotBefore(at)),
            Claim::Given => {}
        }
        self.circuit.look_again();
        let mut leaves = match self.leave_to_send(Holder::NoTeam, Way::Batch).await? {
            Ok(leaves) => leaves,
            Err(until) => return Ok(Asked::NotBefore(until)),
        };
        let next = self.clock.now().after(probing.every);
        if !leaves.take() {
            return Ok(Asked::NotBefore(next));
        }
        if !self.knock().await {
            return Ok(Asked::NotBefore(next));
        }
        self.ledger.hear(Heard::AnswerToQuestion).await?;
        self.circuit.hear_answer_to_question(self.clock.now());
        self.wake.notify_one();
        Ok(Asked::Answered)
    }

    /// Whether the vendor answers the question.
    async fn knock(&self) -> bool {
        let began = Instant::now();
        let answer = self.vendor.ask_nothing().await;
        self.metrics.ask_vendor("question", answer.outcome(), began.elapsed());
        match answer {
            Submitted::Accepted(_) | Submitted::Refused(_) | Submitted::Misaddressed { .. } => true,
            Submitted::Wait { retry_after } => {
                self.leave_alone(retry_after).await;
                true
            }
            Submitted::NotSent(cause) => {
                warn!(%cause, "the vendor cannot be reached");
                false
            }
            Submitted::NoAnswer(cause) => {
                warn!(%cause, "the vendor does not answer a submission without leads");
                self.hear_nothing(&cause);
                false
            }
        }
    }

    /// If no job waits that could be the probe, the question is the only way to learn that the
    /// vendor answers again.
    pub(super) fn question_if_unused(&self) {
        let (probing, attempts_max) = (self.settings.probing(), self.settings.attempts_max);
        let is_unused = |known: &Known| known.is_unused(probing, attempts_max, self.clock.now());
        if !self.circuit.knows(is_unused) || !self.circuit.begin_question() {
            return;
        }
        let gateway = self.clone();
        self.tasks.spawn(async move {
            match gateway.question_vendor().await {
                // Nothing waits: later requests are sent as usual.
                Ok(Asked::Answered) => gateway.hear_answer(),
                Ok(Asked::NotBefore(_)) => {}
                Err(error) => warn!(%error, "the vendor could not be probed"),
            }
            gateway.circuit.end_question();
        });
    }

    /// Lets a call be opened again that the ledger refuses until then: the vendor must first answer
    /// the question.
    ///
    /// # Errors
    /// [`Refusal::VendorBusy`] if the vendor does not answer, or the question may not be sent yet.
    pub(super) async fn pass_outage(&self, probe_at: Timestamp) -> Result<(), Refusal> {
        let (now, probing) = (self.clock.now(), self.settings.probing());
        let probe_at = probe_at.not_beyond(probing.every.max(probing.at_most), now);
        let until = if now < probe_at {
            probe_at
        } else {
            match self.question_vendor().await? {
                Asked::Answered => return Ok(()),
                Asked::NotBefore(until) => until,
            }
        };
        let retry_after = until.since(self.clock.now());
        Err(Refusal::VendorBusy { retry_after })
    }
}
