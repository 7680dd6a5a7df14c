//! The headers that are forwarded in each direction; all others are dropped.
//!
//! Validators (`ETag`, `Last-Modified`, `If-…`) and `Range` are not forwarded, so conditional and
//! range requests do not work, and every response is complete.

use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, VARY,
};

/// The forwarded headers of a caller's request.
const OF_A_REQUEST: [HeaderName; 3] = [ACCEPT, CONTENT_ENCODING, CONTENT_TYPE];

/// The forwarded headers of the vendor's answer. `Retry-After` is given in whole seconds, and
/// `Location` only if it is a path.
const OF_AN_ANSWER: [HeaderName; 6] =
    [ALLOW, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, VARY];

/// Headers that may be forwarded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedHeaders(HeaderMap);

impl PassedHeaders {
    /// Those of a caller's request. A body without a type gets a neutral one, because some servers
    /// would read it as a form, and another method in it.
    #[must_use]
    pub fn of_request(headers: &HeaderMap, has_body: bool) -> Self {
        let mut passed = only(headers, &OF_A_REQUEST);
        if has_body && !passed.contains_key(CONTENT_TYPE) {
            passed.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        Self(passed)
    }

    /// Those of the vendor's answer. The content length is included only for a `HEAD`, whose
    /// response has no body.
    pub(super) fn of_answer(headers: &HeaderMap, is_head: bool) -> Self {
        let mut passed = only(headers, &OF_AN_ANSWER);
        if headers.contains_key(CACHE_CONTROL) {
            passed.insert(CACHE_CONTROL, private(headers));
        }
        let location = headers.get(LOCATION).filter(|value| {
            let bytes = value.as_bytes();
            bytes.starts_with(b"/") && !bytes.starts_with(b"//") && !bytes.contains(&b'\\')
        });
        if let Some(location) = location {
            passed.insert(LOCATION, location.clone());
        }
        if let Some(length) = headers.get(CONTENT_LENGTH).filter(|_| is_head) {
            passed.insert(CONTENT_LENGTH, length.clone());
        }
        Self(passed)
    }

    pub(super) fn into_map(self) -> HeaderMap {
        self.0
    }
}

/// The vendor's cache directives, restricted to the caller's own cache. To the vendor all callers
/// are one account, so even a public response belongs to one team.
fn private(headers: &HeaderMap) -> HeaderValue {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let texts: Option<Vec<_>> = values.map(|value| value.to_str().ok()).collect();
    let Some(texts) = texts else { return HeaderValue::from_static("no-store") };
    let text = texts.join(",").to_ascii_lowercase();
    let said: Vec<_> = text.split(',').map(str::trim).collect();
    if said.contains(&"no-store") {
        return HeaderValue::from_static("no-store");
    }
    // The field names of `no-cache=` are quoted and contain commas, so the directive is applied to
    // the whole response.
    let max_age = said.iter().find(|directive| directive.starts_with("max-age="));
    let max_age =
        max_age.and_then(|directive| directive[8..].trim_matches('"').parse::<u32>().ok());
    if said.iter().any(|directive| directive.starts_with("no-cache")) {
        return HeaderValue::from_static("private, no-cache");
    }
    match max_age {
        Some(seconds) => HeaderValue::from_str(&format!("private, max-age={seconds}"))
            .expect("a number fits in a header"),
        None => HeaderValue::from_static("private"),
    }
}

fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut passed = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            passed.append(name, value.clone());
        }
    }
    passed
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn names(passed: &PassedHeaders) -> Vec<String> {
        let mut names: Vec<_> = passed.0.iter().map(|(name, _)| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_headers_about_the_body_and_accepted_types_are_forwarded() {
        let all = headers(&[
            ("accept", "application/json"),
            ("accept", "text/csv"),
            ("accept-encoding", "br"),
            ("authorization", "Bearer tg_a_b"),
            ("content-encoding", "gzip"),
            ("content-length", "7"),
            ("content-type", "application/vnd.amp+json"),
            ("cookie", "a=b"),
            ("host", "gateway"),
            ("if-none-match", "\"x\""),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-api-key", "a"),
        ]);
        let passed = names(&PassedHeaders::of_request(&all, true));
        assert_eq!(passed, ["accept", "accept", "content-encoding", "content-type"]);
    }

    #[test]
    fn headers_about_the_account_are_not_returned() {
        let all = headers(&[
            ("content-type", "application/json"),
            ("content-length", "7"),
            ("set-cookie", "session=1"),
            ("etag", "\"x\""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("www-authenticate", "Bearer"),
            ("x-account-id", "1"),
            ("x-request-id", "theirs"),
            ("retry-after", "7"),
            ("connection", "close"),
            ("allow", "GET"),
        ]);
        assert_eq!(names(&PassedHeaders::of_answer(&all, false)), ["allow", "content-type"]);
        let to_head = names(&PassedHeaders::of_answer(&all, true));
        assert_eq!(to_head, ["allow", "content-length", "content-type"]);
    }

    #[test]
    fn only_the_callers_own_cache_may_store_an_answer() {
        for (said, passed) in [
            ("public, max-age=600", "private, max-age=600"),
            ("PUBLIC", "private"),
            ("max-age=60, s-maxage=600, must-revalidate", "private, max-age=60"),
            ("private", "private"),
            ("public, no-cache=\"set-cookie, x\"", "private, no-cache"),
            ("public, no-store", "no-store"),
            ("max-age=forever", "private"),
        ] {
            let answer = headers(&[("cache-control", said), ("vary", "accept")]);
            let answer = PassedHeaders::of_answer(&answer, false).0;
            assert_eq!(answer[CACHE_CONTROL], passed);
            assert_eq!(answer[VARY], "accept");
        }
        let unsaid = PassedHeaders::of_answer(&headers(&[]), false).0;
        assert!(!unsaid.contains_key(CACHE_CONTROL));
    }

    #[test]
    fn a_location_is_returned_only_if_it_is_a_path() {
        for (location, is_told) in [
            ("/contacts/7", true),
            ("/contacts?page[size]=2", true),
            ("//elsewhere.example/", false),
            ("/\\elsewhere.example", false),
            ("https://api.amplemarket.com/contacts/7", false),
            ("contacts/7", false),
        ] {
            let passed = PassedHeaders::of_answer(&headers(&[("location", location)]), false);
            assert_eq!(passed.0.contains_key(LOCATION), is_told, "{location}");
        }
    }
}
