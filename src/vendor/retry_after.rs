//! `Retry-After`: how long the vendor asks to be left alone.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use jiff::Timestamp;

/// The longest wait that is believed: a date in the wrong year must not stop the gateway.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// The wait that an answer asks for, in seconds or until a date. A date is measured against the
/// answer's own `Date`, so that the vendor's clock may be wrong as it likes.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wait = text(headers, RETRY_AFTER)?;
    let wait = if wait.bytes().all(|b| b.is_ascii_digit()) && !wait.is_empty() {
        wait.parse().map_or(Duration::MAX, Duration::from_secs)
    } else {
        let (until, now) = (moment(wait)?, moment(text(headers, DATE)?)?);
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(RETRY_AFTER_MAX))
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
        retry_after(&headers)
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
