//! Limits of a team: what would exceed one is refused, a refusal changes nothing, and what is given back
//! may be used again.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::limits::{Limits, OnQuota};
use tollgate::domain::period::Period;
use tollgate::domain::policy::Policies;
use tollgate::domain::team_limits::{Measure, TeamLimits};
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{Admission, LimitExceeded, Lost, Refused, Terms};
use tollgate::ledger::transition::validation::{ValidationOpened, ValidationOrder};

use super::books::{Books, DAY, HOUR, first, quota, terms};
use super::calling::{opening, try_open as try_call};
use super::named::{EMAIL, asking, called, found, leads};
use super::store::Store;
use super::sweeping::sweep;
use super::validating::{order, try_open};

fn exceeded<T: std::fmt::Debug>(outcome: Result<T, Refused>) -> LimitExceeded {
    match outcome {
        Err(Refused::Limit(exceeded)) => *exceeded,
        other => panic!("it should exceed a limit: {other:?}"),
    }
}

/// Asks for these leads, and is refused by a limit; nothing changes.
async fn refused<S: Store>(books: &Books<S>, admission: Admission) -> LimitExceeded {
    let before = books.dump().await;
    // It is judged before anything is kept, and once more with its leads.
    for lost in [Lost::Unknown, Lost::NOTHING] {
        let asked = Admission { lost, ..admission.clone() };
        exceeded(books.ledger().admit(asked).await.expect("the store is there"));
    }
    let exceeded = exceeded(books.admit(admission).await);
    assert_eq!(books.dump().await, before, "a refusal changes nothing");
    exceeded
}

pub(super) async fn only_so_many_batches_are_open_at_once(books: &Books<impl Store>) {
    let policies = Policies { open_batches: Some(2), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let one = books.ask(&sales, EMAIL, &["ada"]).await;
    let two = books.ask(&sales, EMAIL, &["bob"]).await;
    let third = || books.admission(&sales, EMAIL, leads(&["cyd"]));
    let limit = refused(books, third()).await;
    assert_eq!((limit.measure, limit.limit), (Measure::OpenBatches, 2));
    assert_eq!((limit.used, limit.needed, limit.resets), (2, 1, None));
    exceeded(try_call(books, &opening(books, &sales, "1")).await);
    exceeded(try_open(books, &order(books, &sales, &["eve"])).await);
    // What needs nothing of the vendor opens nothing.
    books.ask(&sales, EMAIL, &["bob"]).await;

    books.void(first(one), Cause::Refused).await;
    let three = books.admit(third()).await.expect("one has ended").id;
    refused(books, books.admission(&sales, EMAIL, leads(&["dee"]))).await;
    books.send(first(two)).await;
    refused(books, books.admission(&sales, EMAIL, leads(&["dee"]))).await;
    books.settle(first(two), &[found("bob", EMAIL)]).await;
    books.ask(&sales, EMAIL, &["dee"]).await;
    books.ledger().cancel(three, None).await.unwrap();
    books.ask(&sales, EMAIL, &["fay"]).await;
    books.balance().await;
}

pub(super) async fn kept_bytes_are_given_back_with_their_batch(books: &Books<impl Store>) {
    let policies = Policies { kept_bytes: Some(20_000), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let admission = |names: &[&str], field_bytes| Admission {
        field_bytes,
        ..books.admission(&sales, EMAIL, leads(names))
    };
    let batch = books.admit(admission(&["ada"], 10_000)).await.expect("it fits").id;
    let limit = refused(books, admission(&["bob"], 10_000)).await;
    assert_eq!((limit.measure, limit.limit), (Measure::KeptBytes, 20_000));
    let each = limit.used;
    assert!((10_000..13_000).contains(&each), "{each}");
    assert_eq!(limit.needed, each);
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    books.pass(7 * DAY + HOUR);
    refused(books, admission(&["bob"], 10_000)).await;
    sweep(books).await;
    books.admit(admission(&["bob"], 10_000)).await.expect("it is given back");
}

pub(super) async fn only_so_many_leads_are_submitted_in_a_day(books: &Books<impl Store>) {
    let policies = Policies { leads_per_day: Some(3), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob"]).await;
    books.void(first(batch), Cause::Refused).await;
    let two = || books.admission(&sales, EMAIL, leads(&["cyd", "dee"]));
    let limit = refused(books, two()).await;
    assert_eq!((limit.measure, limit.used, limit.needed), (Measure::LeadsPerDay, 2, 2));
    exceeded(try_open(books, &order(books, &sales, &["eve", "joe"])).await);
    let resets = limit.resets.expect("a day ends");
    assert_eq!(resets.lasts, DAY);
    books.pass(resets.ends_in);
    books.admit(two()).await.expect("it is another day");
    books.pass(3 * DAY);
    sweep(books).await;
    let days = books.dump().await.into_iter().filter(|row| row.starts_with("uses ")).count();
    assert_eq!(days, 2, "the counts of days go, and those of what lasts stay");
}

pub(super) async fn what_is_trimmed_is_not_submitted_and_hardly_kept(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "0")]).await;
    let limits =
        TeamLimits { leads_per_day: 1, kept_bytes: 3_000, open_batches: 1, ..TeamLimits::NONE };
    let admission = Admission {
        field_bytes: 1 << 20,
        limits: Limits { on_quota: OnQuota::Trim, ..Limits::default() },
        terms: Terms { team_limits: limits, ..terms() },
        leads_expire_at: None,
        ..books.admission(&sales, EMAIL, leads(&["ada", "bob"]))
    };
    let admitted = books.admit(admission).await.expect("nothing of it is kept");
    assert!(admitted.batch.dispositions.is_all_trimmed());
    assert!(admitted.batch.kept_bytes < 3_000, "{}", admitted.batch.kept_bytes);
    let left = admitted.remaining.limits.iter().map(|left| (left.measure, left.remaining));
    let expected = [(Measure::OpenBatches, 1), (Measure::LeadsPerDay, 1)];
    assert_eq!(left.collect::<Vec<_>>(), expected);
}

pub(super) async fn only_so_many_keys_are_remembered(books: &Books<impl Store>) {
    let policies = Policies { idempotency_keys: Some(1), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let ada =
        |retry| Admission { retry: Some(retry), ..books.admission(&sales, EMAIL, leads(&["ada"])) };
    books.admit(ada(called("1", "ada"))).await.expect("it is the first");
    books.admit(ada(called("1", "ada"))).await.expect("it is a retry");
    books.admit(ada(asking("ada"))).await.expect("it has no key");
    let limit = refused(books, ada(called("2", "ada"))).await;
    assert_eq!((limit.measure, limit.used), (Measure::IdempotencyKeys, 1));
    books.pass(2 * DAY);
    books.admit(ada(called("1", "ada"))).await.expect("the same key counts once");
    refused(books, ada(called("2", "ada"))).await;
    books.pass(2 * DAY);
    sweep(books).await;
    books.admit(ada(called("2", "ada"))).await.expect("the other is forgotten");
}

pub(super) async fn a_policy_goes_before_the_settings(books: &Books<impl Store>) {
    let policies = Policies { leads_per_day: Some(0), ..Policies::default() };
    let (sales, growth) =
        (books.team_with("sales", policies).await, books.team("growth", &[]).await);
    let limits = TeamLimits { leads_per_day: 1, ..TeamLimits::NONE };
    let of = |team, names: &[&str]| Admission {
        terms: Terms { team_limits: limits, ..terms() },
        ..books.admission(team, EMAIL, leads(names))
    };
    books.admit(of(&sales, &["ada", "bob"])).await.expect("any number");
    refused(books, of(&growth, &["cyd", "dee"])).await;
    let order = ValidationOrder { limits, ..order(books, &growth, &["eve"]) };
    let opened = try_open(books, &order).await;
    assert!(matches!(opened, Ok(ValidationOpened::Opened(_))), "{opened:?}");
    refused(books, of(&growth, &["cyd"])).await;
}

pub(super) async fn of_sixty_at_once_no_more_are_admitted_than_the_limits_allow(
    books: &Books<impl Store>,
) {
    let policies = Policies { open_batches: Some(7), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let mut asking = JoinSet::new();
    for n in 0..60 {
        let name = format!("lead-{n}");
        let admission = books.admission(&sales, EMAIL, leads(&[name.as_str()]));
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move { ledger.admit(admission).await.expect("the store is there") });
    }
    let (mut admitted, mut short) = (0, 0);
    for outcome in asking.join_all().await {
        match outcome {
            Ok(_) => admitted += 1,
            Err(Refused::Limit(_)) => short += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((admitted, short), (7, 53));
    books.balance().await;
}
