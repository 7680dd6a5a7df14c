//! Periods: spend is dated by admission, a new period begins empty, a new quota does not.

use tollgate::domain::credits::Unit;
use tollgate::domain::period::{Period, Zone};
use tollgate::domain::quota::Quota;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{Charged, Refused, Resolution};

use super::books::{Books, DAY, HOUR, first, quota};
use super::named::{EMAIL, NONE, found, leads};
use super::store::Store;

const EMPTY: &str = "spent=0 reserved=0 unresolved=0";

pub(super) async fn a_new_period_begins_with_nothing_used(books: &Books<impl Store>) {
    let quotas = [Period::Day, Period::Week, Period::Month, Period::Total];
    let sales = books.team("sales", &quotas.map(|period| quota(period, "9"))).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    // The day ends on Saturday night, the week on Sunday, the month a week later.
    for (wait, empty) in [(0, 0), (12, 1), (24, 2), (6 * 24, 3), (365 * 24, 3)] {
        books.pass(HOUR * wait);
        for n in 0..4 {
            let used = if n < empty { EMPTY } else { "spent=0.5 reserved=0 unresolved=0" };
            assert_eq!(books.period(&sales, n).await, used, "quota {n}, {wait} hours on");
        }
    }
}

pub(super) async fn what_was_admitted_yesterday_is_charged_to_yesterday(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.pass(13 * HOUR);
    books.ask(&sales, EMAIL, &["bob"]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=1.5 unresolved=0");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=1.5 unresolved=0");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=1.5 unresolved=0");
}

pub(super) async fn a_day_of_25_hours_is_one_period(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    // Sunday begins in Lisbon at 23:00 by UTC, and ends at midnight by UTC, a day and an hour on.
    books.pass(11 * HOUR);
    books.ask(&sales, EMAIL, &["ada"]).await;
    books.pass(24 * HOUR);
    let admission = books.admission(&sales, EMAIL, leads(&["bob"]));
    let Err(Refused::Quota(short)) = books.admit(admission).await else { panic!("same day") };
    assert_eq!(short.resets_at, Some(books.now().after(HOUR)));
    books.pass(HOUR);
    books.ask(&sales, EMAIL, &["bob"]).await;
}

pub(super) async fn a_quota_new_in_mid_period_starts_at_what_was_used(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["old"], &[found("old", EMAIL)]).await;
    books.pass(DAY);
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", NONE)]).await;
    let open = books.ask(&sales, EMAIL, &["bob"]).await;
    let lost = books.ask(&sales, EMAIL, &["cyd"]).await;
    books.lose(first(lost)).await;

    books.team("sales", &[quota(Period::Day, "9"), quota(Period::Total, "9")]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0.5 reserved=1.5 unresolved=1.5");
    assert_eq!(books.period(&sales, 1).await, "spent=2 reserved=1.5 unresolved=1.5");

    // What was open counts in it to its end.
    books.send(first(open)).await;
    books.settle(first(open), &[found("bob", NONE)]).await;
    let resolution = Resolution { batch: lost, charged: Charged::Nothing, note: None };
    books.ledger().resolve(resolution).await.unwrap();
    assert_eq!(books.period(&sales, 0).await, "spent=1 reserved=0 unresolved=0");
    assert_eq!(books.period(&sales, 1).await, "spent=2.5 reserved=0 unresolved=0");
}

pub(super) async fn a_quota_that_was_off_for_a_while_has_missed_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let before = books.ask(&sales, EMAIL, &["ada"]).await;
    books.team("sales", &[]).await;
    let meanwhile = books.ask(&sales, EMAIL, &["bob"]).await;
    books.void(first(before), Cause::Refused).await;
    books.team("sales", &[quota(Period::Day, "9")]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=1.5 unresolved=0");
    books.void(first(meanwhile), Cause::Refused).await;
    assert_eq!(books.period(&sales, 0).await, EMPTY);
}

pub(super) async fn a_quota_that_changes_its_zone_keeps_what_was_spent(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let open = books.ask(&sales, NONE, &["bob"]).await;
    books.team("sales", &[Quota { zone: Zone::UTC, ..quota(Period::Day, "1") }]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0.5 reserved=0.5 unresolved=0");
    let admission = books.admission(&sales, NONE, leads(&["cyd"]));
    assert!(matches!(books.admit(admission).await, Err(Refused::Quota(_))));
    books.void(first(open), Cause::Refused).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0.5 reserved=0 unresolved=0");
}

pub(super) async fn two_quotas_of_one_period_count_once(books: &Books<impl Store>) {
    let phones = Quota { unit: Unit::Phone, ..quota(Period::Day, "9") };
    let quotas = [quota(Period::Day, "9"), quota(Period::Day, "4"), phones];
    let sales = books.team("sales", &quotas).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    for (n, used) in [(0, "1.5"), (1, "1.5"), (2, "0")] {
        let told = format!("spent=0 reserved={used} unresolved=0");
        assert_eq!(books.period(&sales, n).await, told);
    }
}
