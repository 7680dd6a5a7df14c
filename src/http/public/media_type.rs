//! The media type of answers: plain JSON, or the vendor's own where only that is accepted.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::body::{JSON, VENDOR_JSON};

/// Names JSON answers as the caller asks for them.
pub(super) async fn answer_as_asked(request: Request, next: Next) -> Response {
    let naming = Naming::of(request.headers());
    naming.name(next.run(request).await)
}

/// How a caller wants JSON to be named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming {
    is_vendors: bool,
}

impl Naming {
    /// As these headers of a request ask for.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { is_vendors: asks_for_vendor_json(headers) }
    }

    /// Names an answer of the gateway's own so.
    pub(super) fn name(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if self.is_vendors && headers.get(header::CONTENT_TYPE).is_some_and(|named| named == JSON) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(VENDOR_JSON));
        }
        response
    }
}

/// Whether the vendor's media type is accepted and plain JSON is not. Weights are passed over:
/// the two differ in their name only.
fn asks_for_vendor_json(headers: &HeaderMap) -> bool {
    let accepts = |wanted: &str| {
        let lists = headers.get_all(header::ACCEPT).iter().filter_map(|list| list.to_str().ok());
        let mut ranges = lists.flat_map(|list| list.split(','));
        ranges.any(|range| essence(range).eq_ignore_ascii_case(wanted))
    };
    accepts(VENDOR_JSON) && !accepts(JSON)
}

/// A media type without its parameters.
fn essence(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_media_type_is_for_those_who_accept_no_other() {
        for (accept, expected) in [
            ("application/vnd.amp+json", true),
            ("text/html, Application/VND.amp+json;q=0.9, */*", true),
            ("application/json, application/vnd.amp+json", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(asks_for_vendor_json(&headers), expected, "{accept}");
        }
        assert!(!asks_for_vendor_json(&HeaderMap::new()));
    }
}
