//! How fast a body has to come: within a grace, and then at a rate.

use std::time::Duration;

/// How long a body may take to arrive, however steadily it comes.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A grace and a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long a body may take before the rate counts.
    pub(super) grace: Duration,
    /// How many bytes have to come in each further second.
    pub(super) rate_min: usize,
}

impl Pace {
    /// No rate: only [`BODY_TIMEOUT`] counts.
    pub(super) const ANY: Self = Self { grace: BODY_TIMEOUT, rate_min: usize::MAX };

    /// How long a body may have taken in all that has brought so many bytes.
    pub(super) fn allowed(&self, bytes: usize) -> Duration {
        let millis = u128::try_from(bytes)
            .unwrap_or(u128::MAX)
            .saturating_mul(1000)
            .checked_div(u128::try_from(self.rate_min).unwrap_or(u128::MAX))
            .unwrap_or(u128::MAX);
        let earned = Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
        self.grace.saturating_add(earned).min(BODY_TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_earns_its_time_up_to_the_limit() {
        let pace = Pace { grace: Duration::from_secs(5), rate_min: 1000 };
        let allowed = [0, 1, 1000, 25_000, usize::MAX].map(|bytes| pace.allowed(bytes).as_millis());
        assert_eq!(allowed, [5000, 5001, 6000, 30_000, 30_000]);
        assert_eq!(Pace::ANY.allowed(0), BODY_TIMEOUT);
    }
}
