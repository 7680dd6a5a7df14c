//! Headers of the gateway's own: what a batch costs and spares, as RFC 9651 dictionaries.

use std::fmt::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::credits::Unit;
use crate::gateway::{Account, Dispositions, Remaining};

const LEADS: HeaderName = HeaderName::from_static("tollgate-leads");
const RESERVED: HeaderName = HeaderName::from_static("tollgate-credits-reserved");
const SPENT: HeaderName = HeaderName::from_static("tollgate-credits-spent");
const AVOIDED: HeaderName = HeaderName::from_static("tollgate-credits-avoided");
const REMAINING: HeaderName = HeaderName::from_static("tollgate-credits-remaining");

/// Tells all that is known of a batch's account.
pub(super) fn tell(account: &Account, headers: &mut HeaderMap) {
    let Account { dispositions, reserved, spent, avoided, remaining } = *account;
    let Dispositions { submitted, repeated, cached, joined, fresh } = dispositions;
    let leads = format!(
        "submitted={submitted}, repeated={repeated}, cached={cached}, joined={joined}, fresh={fresh}"
    );
    let remaining = remaining.map(remaining_by_unit);
    for (name, dictionary) in [
        (LEADS, Some(leads)),
        (RESERVED, Some(reserved.to_string())),
        (SPENT, spent.map(|spent| spent.to_string())),
        (AVOIDED, Some(avoided.to_string())),
        (REMAINING, remaining.filter(|dictionary| !dictionary.is_empty())),
    ] {
        let Some(dictionary) = dictionary else { continue };
        let value = HeaderValue::from_str(&dictionary).expect("names and numbers fit in a header");
        headers.insert(name, value);
    }
}

/// A unit without a quota is left out.
fn remaining_by_unit(Remaining { email, phone }: Remaining) -> String {
    let mut dictionary = String::new();
    for (unit, remaining) in [(Unit::Email, email), (Unit::Phone, phone)] {
        let Some(credits) = remaining else { continue };
        let separator = if dictionary.is_empty() { "" } else { ", " };
        write!(dictionary, "{separator}{unit}={credits}").expect("a string takes what is written");
    }
    dictionary
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
    fn an_account_is_told_in_five_dictionaries() {
        let expected = [
            ("tollgate-leads", "submitted=10, repeated=1, cached=3, joined=1, fresh=5"),
            ("tollgate-credits-reserved", "email=7.5, phone=5"),
            ("tollgate-credits-spent", "email=4.5, phone=2"),
            ("tollgate-credits-avoided", "email=6, phone=1"),
            ("tollgate-credits-remaining", "email=492.5, phone=95"),
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
        let unbounded = Some(Remaining { email: None, phone: None });
        for remaining in [None, unbounded] {
            let account = Account { spent: None, remaining, ..samples::account() };
            assert_eq!(names(&account), known);
        }
        let phone = Some(Remaining { email: None, phone: Some(Credits::ZERO) });
        let account = Account { remaining: phone, ..samples::account() };
        let last = told(&account).pop().unwrap();
        assert_eq!(last, ("tollgate-credits-remaining".to_owned(), "phone=0".to_owned()));
    }
}
