//! Periods of quotas: a day, a week, a month or all time, in an IANA time zone.
//!
//! A period needs no reset job: its id is part of its counter's name, so a new period has a new
//! counter.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

use super::time::Timestamp;

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A civil day.
    Day,
    /// A week from Monday.
    Week,
    /// A calendar month.
    Month,
    /// All time.
    Total,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Total];

    /// `day`, `week`, `month` or `total`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The period of this length that contains `moment`.
    #[must_use]
    pub fn span(self, zone: &Zone, moment: Timestamp) -> Span {
        let Some(first) = self.first_day(zone.civil_date(moment)) else { return Span::total() };
        let next = match self {
            Self::Day => first.saturating_add(1.day()),
            Self::Week => first.saturating_add(7.days()),
            Self::Month | Self::Total => first.saturating_add(1.month()),
        };
        Span {
            id: PeriodId(format!("{}:{first}:{zone}", self.name()).into()),
            starts: zone.start_of(first),
            ends: Some(zone.start_of(next)),
        }
    }

    /// The first civil day of the period that contains `day`; `None` for all time.
    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Day => Some(day),
            Self::Week => {
                let since_monday = day.weekday().to_monday_zero_offset();
                Some(day.saturating_sub(since_monday.days()))
            }
            Self::Month => Some(day.first_of_month()),
            Self::Total => None,
        }
    }
}

/// Why a text is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is one of: day, week, month, total")]
pub struct NotAPeriod;

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        Self::ALL.into_iter().find(|period| period.name() == text).ok_or(NotAPeriod)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a period in the ledger, such as `day:2026-11-23:Europe/Lisbon`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeriodId(Arc<str>);

impl PeriodId {
    /// All time, in which every admission counts.
    #[must_use]
    pub fn total() -> Self {
        Self(Period::Total.name().into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The period with this name; `None` if it is not the name of a period.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        if *self == Self::total() {
            return Some(Span::total());
        }
        let mut parts = self.0.splitn(3, ':');
        let period: Period = parts.next()?.parse().ok()?;
        let first: Date = parts.next()?.parse().ok()?;
        let zone: Zone = parts.next()?.parse().ok()?;
        let span = period.span(&zone, zone.start_of(first));
        (span.id == *self).then_some(span)
    }

    /// The stored form of the name.
    #[must_use]
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for PeriodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One period: its name and its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its name in the ledger.
    pub id: PeriodId,
    /// Its first moment.
    pub starts: Timestamp,
    /// The first moment after it; `None` for all time.
    pub ends: Option<Timestamp>,
}

impl Span {
    /// All time.
    #[must_use]
    pub fn total() -> Self {
        Self { id: PeriodId::total(), starts: Timestamp::from_millis(i64::MIN), ends: None }
    }

    /// Whether `moment` is in this period.
    #[must_use]
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.starts <= moment && self.ends.is_none_or(|ends| moment < ends)
    }
}

/// An IANA time zone that is in the bundled database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone's IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    fn civil_date(&self, moment: Timestamp) -> Date {
        self.zoned(moment).date()
    }

    fn zoned(&self, moment: Timestamp) -> Zoned {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis())
            .expect("the store's clock shows a year that calendars know");
        moment.to_zoned(self.0.clone())
    }

    /// The first moment of a civil day, which is not midnight if the clocks skip it.
    fn start_of(&self, day: Date) -> Timestamp {
        let start = day.to_zoned(self.0.clone()).and_then(|zoned| zoned.start_of_day());
        let start = start.expect("a civil day near the present has a first moment");
        Timestamp::from_millis(start.timestamp().as_millisecond())
    }
}

/// Why a text is not a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IANA time zone: write a name such as Europe/Lisbon or UTC")]
pub struct NotAZone;

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(name: &str) -> Result<Self, NotAZone> {
        if name == "UTC" {
            return Ok(Self::UTC);
        }
        TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).map(Self).ok_or(NotAZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn hours(period: Period, zone: &str, at: &str) -> u64 {
        let span = period.span(&zone.parse().unwrap(), moment(at));
        span.ends.unwrap().since(span.starts).as_secs() / 3600
    }

    #[test]
    fn a_day_with_a_clock_change_is_shorter_or_longer() {
        assert_eq!(hours(Period::Day, "America/New_York", "2026-11-01T12:00:00Z"), 25);
        assert_eq!(hours(Period::Day, "America/New_York", "2026-03-08T12:00:00Z"), 23);
        assert_eq!(hours(Period::Day, "Asia/Kolkata", "2026-03-08T12:00:00Z"), 24);
        assert_eq!(hours(Period::Week, "Europe/Lisbon", "2026-03-29T12:00:00Z"), 167);
        assert_eq!(hours(Period::Month, "Europe/Lisbon", "2026-10-05T12:00:00Z"), 31 * 24 + 1);
    }

    #[test]
    fn a_day_begins_at_midnight_of_its_zone() {
        let kolkata = "Asia/Kolkata".parse().unwrap();
        let span = Period::Day.span(&kolkata, moment("2026-11-22T20:00:00Z"));
        assert_eq!(span.id.as_str(), "day:2026-11-23:Asia/Kolkata");
        assert_eq!(span.starts, moment("2026-11-22T18:30:00Z"));
        assert!(span.contains(span.starts));
        assert!(!span.contains(span.ends.unwrap()));
    }

    #[test]
    fn a_day_without_midnight_begins_with_its_first_moment() {
        let santiago = "America/Santiago".parse().unwrap();
        let span = Period::Day.span(&santiago, moment("2026-09-06T12:00:00Z"));
        assert_eq!(span.starts, moment("2026-09-06T04:00:00Z"));
    }

    #[test]
    fn weeks_start_on_monday_and_months_on_the_first() {
        let week = Period::Week.span(&Zone::UTC, moment("2026-11-22T23:59:59Z"));
        assert_eq!(week.id.as_str(), "week:2026-11-16:UTC");
        let month = Period::Month.span(&Zone::UTC, moment("2026-12-31T23:59:59Z"));
        assert_eq!(month.id.as_str(), "month:2026-12-01:UTC");
        assert_eq!(month.ends, Some(moment("2027-01-01T00:00:00Z")));
    }

    #[test]
    fn all_time_has_no_end_and_no_zone() {
        let lisbon = "Europe/Lisbon".parse().unwrap();
        assert_eq!(Period::Total.span(&lisbon, moment("2026-11-22T23:59:59Z")), Span::total());
    }

    #[test]
    fn a_period_is_found_by_its_name() {
        for zone in ["UTC", "Europe/Lisbon", "America/Argentina/Buenos_Aires"] {
            for period in Period::ALL {
                let span = period.span(&zone.parse().unwrap(), moment("2026-11-22T20:00:00Z"));
                assert_eq!(span.id.span(), Some(span));
            }
        }
        for name in ["", "day", "day:2026-11-23", "week:2026-11-24:UTC", "total:2026-11-23:UTC"] {
            assert_eq!(PeriodId::from_stored(name).span(), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_not_iana_is_refused() {
        for name in ["", "Lisbon", "+01:00", "Europe/Lisbon "] {
            assert!(name.parse::<Zone>().is_err(), "{name:?}");
        }
    }
}
