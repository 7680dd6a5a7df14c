//! `Cache-Control` of a request: how old an answer may be that is known already.
//!
//! Only `no-cache` and `max-age` are heeded; whatever else is there is ignored, as RFC 9111 says. An
//! age that cannot be read is none at all, so that nobody who asked for a fresh answer gets an old
//! one.

use std::time::Duration;

use axum::http::{HeaderMap, header};

/// How old an answer from what is known may be; zero, and the vendor is asked. None where the
/// request says nothing of it.
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let fields = headers.get_all(header::CACHE_CONTROL).iter();
    let texts: Vec<_> =
        fields.map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned()).collect();
    texts.iter().flat_map(|text| directives(text)).filter_map(age).min()
}

/// The directives of a field. A comma in a quoted argument parts nothing.
fn directives(field: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    field.split(move |c| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' => is_escaped = is_quoted,
            _ => return c == ',' && !is_quoted,
        }
        false
    })
}

/// The age that a directive allows; none where it says nothing of ages.
fn age(directive: &str) -> Option<Duration> {
    let (name, argument) = match directive.split_once('=') {
        Some((name, argument)) => (name.trim(), argument.trim()),
        None => (directive.trim(), ""),
    };
    if name.eq_ignore_ascii_case("no-cache") {
        return Some(Duration::ZERO);
    }
    name.eq_ignore_ascii_case("max-age").then(|| seconds(argument))
}

/// Seconds as HTTP writes them: digits, quoted or not. More than fit are the most there are.
fn seconds(argument: &str) -> Duration {
    let unquoted = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let digits = unquoted.unwrap_or(argument);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Duration::ZERO;
    }
    Duration::from_secs(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(fields: &[&str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_bytes(field.as_bytes()).unwrap();
            headers.append(header::CACHE_CONTROL, value);
        }
        max_age(&headers).map(|age| age.as_secs())
    }

    #[test]
    fn no_cache_takes_no_answer_that_is_known() {
        for field in
            ["no-cache", "No-Cache", " no-cache , no-store", "no-cache=\"x\"", "a,no-cache"]
        {
            assert_eq!(read(&[field]), Some(0), "{field}");
        }
    }

    #[test]
    fn an_age_is_in_seconds_and_the_smallest_wins() {
        for (fields, seconds) in [
            (&["max-age=60"][..], 60),
            (&["MAX-AGE=60"], 60),
            (&["max-age=\"60\""], 60),
            (&["no-transform, max-age=60"], 60),
            (&["max-age=60", "max-age=30"], 30),
            (&["max-age=60, no-cache"], 0),
            (&["max-age=99999999999999999999"], u64::MAX),
        ] {
            assert_eq!(read(fields), Some(seconds), "{fields:?}");
        }
    }

    #[test]
    fn an_age_that_cannot_be_read_is_none_at_all() {
        for field in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=1h", "max-age=é"]
        {
            assert_eq!(read(&[field]), Some(0), "{field}");
        }
    }

    #[test]
    fn other_directives_are_ignored() {
        for field in [
            "",
            ",,",
            "no-store",
            "max-stale=5",
            "only-if-cached",
            "x=\"a, no-cache\"",
            "no-cacheable",
        ] {
            assert_eq!(read(&[field]), None, "{field}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["x=\"a\\\", no-cache\", max-age=5"]), Some(5), "a quoted quote");
    }
}
