//! What the headers of a POST ask, beside its body: how old an answer may be, what it may cost, and
//! by what a retry is told.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use sfv::{BareItem, Dictionary, Item, ListEntry, Parser};

use super::cache_control::max_age;
use super::envelope::Envelope;
use crate::domain::credits::Credits;
use crate::domain::limits::{Limits, OnQuota, UpTo};
use crate::gateway::Marks;
use crate::http::idempotency_key::key;
use crate::http::problem::{INVALID_HEADER, Problem};

const MOST: &str = "tollgate-max-credits";
const ON_QUOTA: &str = "tollgate-on-quota";

/// How headers begin that ask something of the gateway.
const OURS: &str = "tollgate-";

/// What the headers of a POST ask.
pub(super) struct AskHeaders {
    pub(super) max_age: Option<Duration>,
    pub(super) limits: Limits,
    pub(super) marks: Marks,
}

impl<S: Send + Sync> FromRequestParts<S> for AskHeaders {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Envelope> {
        Ok(read(&parts.headers)?)
    }
}

impl AskHeaders {
    /// The same of a request that has no leads to be trimmed: the most that it may cost, and by what
    /// a retry is told.
    pub(super) fn untrimmed(self) -> Result<(UpTo, Marks), Problem> {
        match self.limits.on_quota {
            OnQuota::Refuse => Ok((self.limits.most, self.marks)),
            OnQuota::Trim => Err(INVALID_HEADER
                .says("Tollgate-On-Quota: only batches of leads can be trimmed; omit it here")),
        }
    }
}

pub(super) fn read(headers: &HeaderMap) -> Result<AskHeaders, Problem> {
    match (key(headers), most(headers), on_quota(headers)) {
        (Ok(key), Ok(most), Ok(on_quota)) => {
            let marks = Marks { key, headers: as_sent(headers) };
            let (max_age, limits) = (max_age(headers), Limits { most, on_quota });
            Ok(AskHeaders { max_age, limits, marks })
        }
        (key, most, on_quota) => {
            let faults = [key.err(), most.err(), on_quota.err()];
            let faults: Vec<_> = faults.into_iter().flatten().collect();
            Err(INVALID_HEADER.says(faults.join("; ")))
        }
    }
}

/// The most of each unit, where a bound is given: a dictionary of numbers, as RFC 9651 has them.
fn most(headers: &HeaderMap) -> Result<UpTo, String> {
    let Some(value) = whole(headers, MOST) else { return Ok(UpTo::ANY) };
    let wrong = || "Tollgate-Max-Credits: expected credits by unit, as in email=10, phone=2.5";
    let by_unit: Dictionary = Parser::new(&value).parse().map_err(|_| wrong())?;
    if by_unit.is_empty() {
        return Err(wrong().to_owned());
    }
    let mut most = UpTo::ANY;
    for (unit, entry) in &by_unit {
        let bound = match unit.as_str() {
            "email" => &mut most.email,
            "phone" => &mut most.phone,
            _ => return Err(wrong().to_owned()),
        };
        *bound = Some(credits(entry).ok_or_else(wrong)?);
    }
    Ok(most)
}

/// A number, whole or with up to three decimals, that is not below zero.
fn credits(entry: &ListEntry) -> Option<Credits> {
    let ListEntry::Item(Item { bare_item, params }) = entry else { return None };
    let thousandths = match bare_item {
        BareItem::Integer(number) => i64::from(*number).checked_mul(1000)?,
        BareItem::Decimal(number) => i64::from(number.as_integer_scaled_1000()),
        _ => return None,
    };
    let is_bound = params.is_empty() && thousandths >= 0;
    is_bound.then_some(Credits::from_thousandths(thousandths))
}

fn on_quota(headers: &HeaderMap) -> Result<OnQuota, String> {
    let Some(value) = whole(headers, ON_QUOTA) else { return Ok(OnQuota::default()) };
    match value.as_slice() {
        b"refuse" => Ok(OnQuota::Refuse),
        b"trim" => Ok(OnQuota::Trim),
        _ => Err("Tollgate-On-Quota: expected refuse or trim".to_owned()),
    }
}

/// A header's value; written on several lines, these are one.
fn whole(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

/// Whatever changes what is asked, as it was sent, in the order of names. Bytes that are no text
/// are told as characters of the same numbers.
fn as_sent(headers: &HeaderMap) -> Vec<String> {
    let asks = headers
        .iter()
        .filter(|(name, _)| **name == header::CACHE_CONTROL || name.as_str().starts_with(OURS));
    let mut lines: Vec<_> = asks.collect();
    // Lines of one name stay in the order that they came in.
    lines.sort_by_key(|(name, _)| name.as_str());
    let line = |(name, value): (&header::HeaderName, &HeaderValue)| {
        let value: String = value.as_bytes().iter().copied().map(char::from).collect();
        format!("{name}: {value}")
    };
    lines.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::http::idempotency_key::KEY;
    use axum::http::HeaderName;

    use super::*;

    fn told(lines: &[(&'static str, &str)]) -> Result<AskHeaders, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        read(&headers).map_err(|problem| {
            assert_eq!(problem.kind, INVALID_HEADER);
            problem.detail
        })
    }

    fn bounds(lines: &[&str]) -> Option<(Option<String>, Option<String>)> {
        let lines: Vec<_> = lines.iter().map(|line| (MOST, *line)).collect();
        let UpTo { email, phone } = told(&lines).ok()?.limits.most;
        let text = |credits: Option<Credits>| credits.map(|credits| credits.to_string());
        Some((text(email), text(phone)))
    }

    #[test]
    fn the_most_is_told_by_unit() {
        let some = |text: &str| Some(text.to_owned());
        for (lines, expected) in [
            (&[][..], (None, None)),
            (&["email=10, phone=2"], (some("10"), some("2"))),
            (&["phone=0"], (None, some("0"))),
            (&["email=0.5"], (some("0.5"), None)),
            (&["email=1.125", "phone=2.0"], (some("1.125"), some("2"))),
            // The last one counts, as in every dictionary.
            (&["email=1,email=2"], (some("2"), None)),
        ] {
            assert_eq!(bounds(lines), Some(expected), "{lines:?}");
        }
        for text in [
            "",
            " ",
            "10",
            "email",
            "email=",
            "email=?1",
            "email=\"10\"",
            "email=ten",
            "email=(1)",
            "email=-1",
            "email=-0.5",
            "email=1;q=1",
            "email=0.0001",
            "email=1e3",
            "email=.5",
            "Email=1",
            "mobile=1",
            "email=1 phone=2",
            "email=1,",
            "email=9999999999999999",
        ] {
            assert_eq!(bounds(&[text]), None, "{text:?}");
        }
    }

    #[test]
    fn leads_are_trimmed_only_where_that_is_asked_for() {
        let asked = |value: &str| told(&[(ON_QUOTA, value)]).map(|read| read.limits.on_quota);
        assert_eq!(told(&[]).unwrap().limits.on_quota, OnQuota::Refuse);
        assert_eq!(asked("refuse"), Ok(OnQuota::Refuse));
        assert_eq!(asked("trim"), Ok(OnQuota::Trim));
        for value in ["", "Trim", "trim;q=1", "refuse, trim", "warn"] {
            assert!(asked(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn what_has_no_leads_is_not_trimmed() {
        let untrimmed = |value| told(&[(ON_QUOTA, value)]).unwrap().untrimmed();
        assert_eq!(untrimmed("trim").unwrap_err().kind, INVALID_HEADER);
        assert!(untrimmed("refuse").is_ok());
        let (most, marks) = told(&[(KEY, "k"), (MOST, "email=1")]).unwrap().untrimmed().unwrap();
        assert_eq!(most.email, Some(Credits::from_thousandths(1_000)));
        assert_eq!(marks.key.unwrap().as_str(), "k");
    }

    #[test]
    fn every_header_at_fault_is_told_of_and_none_is_quoted() {
        let lines = [(KEY, "ada lovelace"), (MOST, "grace"), (ON_QUOTA, "hopper")];
        assert_eq!(
            told(&lines).err().unwrap(),
            "Idempotency-Key: expected 1 to 255 visible ASCII characters without blanks; \
             Tollgate-Max-Credits: expected credits by unit, as in email=10, phone=2.5; \
             Tollgate-On-Quota: expected refuse or trim"
        );
        assert!(told(&[(KEY, "a"), (KEY, "a")]).is_err());
        assert!(told(&[(KEY, "é")]).is_err());
    }

    #[test]
    fn what_changes_the_request_is_told_in_the_order_of_names() {
        let lines = [
            ("x-request-id", "1"),
            ("tollgate-on-quota", "trim"),
            ("cache-control", "no-cache"),
            ("tollgate-max-credits", "email=1"),
            ("tollgate-max-credits", "phone=1"),
            ("accept", "*/*"),
            ("idempotency-key", "k"),
        ];
        let marks = told(&lines).unwrap_or_else(|detail| panic!("{detail}")).marks;
        assert_eq!(marks.key.unwrap().as_str(), "k");
        assert_eq!(
            marks.headers,
            [
                "cache-control: no-cache",
                "tollgate-max-credits: email=1",
                "tollgate-max-credits: phone=1",
                "tollgate-on-quota: trim",
            ]
        );
    }
}
