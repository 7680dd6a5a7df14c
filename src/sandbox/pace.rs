//! The vendor's limit of requests per minute, if one is set.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

const MINUTE_MS: i64 = 60_000;

/// The accepted requests of the last minute, and the number of refused ones.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The time of each, the oldest first.
    let_through: VecDeque<i64>,
    pub(super) turned_away: u64,
}

impl Pace {
    /// Accepts one more request, unless the limit of the last minute is reached; then returns the
    /// seconds until the next one is accepted.
    pub(super) fn pass(&mut self, per_minute: NonZeroUsize, now: i64) -> Result<(), u64> {
        while self.let_through.front().is_some_and(|at| now - at >= MINUTE_MS) {
            self.let_through.pop_front();
        }
        let in_the_way = self.let_through.len().checked_sub(per_minute.get());
        let Some(last_in_the_way) = in_the_way.and_then(|index| self.let_through.get(index)) else {
            self.let_through.push_back(now);
            return Ok(());
        };
        self.turned_away += 1;
        let wait_ms = u64::try_from(last_in_the_way + MINUTE_MS - now).unwrap_or_default();
        Err(wait_ms.div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_accepted_requests_than_the_limit() {
        let two = NonZeroUsize::new(2).unwrap();
        let mut pace = Pace::default();
        assert_eq!([0, 30_000].map(|at| pace.pass(two, at)), [Ok(()), Ok(())]);
        assert_eq!(pace.pass(two, 59_999), Err(1));
        assert_eq!([60_000, 60_000].map(|at| pace.pass(two, at)), [Ok(()), Err(30)]);
        assert_eq!(pace.pass(two, 90_000), Ok(()));
        assert_eq!(pace.turned_away, 2);
    }

    #[test]
    fn a_lowered_limit_applies_at_once() {
        let three = NonZeroUsize::new(3).unwrap();
        let mut pace = Pace::default();
        for at in [0, 10_000, 20_000] {
            assert_eq!(pace.pass(three, at), Ok(()));
        }
        assert_eq!(pace.pass(NonZeroUsize::MIN, 30_000), Err(50));
    }
}
