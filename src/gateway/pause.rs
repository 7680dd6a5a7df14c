//! Pauses between two polls of a job. They grow, and have jitter so that many jobs do not poll at
//! once.

use std::time::Duration;

use super::caller::random;

/// The pause between polls of an unresolved job; no setting changes it.
pub(super) const SLOW_LOOK: Duration = Duration::from_mins(10);

/// The pause before the next poll of a job that the vendor accepted this long ago, without a
/// `Retry-After`.
pub(super) fn pause(bound_for: Duration, least: Duration, most: Duration) -> Duration {
    let longest = (bound_for / 4).min(most).max(least + least / 4);
    between((longest / 2).max(least), longest)
}

/// The same with a `Retry-After`: not shorter.
pub(super) fn pause_of(said: Duration, least: Duration) -> Duration {
    let least = said.max(least);
    between(least, least.saturating_add(least / 10))
}

/// Between half and all of it.
pub(super) fn jittered(time: Duration) -> Duration {
    between(time / 2, time)
}

fn between(least: Duration, most: Duration) -> Duration {
    let [share] = random::<1>();
    least.saturating_add(most.saturating_sub(least) / u32::from(u8::MAX) * u32::from(share))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LEAST: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_secs(30);

    /// The pauses of a thousand jobs that the vendor accepted at once.
    fn thousand(pause: impl Fn() -> Duration) -> BTreeSet<Duration> {
        let pauses: BTreeSet<_> = (0..1_000).map(|_| pause()).collect();
        assert!(pauses.len() > 100, "a thousand jobs come back in {} moments", pauses.len());
        pauses
    }

    #[test]
    fn jobs_accepted_at_once_are_not_polled_at_once() {
        for (bound_for, from, to) in [(0, 1_000, 1_250), (4, 1_000, 1_250), (60, 7_500, 15_000)] {
            let bound_for = Duration::from_secs(bound_for);
            let pauses = thousand(|| pause(bound_for, LEAST, MOST));
            let (from, to) = (Duration::from_millis(from), Duration::from_millis(to));
            assert!(*pauses.first().unwrap() >= from && *pauses.last().unwrap() <= to);
        }
        assert!(*thousand(|| pause(Duration::MAX, LEAST, MOST)).last().unwrap() <= MOST);
    }

    #[test]
    fn jobs_with_the_same_retry_after_are_polled_neither_together_nor_too_soon() {
        for said in [Duration::ZERO, LEAST, MOST] {
            let pauses = thousand(|| pause_of(said, LEAST));
            assert!(*pauses.first().unwrap() >= said.max(LEAST), "{said:?}");
        }
    }
}
