//! Quotas: what does not fit is refused, and a refusal changes nothing.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::Unit;
use tollgate::domain::period::Period;
use tollgate::domain::quota::{Action, Quota};
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{QuotaShort, Refused};

use super::books::{Books, first, quota};
use super::named::{ALL, EMAIL, NONE, adjustment, found, leads};
use super::store::Store;

async fn short<S: Store>(books: &Books<S>, team: &TeamId, names: &[&str]) -> QuotaShort {
    let admission = books.admission(team, EMAIL, leads(names));
    match books.admit(admission).await {
        Err(Refused::Quota(short)) => *short,
        other => panic!("it should not fit: {other:?}"),
    }
}

pub(super) async fn what_does_not_fit_is_refused_and_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "4")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", NONE)]).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
    let before = books.dump().await;
    let short = short(books, &sales, &["cyd", "dee"]).await;
    assert_eq!(books.dump().await, before);
    let figures = [short.limit, short.spent, short.reserved, short.unresolved, short.needed];
    assert_eq!(figures.map(|credits| credits.to_string()), ["4", "0.5", "1.5", "0", "3"]);
    assert_eq!((short.unit, short.period), (Unit::Email, Period::Day));
    assert!(short.resets_at.is_some_and(|at| at > books.now()));
}

pub(super) async fn what_just_fits_is_admitted(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "3")]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada", "bob"]));
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.remaining.tightest(Unit::Email), Some("0".parse().unwrap()));
    assert_eq!(admitted.remaining.tightest(Unit::Phone), None);
    assert_eq!(short(books, &sales, &["cyd"]).await.needed, "1.5".parse().unwrap());
}

pub(super) async fn the_tightest_of_several_quotas_decides(books: &Books<impl Store>) {
    let quotas = [quota(Period::Day, "9"), quota(Period::Month, "2"), quota(Period::Total, "9")];
    let sales = books.team("sales", &quotas).await;
    assert_eq!(short(books, &sales, &["ada", "bob"]).await.period, Period::Month);
    let admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.remaining.tightest(Unit::Email), Some("0.5".parse().unwrap()));
}

pub(super) async fn a_unit_that_is_not_needed_bounds_nothing(books: &Books<impl Store>) {
    let no_phones = Quota { unit: Unit::Phone, ..quota(Period::Day, "0") };
    let sales = books.team("sales", &[no_phones]).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    let admission = books.admission(&sales, ALL, leads(&["bob"]));
    assert!(matches!(books.admit(admission).await, Err(Refused::Quota(_))));
}

pub(super) async fn a_quota_that_warns_lets_through_and_tells(books: &Books<impl Store>) {
    let warns = Quota { action: Action::Warn, ..quota(Period::Day, "1") };
    let sales = books.team("sales", &[warns]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    let admitted = books.admit(admission).await.unwrap();
    let [passed] = admitted.passed.as_slice() else { panic!("{admitted:?}") };
    assert_eq!((passed.limit, passed.needed), ("1".parse().unwrap(), "1.5".parse().unwrap()));
}

pub(super) async fn a_lowered_limit_undoes_nothing_and_admits_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob"]).await;
    books.team("sales", &[quota(Period::Day, "1")]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=3 unresolved=0");
    assert_eq!(short(books, &sales, &["cyd"]).await.reserved, "3".parse().unwrap());
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=3 reserved=0 unresolved=0");
    // What costs nothing is answered all the same.
    books.ask(&sales, EMAIL, &["ada"]).await;
}

pub(super) async fn what_is_unresolved_still_counts(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.lose(first(batch)).await;
    assert_eq!(short(books, &sales, &["bob"]).await.unresolved, "1.5".parse().unwrap());
}

pub(super) async fn what_is_released_can_be_reserved_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    short(books, &sales, &["bob"]).await;
    books.void(first(batch), Cause::Refused).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
}

pub(super) async fn an_adjustment_counts(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    let adjust = |amount: &str| adjustment(amount, &sales, Unit::Email, amount);
    books.ledger().adjust(adjust("1")).await.unwrap();
    assert_eq!(short(books, &sales, &["ada"]).await.spent, "1".parse().unwrap());
    books.ledger().adjust(adjust("-0.5")).await.unwrap();
    books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(books.period(&sales, 0).await, "spent=0.5 reserved=1.5 unresolved=0");
}

pub(super) async fn of_sixty_at_once_exactly_so_many_are_admitted_as_fit(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "60")]).await;
    let limit = "60".parse().unwrap();
    let mut asking = JoinSet::new();
    for n in 0..60 {
        let names: Vec<_> = (0..10).map(|lead| format!("{n}-{lead}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let admission = books.admission(&sales, EMAIL, leads(&names));
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move {
            let outcome = ledger.admit(admission).await.unwrap();
            let used = ledger.usage("sales".parse().unwrap()).await.unwrap().unwrap();
            assert!(used.quotas[0].tally.used() <= limit);
            outcome.is_ok()
        });
    }
    let admitted = asking.join_all().await.into_iter().filter(|admitted| *admitted).count();
    assert_eq!(admitted, 4);
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=60 unresolved=0");
}
