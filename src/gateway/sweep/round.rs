//! One round over a kind of rows: its position, and when its next slice is due.

use std::time::Duration;

use tokio::time::Instant;

use super::Next;
use super::kind::{Kind, Pace};
use crate::domain::time::Timestamp;
use crate::ledger::transition::sweep::SweepFrom;

/// The pause between two slices of a round, so that sweeping takes a small part of the store's
/// time.
pub(super) const BETWEEN_SLICES: Duration = Duration::from_millis(200);

/// The first and the longest pause before a failed slice is repeated.
const TRIED_AGAIN_MIN: Duration = Duration::from_secs(5);
const TRIED_AGAIN_MAX: Duration = Duration::from_mins(5);

/// A round over a kind of rows.
pub(super) struct Round {
    kind: Kind,
    from: Option<SweepFrom>,
    due: Instant,
    /// The store's time when its first slice began, if it did. Rows that had expired by then are
    /// removed when the round is complete.
    began: Option<Timestamp>,
    /// When it is to be complete, if it is spread over a time.
    ends: Instant,
    fails: u32,
}

impl Round {
    /// The first round of this process.
    pub(super) fn first(kind: Kind) -> Self {
        let (from, now) = (kind.first_beginning(), Instant::now());
        let mut round = Self { kind, from, due: now, began: None, ends: now, fails: 0 };
        if let Pace::Over(time) = kind.pace() {
            round.ends = now + left(time, round.from.as_ref());
        }
        round
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn from(&self) -> Option<SweepFrom> {
        self.from.clone()
    }

    /// A slice begins.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// A slice was swept. Returns when the round began if it is now complete.
    pub(super) fn go_on(&mut self, next: Next) -> Option<Timestamp> {
        self.fails = 0;
        let soonest = Instant::now() + BETWEEN_SLICES;
        match next {
            Next::More => {
                self.due = soonest;
                None
            }
            Next::From(from) => {
                self.due = match self.kind.pace() {
                    Pace::Every(_) => soonest,
                    Pace::Over(time) => {
                        let on_time = self.ends.checked_sub(left(time, Some(&from)));
                        on_time.unwrap_or(soonest).max(soonest)
                    }
                };
                self.from = Some(from);
                None
            }
            Next::Complete => {
                match self.kind.pace() {
                    Pace::Every(time) => self.due = Instant::now() + time,
                    Pace::Over(time) => {
                        self.due = self.ends.max(soonest);
                        self.ends = self.due + time;
                    }
                }
                self.from = self.kind.beginning();
                self.began.take()
            }
        }
    }

    /// A slice failed.
    pub(super) fn fail(&mut self) {
        let doubled = 2_u32.saturating_pow(self.fails.min(16));
        self.fails = self.fails.saturating_add(1);
        let rest = TRIED_AGAIN_MIN.saturating_mul(doubled).min(TRIED_AGAIN_MAX);
        self.due = Instant::now() + rest;
    }
}

/// How much of a round's time is left at this position.
fn left(time: Duration, from: Option<&SweepFrom>) -> Duration {
    let passed = from.and_then(SweepFrom::passed).map_or(0, u32::from);
    time.saturating_mul(0x1_0000 - passed) / 0x1_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::keys::LeadKey;

    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    fn at(first_byte: u8) -> SweepFrom {
        let mut key = [0; 16];
        key[0] = first_byte;
        SweepFrom::Leads(Some(LeadKey::from_bytes(key)))
    }

    #[test]
    fn a_round_by_age_continues_at_once_and_then_pauses() {
        let mut round = Round::first(Kind::Jobs);
        round.begin(NOON);
        assert_eq!(round.go_on(Next::From(SweepFrom::Jobs(None))), None);
        assert!(round.due() <= Instant::now() + BETWEEN_SLICES);
        assert_eq!(round.go_on(Next::Complete), Some(NOON));
        assert!(round.due() > Instant::now() + Duration::from_mins(4));
        round.begin(NOON.after(Duration::from_mins(5)));
        assert_eq!(round.go_on(Next::Complete), Some(NOON.after(Duration::from_mins(5))));
    }

    #[test]
    fn a_round_over_hashes_is_spread_over_its_time() {
        let hours = |hours: u64| Duration::from_hours(hours);
        let mut round = Round::first(Kind::Leads);
        round.ends = Instant::now() + hours(6);
        round.begin(NOON);
        assert_eq!(round.go_on(Next::From(at(0x80))), None);
        let due = round.due() - Instant::now();
        assert!(due > hours(2) && due <= hours(3), "half of it takes half of the time: {due:?}");
        assert_eq!(round.go_on(Next::Complete), Some(NOON));
        let due = round.due() - Instant::now();
        assert!(due > hours(5) && due <= hours(6), "the next one follows it: {due:?}");
    }

    #[test]
    fn a_round_that_is_late_continues_at_once() {
        let mut round = Round::first(Kind::Leads);
        round.ends = Instant::now();
        round.begin(NOON);
        round.go_on(Next::From(at(0x80)));
        assert!(round.due() <= Instant::now() + BETWEEN_SLICES);
    }

    #[test]
    fn a_failed_slice_is_repeated_with_growing_pauses() {
        let mut round = Round::first(Kind::Batches);
        let rest = |round: &Round| round.due() - Instant::now();
        round.fail();
        assert!(rest(&round) <= TRIED_AGAIN_MIN);
        for _ in 0..40 {
            round.fail();
        }
        assert!(rest(&round) <= TRIED_AGAIN_MAX && rest(&round) > TRIED_AGAIN_MAX / 2);
        round.go_on(Next::More);
        assert!(rest(&round) <= BETWEEN_SLICES);
    }
}
