//! Times, in whole milliseconds since the Unix epoch.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A time of the store's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// The time this many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This time plus `by`, saturating.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// This time minus `by`.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// This stored time. A time that is further ahead than its kind allows was stored by a wrong
    /// clock, and counts as `now`.
    #[must_use]
    pub fn not_beyond(self, longest: Duration, now: Self) -> Self {
        if self.since(now) > longest { now } else { self }
    }

    /// The time since `earlier`; zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        u64::try_from(millis).map_or(Duration::ZERO, Duration::from_millis)
    }
}

/// How far ahead of a step's moment other steps may have stamped what it reads: by a clock that was set
/// back since, as far as the default margin of the charge window allows for.
const STAMPED_AHEAD_MAX: Duration = Duration::from_mins(10);

/// The interval in which an event must have happened to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// No earlier than this,
    pub earliest: Timestamp,
    /// and not after now.
    pub now: Timestamp,
}

impl Since {
    /// Whether an event at `moment` counts. A time in the future was stored by a wrong clock, so
    /// the age of the event is unknown.
    #[must_use]
    pub fn has(self, moment: Timestamp) -> bool {
        moment >= self.earliest && moment.since(self.now) <= STAMPED_AHEAD_MAX
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, to the millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time as in RFC 3339, such as 2026-11-23T10:00:00.000Z")]
pub struct NotAMoment;

impl FromStr for Timestamp {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotAMoment)?;
        Ok(Self(moment.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_rfc_3339() {
        let moment = Timestamp::from_millis(1_500);
        assert_eq!(moment.to_string(), "1970-01-01T00:00:01.500Z");
        assert_eq!(moment.to_string().parse(), Ok(moment));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(NotAMoment));
    }

    #[test]
    fn a_moment_further_ahead_than_its_kind_allows_counts_as_now() {
        let (now, minute) = (Timestamp::from_millis(1_000), Duration::from_mins(1));
        assert_eq!(now.after(minute).not_beyond(minute, now), now.after(minute));
        let absurd = now.after(minute).after(Duration::from_millis(1));
        assert_eq!(absurd.not_beyond(minute, now), now);
        assert_eq!(now.before(minute).not_beyond(minute, now), now.before(minute));
    }

    #[test]
    fn a_time_stored_by_a_wrong_clock_counts_as_expired() {
        let now = Timestamp::from_millis(1_000_000);
        let since = Since { earliest: now.before(Duration::from_mins(5)), now };
        let has = |moment: Timestamp| since.has(moment);
        assert!(has(now) && has(since.earliest) && has(now.after(Duration::from_secs(30))));
        assert!(
            !has(now.before(Duration::from_mins(6))) && !has(now.after(Duration::from_hours(1)))
        );
    }

    #[test]
    fn the_time_since_a_later_moment_is_zero() {
        let noon = Timestamp::from_millis(1_000);
        assert_eq!(noon.since(noon.after(Duration::from_secs(1))), Duration::ZERO);
        assert_eq!(noon.after(Duration::from_secs(1)).since(noon), Duration::from_secs(1));
    }
}
