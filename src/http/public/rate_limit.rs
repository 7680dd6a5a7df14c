//! `RateLimit-Policy` and `RateLimit`: a team's quotas and limits, one item each, and the requests it may
//! make in a minute, as draft-ietf-httpapi-ratelimit-headers-11 has them. Credits are whole, rounded down.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::domain::credits::Credits;
use crate::gateway::{QuotaLeft, Remaining, RequestsLeft};
use crate::http::rate_limit::{RATELIMIT, RATELIMIT_POLICY, limit_of, policy_of, seconds_of};

/// What is counted. The registry has no unit for it, and the default, requests, would be wrong.
const UNIT: &str = "credits";

/// The quotas themselves: `q` is the limit, and `w` how long the present period is; all time has
/// none.
pub(super) fn policy(remaining: &Remaining) -> String {
    let quotas = list(remaining, |left| {
        let seconds = left.resets.map(|resets| format!(";w={}", resets.lasts.as_secs()));
        format!(";q={};qu=\"{UNIT}\"{}", whole(left.limit), seconds.unwrap_or_default())
    });
    quotas.into_iter().chain(remaining.limits.iter().map(policy_of)).collect::<Vec<_>>().join(", ")
}

/// What is left of them: `r` is that, and `t` how soon the present period ends.
pub(super) fn limit(remaining: &Remaining) -> String {
    let quotas = list(remaining, |left| {
        let seconds = left.resets.map(|resets| format!(";t={}", seconds_of(resets.ends_in)));
        format!(";r={}{}", whole(left.remaining), seconds.unwrap_or_default())
    });
    quotas.into_iter().chain(remaining.limits.iter().map(limit_of)).collect::<Vec<_>>().join(", ")
}

/// An item for each quota, with these parameters.
fn list(remaining: &Remaining, parameters: impl Fn(&QuotaLeft) -> String) -> Vec<String> {
    let mut alike = BTreeMap::new();
    let items = remaining.quotas.iter().map(|left| {
        let name = format!("{}-{}", left.unit, left.period);
        let number = alike.entry(name.clone()).or_insert(0_u32);
        *number += 1;
        // Quotas alike but for their zone are told apart by their order.
        let suffix = if *number > 1 { format!("-{number}") } else { String::new() };
        format!("\"{name}{suffix}\"{}", parameters(left))
    });
    items.collect()
}

/// What is left of a caller's requests, once it is known who calls.
#[derive(Clone, Debug, Default)]
struct Noted(Arc<OnceLock<RequestsLeft>>);

/// Adds the requests of the caller's team to what an answer says of its quotas.
pub(super) async fn tell_requests(mut request: Request, next: Next) -> Response {
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let mut response = next.run(request).await;
    if let Some(RequestsLeft { per_minute, left, resets_in }) = noted.0.get() {
        let policy = format!("\"requests\";q={per_minute};w=60");
        let limit = format!("\"requests\";r={left};t={}", seconds_of(*resets_in));
        append(response.headers_mut(), RATELIMIT_POLICY, &policy);
        append(response.headers_mut(), RATELIMIT, &limit);
    }
    response
}

/// Notes what is left of the requests of whoever sent these.
pub(super) fn note(parts: &Parts, left: RequestsLeft) {
    if let Some(Noted(noted)) = parts.extensions.get() {
        // A request is counted once.
        let _ = noted.set(left);
    }
}

/// Adds an item to a list.
fn append(headers: &mut HeaderMap, name: HeaderName, item: &str) {
    let before = headers.get(&name).and_then(|value| value.to_str().ok());
    let list = before.map_or_else(|| item.to_owned(), |before| format!("{before}, {item}"));
    headers.insert(name, HeaderValue::from_str(&list).expect("names and numbers fit in a header"));
}

fn whole(credits: Credits) -> i64 {
    credits.as_thousandths().max(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::batch::samples;

    #[test]
    fn credits_are_rounded_down_and_seconds_up() {
        let told = samples::remaining();
        assert_eq!(
            policy(&told),
            r#""email-day";q=500;qu="credits";w=86400, "phone-total";q=100;qu="credits""#
        );
        assert_eq!(limit(&told), r#""email-day";r=492;t=3600, "phone-total";r=95"#);
    }

    #[test]
    fn quotas_of_one_unit_and_period_have_names_of_their_own() {
        let mut two = samples::remaining();
        two.quotas[1] = two.quotas[0];
        assert_eq!(limit(&two), r#""email-day";r=492;t=3600, "email-day-2";r=492;t=3600"#);
    }
}
