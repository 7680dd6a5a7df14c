//! Headers that the gateway adds: what a batch costs and spares, and what is left, as RFC 9651 has
//! dictionaries and lists.

use std::fmt::Write;
use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::rate_limit;
use crate::domain::credits::{Amounts, Unit};
use crate::gateway::{Account, Dispositions, Remaining};
use crate::http::rate_limit::{RATELIMIT, RATELIMIT_POLICY};
use crate::http::retry_after::retry_after;

const LEADS: HeaderName = HeaderName::from_static("tollgate-leads");
const RESERVED: HeaderName = HeaderName::from_static("tollgate-credits-reserved");
const SPENT: HeaderName = HeaderName::from_static("tollgate-credits-spent");
const AVOIDED: HeaderName = HeaderName::from_static("tollgate-credits-avoided");
const REMAINING: HeaderName = HeaderName::from_static("tollgate-credits-remaining");

const REPLAYED: HeaderName = HeaderName::from_static("tollgate-replayed");

/// Tells that the request had been admitted before.
pub(super) fn tell_of_replay(headers: &mut HeaderMap) {
    headers.insert(REPLAYED, HeaderValue::from_static("?1"));
}

/// All that a page of a batch or a validation says in its headers.
pub(super) fn of_page(account: &Account, is_replay: bool, wait: Option<Duration>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    tell(account, &mut headers);
    if is_replay {
        tell_of_replay(&mut headers);
    }
    // Personal data: for the caller, and for no cache on the way.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = wait {
        headers.insert(RETRY_AFTER, retry_after(wait));
    }
    headers
}

/// Tells all that is known of a batch's account.
pub(super) fn tell(account: &Account, headers: &mut HeaderMap) {
    let Account { dispositions, reserved, spent, avoided, remaining } = account;
    for (name, dictionary) in [
        (LEADS, Some(leads(dispositions))),
        (RESERVED, Some(reserved.to_string())),
        (SPENT, spent.as_ref().map(ToString::to_string)),
        (AVOIDED, Some(avoided.to_string())),
    ] {
        let Some(dictionary) = dictionary else { continue };
        insert(headers, name, &dictionary);
    }
    if let Some(remaining) = remaining {
        tell_remaining(remaining, headers);
    }
}

/// Tells what was set aside for a call, and what it was charged.
pub(super) fn tell_costs(reserved: &Amounts, spent: &Amounts, headers: &mut HeaderMap) {
    insert(headers, RESERVED, &reserved.to_string());
    insert(headers, SPENT, &spent.to_string());
}

/// None is trimmed unless that was asked for, so `trimmed` is told only where some were.
fn leads(dispositions: &Dispositions) -> String {
    let Dispositions { submitted, repeated, cached, joined, fresh, trimmed } = *dispositions;
    let mut dictionary = format!(
        "submitted={submitted}, repeated={repeated}, cached={cached}, joined={joined}, fresh={fresh}"
    );
    if trimmed > 0 {
        write!(dictionary, ", trimmed={trimmed}").expect("writing to a string succeeds");
    }
    dictionary
}

/// Tells what is left of a team's quotas: of the tightest of each unit, and of every one and every limit.
pub(super) fn tell_remaining(remaining: &Remaining, headers: &mut HeaderMap) {
    let of_unit = |unit: Unit| remaining.tightest(unit).map(|left| format!("{unit}={left}"));
    let units: Vec<_> = [Unit::Email, Unit::Phone].into_iter().filter_map(of_unit).collect();
    if !units.is_empty() {
        insert(headers, REMAINING, &units.join(", "));
    }
    if units.is_empty() && remaining.limits.is_empty() {
        // A team without a quota and without a limit runs out of nothing.
        return;
    }
    insert(headers, RATELIMIT_POLICY, &rate_limit::policy(remaining));
    insert(headers, RATELIMIT, &rate_limit::limit(remaining));
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("names and numbers fit in a header");
    headers.insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;
    use crate::http::wire::batch::samples;

    fn told(account: &Account) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        tell(account, &mut headers);
        let told = headers.iter();
        told.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn an_account_is_told_in_five_dictionaries_and_the_quotas_in_two_lists() {
        let expected = [
            ("tollgate-leads", "submitted=10, repeated=1, cached=3, joined=1, fresh=5"),
            ("tollgate-credits-reserved", "email=7.5, phone=5"),
            ("tollgate-credits-spent", "email=4.5, phone=2"),
            ("tollgate-credits-avoided", "email=6, phone=1"),
            ("tollgate-credits-remaining", "email=492.5, phone=95"),
            (
                "ratelimit-policy",
                r#""email-day";q=500;qu="credits";w=86400, "phone-total";q=100;qu="credits""#,
            ),
            ("ratelimit", r#""email-day";r=492;t=3600, "phone-total";r=95"#),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(told(&samples::account()), expected);
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let names = |account: &Account| -> Vec<String> {
            told(account).into_iter().map(|(name, _)| name).collect()
        };
        let known = ["tollgate-leads", "tollgate-credits-reserved", "tollgate-credits-avoided"];
        for remaining in [None, Some(Remaining::default())] {
            let account = Account { spent: None, remaining, ..samples::account() };
            assert_eq!(names(&account), known);
        }
        let mut phone = samples::remaining();
        phone.quotas.remove(0);
        phone.quotas[0].remaining = Credits::ZERO;
        let account = Account { remaining: Some(phone), ..samples::account() };
        let told = told(&account);
        assert!(told.contains(&("tollgate-credits-remaining".to_owned(), "phone=0".to_owned())));
    }
}
