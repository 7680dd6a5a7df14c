//! Every problem: its row of the table, its words, and its page.

use std::collections::BTreeSet;

use super::*;
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::period::PeriodId;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::gateway::{LimitExceeded, Reset};

fn quota(period: Period, resets_at: Option<Timestamp>) -> Refusal {
    let credits = |text: &str| text.parse::<Credits>().unwrap();
    Refusal::Quota(Box::new(QuotaShort {
        team: "sales".parse().unwrap(),
        unit: Unit::Email,
        period,
        limit: credits("500"),
        spent: credits("480"),
        reserved: credits("12.5"),
        unresolved: credits("0"),
        needed: credits("15"),
        resets_at,
    }))
}

fn told(refusal: Refusal) -> (u16, &'static str, Vec<(String, String)>) {
    let problem = Problem::from(refusal);
    let header = |(name, value): &(HeaderName, HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = problem.headers.iter().map(header).collect();
    (problem.kind.status.as_u16(), problem.kind.code, headers)
}

#[test]
fn every_refusal_has_its_row() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let away = || Refusal::StoreAway { why: "disk full".to_owned() };
    let vendor_out =
        Refusal::VendorCredits { unit: Unit::Phone, retry_after: Duration::from_millis(41_001) };
    let retry = |seconds| pair("retry-after", seconds);
    let expected = [
        (
            Refusal::BadKey,
            (401, "unauthorized", vec![pair("www-authenticate", "Bearer realm=\"tollgate\"")]),
        ),
        (Refusal::NoSuchBatch, (404, "not_found", vec![])),
        (Refusal::NoSuchValidation, (404, "not_found", vec![])),
        (Refusal::NoSuchTeam, (404, "not_found", vec![])),
        (Refusal::UnknownBatch, (404, "not_found", vec![])),
        (Refusal::NotCancelable, (409, "not_cancelable", vec![])),
        (Refusal::NothingUnresolved, (409, "nothing_unresolved", vec![])),
        (
            Refusal::MoreThanUnresolved { said: Amounts::ZERO, unresolved: Amounts::ZERO },
            (409, "more_than_unresolved", vec![]),
        ),
        (
            Refusal::ResolvedOtherwise { at: Timestamp::EPOCH, before: Charged::All },
            (409, "resolved_otherwise", vec![]),
        ),
        (
            Refusal::SpentBelowZero {
                team: "sales".parse().unwrap(),
                unit: Unit::Email,
                period: PeriodId::total(),
                spent: Credits::ZERO,
                amount: Credits::from_thousandths(-1),
            },
            (409, "spent_below_zero", vec![]),
        ),
        (Refusal::VendorRefused { code: None }, (422, "vendor_refused", vec![])),
        (Refusal::TeamPaused("sales".parse().unwrap()), (403, "team_paused", vec![])),
        (Refusal::PhonesNotAllowed("sales".parse().unwrap()), (403, "phones_not_allowed", vec![])),
        (Refusal::NoSuchPath, (404, "not_found", vec![])),
        (
            Refusal::RouteNotAllowed { setting: "routes.\"/lists\"".to_owned() },
            (403, "route_not_allowed", vec![]),
        ),
        (Refusal::NoRoute, (403, "route_not_allowed", vec![])),
        (
            Refusal::NoSuchPrefix { prefix: "/v1".to_owned(), path: "/lists".to_owned() },
            (403, "route_not_allowed", vec![]),
        ),
        (Refusal::VendorAway, (502, "vendor_unreachable", vec![])),
        (Refusal::VendorLate, (504, "vendor_timeout", vec![])),
        (quota(Period::Total, None), (402, "insufficient_credits", vec![])),
        (
            Refusal::Beyond(Excess {
                unit: Unit::Phone,
                needed: Credits::from_thousandths(3_000),
                allowed: Credits::from_thousandths(2_500),
            }),
            (402, "insufficient_credits", vec![]),
        ),
        (Refusal::KeyPaused, (403, "key_paused", vec![])),
        (Refusal::KeyReused, (422, "idempotency_key_reused", vec![])),
        (vendor_out, (402, "insufficient_credits", vec![retry("42")])),
        (
            Refusal::VendorBusy { retry_after: Duration::from_millis(2500) },
            (503, "service_unavailable", vec![retry("3")]),
        ),
        (
            Refusal::UnderWay { retry_after: Duration::from_secs(2) },
            (503, "service_unavailable", vec![retry("2")]),
        ),
        (Refusal::AnswerNotKept(BatchId::FIRST), (409, "answer_not_kept", vec![])),
        (Refusal::VendorRefusesKey, (502, "vendor_refuses_key", vec![retry("30")])),
        (Refusal::Unresolved(BatchId::FIRST), (504, "unresolved", vec![])),
        (away(), (503, "service_unavailable", vec![retry("2")])),
        (Refusal::OtherStore, (503, "service_unavailable", vec![retry("30")])),
        (
            Refusal::OutcomeUnknown,
            (503, "service_unavailable", vec![pair("tollgate-outcome", "unknown"), retry("2")]),
        ),
        (Refusal::StoreFull, (503, "store_full", vec![retry("30")])),
        (
            Refusal::TooManyRequests { retry_after: Duration::from_millis(1_001), left: None },
            (429, "too_many_requests", vec![retry("2")]),
        ),
        (
            Refusal::ShuttingDown,
            (503, "service_unavailable", vec![pair("connection", "close"), retry("2")]),
        ),
    ];
    for (refusal, row) in expected {
        assert_eq!(told(refusal.clone()), row, "{refusal:?}");
    }
    let problem = format!("{:?}", Problem::from(away()));
    assert!(!problem.contains("disk full"), "callers are told of the insides: {problem}");
}

#[test]
fn a_quota_that_is_short_is_explained_in_all_its_numbers() {
    let reset = Timestamp::from_millis(1_000);
    assert_eq!(
        Problem::from(quota(Period::Month, Some(reset))).detail,
        "This may cost team sales 15 email credits, more than remains of its limit of 500 email \
         credits per month: spent 480, reserved 12.5, unresolved 0, needed 15; it resets at \
         1970-01-01T00:00:01.000Z"
    );
    let total = Problem::from(quota(Period::Total, None)).detail;
    assert!(total.contains("500 email credits in total: "), "{total}");
    assert!(total.ends_with("it never resets"), "{total}");
}

#[test]
fn a_limit_that_is_reached_names_team_limit_and_use() {
    let reached = |measure, resets| {
        let (team, limit, used) = ("sales".parse().unwrap(), 500, 480);
        let exceeded = LimitExceeded { team, measure, limit, used, needed: 30, resets };
        Problem::from(Refusal::Limit(Box::new(exceeded)))
    };
    let (lasts, ends_in) = (Duration::from_hours(24), Duration::from_millis(59_001));
    let problem = reached(Measure::LeadsPerDay, Some(Reset { lasts, ends_in }));
    assert_eq!(
        problem.detail,
        "Team sales has 480 leads submitted today, and 30 more would exceed its limit of 500, by the \
         setting limits.leads_per_day or its policy leads_per_day. The day ends at midnight UTC. \
         Nothing was stored, sent or charged"
    );
    let header = |(name, value): &(HeaderName, HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers: Vec<_> = problem.headers.iter().map(header).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        pair("ratelimit-policy", r#""leads-per-day";q=500;qu="leads";w=86400"#),
        pair("ratelimit", r#""leads-per-day";r=20;t=60"#),
        pair("retry-after", "60"),
    ];
    assert_eq!(headers, expected);
    for (measure, waits) in [(Measure::OpenBatches, true), (Measure::KeptBytes, false)] {
        let problem = reached(measure, None);
        assert_eq!(problem.headers.iter().any(|(name, _)| *name == header::RETRY_AFTER), waits);
    }
}

#[test]
fn the_errors_on_the_page_are_the_errors_there_are() {
    let page = include_str!("../../../docs/errors.md");
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let told: BTreeSet<_> = cells
        .filter_map(|(code, rest)| Some((rest.split(' ').next()?.parse().ok()?, code)))
        .collect();
    let rows = TABLE.iter().map(|kind| (kind.status.as_u16(), kind.code)).collect();
    assert_eq!(told, rows);
}
