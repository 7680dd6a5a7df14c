//! `Retry-After`: how long the vendor asks to be left alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use tracing::warn;

/// How long the vendor may ask to be left alone: a wrong number must not stop the gateway.
#[derive(Debug)]
pub(super) struct Waits {
    at_most: Duration,
    /// The vendor's last wait was too long, and that was logged.
    is_logged: AtomicBool,
}

impl Waits {
    pub(super) fn new(at_most: Duration) -> Self {
        Self { at_most, is_logged: AtomicBool::new(false) }
    }

    /// The wait that an answer asks for, as far as it counts. One that is too long is logged once, and
    /// once more after one that is not.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Duration> {
        let wait = retry_after(headers)?;
        let is_too_long = wait > self.at_most;
        if is_too_long && !self.is_logged.load(Ordering::Relaxed) {
            warn!(
                seconds = wait.as_secs(),
                at_most = ?self.at_most,
                "the vendor sent Retry-After: {} s, which is limited to {:?}",
                wait.as_secs(),
                self.at_most
            );
        }
        self.is_logged.store(is_too_long, Ordering::Relaxed);
        Some(wait.min(self.at_most))
    }
}

/// The wait that an answer asks for, in seconds or until a date. A date is measured against the
/// answer's own `Date`, so that the vendor's clock may be wrong as it likes.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wait = text(headers, RETRY_AFTER)?;
    Some(if wait.bytes().all(|b| b.is_ascii_digit()) && !wait.is_empty() {
        wait.parse().map_or(Duration::MAX, Duration::from_secs)
    } else {
        let (until, now) = (moment(wait)?, moment(text(headers, DATE)?)?);
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// An HTTP date in the one form that may be sent (RFC 9110, 5.6.7), which is one of RFC 2822's. A
/// wrong weekday is not held against it.
fn moment(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(wait: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(wait));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        Waits::new(Duration::from_hours(1)).of(&headers)
    }

    #[test]
    fn whole_seconds_are_read_and_the_absurd_is_cut() {
        for (wait, seconds) in
            [("0", 0), ("7", 7), (" 30 ", 30), ("999999", 3600), ("99999999999999999999999", 3600)]
        {
            assert_eq!(asked(wait, None), Some(Duration::from_secs(seconds)), "{wait}");
        }
    }

    #[test]
    fn a_date_is_measured_against_the_answers_own() {
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (until, seconds) in [
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
            ("Sun, 06 Nov 1994 08:49:07 GMT", 0),
            ("Sun, 06 Nov 2094 08:49:37 GMT", 3600),
        ] {
            assert_eq!(asked(until, now), Some(Duration::from_secs(seconds)), "{until}");
        }
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
    }

    #[test]
    fn anything_else_asks_for_nothing() {
        for wait in ["", "-1", "1.5", "soon", "1 2", "+3"] {
            assert_eq!(asked(wait, Some("Sun, 06 Nov 1994 08:49:37 GMT")), None, "{wait:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
