//! An outage of the vendor: the number of submissions in a row that it has not answered, and what
//! may still be sent.
//!
//! An [`Outage`] is a circuit breaker that all replicas share. It opens after [`OPENS_AFTER`]
//! unanswered submissions in a row. While it is open, one submission is sent per probe interval;
//! any answer closes it. A submission that may not be repeated is never the probe: before it, the
//! gateway sends a free request, the question ([`Gate::Ask`]), and only an answer to that lets one
//! submission pass.

use std::time::Duration;

use super::time::Timestamp;

/// The number of unanswered submissions in a row that opens the circuit.
pub const OPENS_AFTER: u32 = 3;

/// How much later than a job that was never sent a job may be the probe, for each of its unanswered
/// attempts. Shorter if probes follow one another faster.
const TURN_MAX: Duration = Duration::from_secs(2);

/// How long an answer to the question is valid.
const ANSWER_COUNTS_FOR: Duration = Duration::from_secs(30);

/// The precision of the time of the last unanswered submission while the circuit is open. Many
/// attempts end at once when an outage begins, and need not all write.
const DATED_TO: Duration = Duration::from_secs(1);

/// The state of an outage. The default is: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// The number of submissions in a row without an answer. Not all submissions that were in
    /// progress when the circuit opened are counted.
    pub unanswered: u32,
    /// When the last of them ended.
    pub unanswered_at: Option<Timestamp>,
    /// When the next probe may be sent; `None` while the circuit is closed.
    pub probe_at: Option<Timestamp>,
    /// The number of probes since it opened.
    pub probes: u32,
    /// Until this time one submission may pass, because the vendor has answered the question.
    pub answer_counts_until: Option<Timestamp>,
}

/// The intervals of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probing {
    /// The first interval; each further one is twice as long.
    pub every: Duration,
    /// The longest interval, if it is longer than the first; also limits the vendor's
    /// `Retry-After`.
    pub at_most: Duration,
}

/// A submission that requests to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The number of its earlier unanswered attempts.
    pub unanswered: u32,
    /// Whether another attempt may follow it.
    pub order: Order,
}

/// Whether another attempt may follow a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It may be followed by another one.
    Repeatable,
    /// It is the last one: without an answer, its cost stays unknown.
    Last,
}

/// Whether a submission may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Pass,
    /// It may, as the probe of this interval.
    Probe,
    /// Only after the vendor has answered the question.
    Ask,
    /// Not before this time.
    NotBefore(Timestamp),
}

/// Whether the question may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// There is no outage, or the question is already answered.
    Needless,
    /// It may, in place of this interval's probe.
    Given,
    /// Not before this time.
    NotBefore(Timestamp),
}

/// An observation of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It answered a submission at this time.
    Answer(Timestamp),
    /// It answered the question.
    AnswerToQuestion,
    /// It did not answer submissions.
    Nothing {
        /// Their number.
        submissions: u32,
        /// The `Retry-After` of the vendor.
        said: Option<Duration>,
        /// The intervals of probes.
        probing: Probing,
    },
}

impl Outage {
    /// The state after an observation.
    #[must_use]
    pub fn hear(self, heard: Heard, now: Timestamp) -> Self {
        match heard {
            Heard::Answer(at) => self.answered(at, now),
            Heard::AnswerToQuestion => self.answers_question(now),
            Heard::Nothing { submissions, said, probing } => {
                self.silence(submissions, said, probing, now)
            }
        }
    }

    /// The vendor did not answer this many submissions, and sent this `Retry-After`.
    #[must_use]
    pub fn silence(
        self,
        submissions: u32,
        said: Option<Duration>,
        probing: Probing,
        now: Timestamp,
    ) -> Self {
        let wait = probing.first().max(said.unwrap_or_default().min(probing.longest()));
        let Some(probe_at) = self.probe_at else {
            let unanswered = self.unanswered.saturating_add(submissions);
            let probe_at = (unanswered >= OPENS_AFTER).then(|| now.after(wait));
            return Self { unanswered, unanswered_at: Some(now), probe_at, ..self };
        };
        let is_dated = self.unanswered_at.is_some_and(|at| at <= now && now.since(at) < DATED_TO);
        let probe_at = if said.is_some() { probe_at.max(now.after(wait)) } else { probe_at };
        if is_dated && Some(probe_at) == self.probe_at {
            return self;
        }
        let unanswered = self.unanswered.saturating_add(submissions);
        Self { unanswered, unanswered_at: Some(now), probe_at: Some(probe_at), ..self }
    }

    /// The vendor answered a submission at `at`: the outage is over, unless a later one was not
    /// answered.
    #[must_use]
    pub fn answered(self, at: Timestamp, now: Timestamp) -> Self {
        if self.is_silent_since(at, now) { self } else { Self::default() }
    }

    /// Whether a submission after `at` was not answered. A time in the future was set by a wrong
    /// clock.
    #[must_use]
    pub fn is_silent_since(self, at: Timestamp, now: Timestamp) -> bool {
        self.unanswered_at.is_some_and(|silent_at| at < silent_at && silent_at <= now)
    }

    /// Whether a submission may pass, and the state afterwards.
    #[must_use]
    pub fn pass(self, trial: Trial, probing: Probing, now: Timestamp) -> (Self, Gate) {
        if self.is_answer_good(now) {
            return (Self { answer_counts_until: None, ..self }, Gate::Probe);
        }
        let Some(probe_at) = self.next_probe(probing, now) else {
            let must_ask = self.unanswered > 0 && trial.order == Order::Last;
            return (self, if must_ask { Gate::Ask } else { Gate::Pass });
        };
        let turn = TURN_MAX.min(probing.first().checked_div(4).unwrap_or_default());
        let may_go = probe_at.after(turn.saturating_mul(trial.unanswered));
        if now < may_go {
            return (self, Gate::NotBefore(may_go));
        }
        match trial.order {
            Order::Last => (self, Gate::Ask),
            Order::Repeatable => (self.probed(probing, now), Gate::Probe),
        }
    }

    /// Whether a request that is sent only once may pass; `None` if it may. It neither waits for
    /// the interval nor uses it: the interval belongs to the question before it.
    #[must_use]
    pub fn shuts_out(self, now: Timestamp) -> Option<Timestamp> {
        self.probe_at.filter(|_| !self.is_answer_good(now))
    }

    /// Uses this interval for the question.
    #[must_use]
    pub fn claim(self, probing: Probing, now: Timestamp) -> (Self, Claim) {
        if self.unanswered == 0 || self.is_answer_good(now) {
            return (self, Claim::Needless);
        }
        match self.next_probe(probing, now) {
            Some(at) if now < at => (self, Claim::NotBefore(at)),
            _ => (self.probed(probing, now), Claim::Given),
        }
    }

    /// The vendor answered the question: one submission may pass.
    #[must_use]
    pub fn answers_question(self, now: Timestamp) -> Self {
        match self.probe_at {
            Some(_) => Self { answer_counts_until: Some(now.after(ANSWER_COUNTS_FOR)), ..self },
            None => self,
        }
    }

    /// Whether an answer to the question lets a submission pass.
    #[must_use]
    pub fn is_answer_good(self, now: Timestamp) -> bool {
        let left = self.answer_counts_until.map(|until| until.since(now)).unwrap_or_default();
        // An answer that is valid for longer than possible was dated by a wrong clock.
        !left.is_zero() && left <= ANSWER_COUNTS_FOR
    }

    /// When the next probe may be sent; `None` while the circuit is closed. A time that is further
    /// ahead than any interval was set by a wrong clock, and counts as now.
    #[must_use]
    pub fn next_probe(self, probing: Probing, now: Timestamp) -> Option<Timestamp> {
        self.probe_at.map(|at| if at.since(now) > probing.longest() { now } else { at })
    }

    fn probed(self, probing: Probing, now: Timestamp) -> Self {
        let factor = 1_u32.checked_shl(self.probes.min(u32::BITS.saturating_sub(2)));
        let interval = probing.first().saturating_mul(factor.unwrap_or(u32::MAX));
        let probe_at = Some(now.after(interval.min(probing.longest())));
        Self { probe_at, probes: self.probes.saturating_add(1), ..self }
    }
}

impl Probing {
    fn first(self) -> Duration {
        self.every
    }

    /// The longest pause between probes.
    fn longest(self) -> Duration {
        self.every.max(self.at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBING: Probing =
        Probing { every: Duration::from_mins(2), at_most: Duration::from_mins(5) };
    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);
    const FRESH: Trial = Trial { unanswered: 0, order: Order::Repeatable };
    const LAST: Trial = Trial { unanswered: 2, order: Order::Last };

    fn minutes(n: u64) -> Duration {
        Duration::from_mins(n)
    }

    fn open() -> Outage {
        Outage::default().silence(OPENS_AFTER, None, PROBING, NOON)
    }

    #[test]
    fn a_few_unanswered_submissions_in_a_row_open_the_circuit() {
        let mut outage = Outage::default();
        for _ in 1..OPENS_AFTER {
            outage = outage.silence(1, None, PROBING, NOON);
            assert_eq!(outage.pass(FRESH, PROBING, NOON), (outage, Gate::Pass));
        }
        let answered = outage.answered(NOON, NOON);
        assert_eq!(answered, Outage::default(), "they are no longer in a row");
        outage = outage.silence(1, None, PROBING, NOON);
        let next = NOON.after(minutes(2));
        assert_eq!(outage.pass(FRESH, PROBING, NOON), (outage, Gate::NotBefore(next)));
    }

    #[test]
    fn one_probe_is_sent_per_interval_and_intervals_grow_to_the_longest() {
        let (mut outage, mut now) = (open(), NOON);
        for interval in [2, 2, 4, 5, 5] {
            let (_, gate) = outage.pass(FRESH, PROBING, now);
            assert_eq!(gate, Gate::NotBefore(now.after(minutes(interval))));
            now = now.after(minutes(interval));
            let gate;
            (outage, gate) = outage.pass(FRESH, PROBING, now);
            assert_eq!(gate, Gate::Probe);
            outage = outage.silence(1, None, PROBING, now);
        }
    }

    #[test]
    fn a_job_that_was_never_sent_is_the_probe_first() {
        let outage = open();
        let probe_at = NOON.after(minutes(2));
        let second = Trial { unanswered: 1, order: Order::Repeatable };
        let later = probe_at.after(TURN_MAX);
        assert_eq!(outage.pass(second, PROBING, probe_at).1, Gate::NotBefore(later));
        assert_eq!(outage.pass(FRESH, PROBING, probe_at).1, Gate::Probe);
        assert_eq!(outage.pass(second, PROBING, later).1, Gate::Probe);
    }

    #[test]
    fn a_last_attempt_is_made_after_the_vendor_answered_the_question() {
        let silent_once = Outage::default().silence(1, None, PROBING, NOON);
        assert_eq!(silent_once.pass(LAST, PROBING, NOON).1, Gate::Ask);
        let (asked, claim) = silent_once.claim(PROBING, NOON);
        assert_eq!(claim, Claim::Given);
        let next = NOON.after(minutes(2));
        assert_eq!(asked.claim(PROBING, NOON), (asked, Claim::NotBefore(next)));
        assert_eq!(asked.shuts_out(NOON), Some(next));
        let answered = asked.answers_question(NOON);
        assert_eq!(answered.shuts_out(NOON), None);
        let (passed, gate) = answered.pass(LAST, PROBING, NOON);
        assert_eq!(gate, Gate::Probe);
        assert_eq!(passed.pass(FRESH, PROBING, NOON).1, Gate::NotBefore(next), "one passes");
        let late = NOON.after(ANSWER_COUNTS_FOR);
        assert_eq!(answered.pass(FRESH, PROBING, late).1, Gate::NotBefore(next));
    }

    #[test]
    fn retry_after_delays_the_probe_within_limits() {
        for (said, minutes) in [(1, 2), (4, 4), (999, 5)] {
            let said = Some(Duration::from_mins(said));
            let at = Some(NOON.after(Duration::from_mins(minutes)));
            let opened = Outage::default().silence(OPENS_AFTER, said, PROBING, NOON);
            assert_eq!(opened.probe_at, at);
            assert_eq!(open().silence(1, said, PROBING, NOON).probe_at, at);
        }
    }

    #[test]
    fn an_answer_before_the_last_silence_proves_nothing() {
        let outage = open();
        let before = NOON.before(Duration::from_millis(1));
        assert_eq!(outage.answered(before, NOON), outage);
        assert_eq!(outage.answered(NOON, NOON), Outage::default());
        assert_eq!(outage.answered(before, before), Outage::default(), "the clock was wrong");
    }

    #[test]
    fn a_time_set_by_a_wrong_clock_blocks_nothing() {
        let outage = open();
        let back = NOON.before(minutes(60 * 24));
        assert_eq!(outage.pass(FRESH, PROBING, back).1, Gate::Probe);
        let answered = outage.answers_question(NOON);
        assert!(!answered.is_answer_good(back));
    }

    #[test]
    fn many_that_end_at_once_are_not_all_counted() {
        let outage = open();
        assert_eq!(outage.silence(1, None, PROBING, NOON), outage);
        let later = NOON.after(DATED_TO);
        assert_eq!(outage.silence(1, None, PROBING, later).unanswered, OPENS_AFTER + 1);
    }
}
