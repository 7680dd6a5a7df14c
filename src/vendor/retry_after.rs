//! `Retry-After`: the pause that the vendor requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use tracing::warn;

/// The upper limit of the pause: a wrong number must not stop the gateway.
#[derive(Debug)]
pub(super) struct Waits {
    at_most: Duration,
    /// The vendor's last pause was too long, and this was logged.
    is_logged: AtomicBool,
}

impl Waits {
    pub(super) fn new(at_most: Duration) -> Self {
        Self { at_most, is_logged: AtomicBool::new(false) }
    }

    /// The pause of an answer, with the upper limit. A pause that is too long is logged once, and
    /// again after a valid one.
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

/// The pause of an answer, in seconds or until a date. A date is compared with the answer's own
/// `Date`, so the vendor's clock may be wrong.
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

/// An HTTP date in the only form that may be sent (RFC 9110, 5.6.7), which is also a form of RFC
/// 2822. A wrong weekday is accepted.
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
    fn whole_seconds_are_read_and_limited() {
        for (wait, seconds) in
            [("0", 0), ("7", 7), (" 30 ", 30), ("999999", 3600), ("99999999999999999999999", 3600)]
        {
            assert_eq!(asked(wait, None), Some(Duration::from_secs(seconds)), "{wait}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_answers_own() {
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
    fn other_values_are_ignored() {
        for wait in ["", "-1", "1.5", "soon", "1 2", "+3"] {
            assert_eq!(asked(wait, Some("Sun, 06 Nov 1994 08:49:37 GMT")), None, "{wait:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
