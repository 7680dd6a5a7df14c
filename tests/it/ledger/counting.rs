//! Counting: a quota that is new in the middle of a period is counted in steps, and is in force after the
//! last of them.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::Unit;
use tollgate::domain::period::{Period, Zone};
use tollgate::domain::quota::Quota;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::record::team::NewTeam;
use tollgate::ledger::step::Refused;

use super::books::{Books, DAY, first, quota};
use super::named::{EMAIL, NONE, adjustment, found, leads};
use super::store::Store;

/// Further steps than any count here takes.
const STEPS_MAX: usize = 100;

fn with(quotas: &[Quota]) -> NewTeam {
    NewTeam { quotas: quotas.into(), ..NewTeam::open("sales") }
}

/// Takes one step of putting a team; answers whether it was the last.
async fn step<S: Store>(books: &Books<S>, team: &TeamId, new: &NewTeam) -> bool {
    let put = books.ledger().put_team_step(team.clone(), new.clone()).await.unwrap();
    books.balance().await;
    put.is_some()
}

/// So many entries that are dated now, with half a credit spent.
async fn adjust<S: Store>(books: &Books<S>, team: &TeamId, names: std::ops::Range<usize>) {
    for n in names {
        let adjusted = adjustment(&format!("adjusted {n}"), team, Unit::Email, "0.5");
        books.ledger().adjust(adjusted).await.unwrap();
    }
}

pub(super) async fn until_a_new_quota_is_counted_the_old_ones_are_in_force(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "3")]).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    let new = with(&[Quota { zone: Zone::UTC, ..quota(Period::Day, "9") }]);
    let too_much = || books.admit(books.admission(&sales, EMAIL, leads(&["bob", "cyd"])));
    let mut steps = 1;
    while !step(books, &sales, &new).await {
        assert!(matches!(too_much().await, Err(Refused::Quota(_))), "step {steps}");
        assert_eq!(books.ledger().team(sales.clone()).await.unwrap().unwrap().version, 1);
        steps += 1;
    }
    assert!(steps > 1);
    too_much().await.unwrap();
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=4.5 unresolved=0");
}

pub(super) async fn what_moves_between_two_steps_is_counted_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    adjust(books, &sales, 0..600).await;
    let new = with(&[quota(Period::Day, "900"), quota(Period::Month, "900")]);
    let mut steps: usize = 0;
    let mut open = Vec::new();
    for n in 0..4 {
        open.push(first(books.ask(&sales, EMAIL, &[&format!("before {n}")]).await));
    }
    while !step(books, &sales, &new).await {
        steps += 1;
        // What was open before ends one way or the other, and something new begins.
        match (steps % 3, open.pop()) {
            (1, Some(job)) => {
                books.send(job).await;
                books.settle(job, &[found(&format!("new {steps}"), EMAIL)]).await;
            }
            (2, Some(job)) => drop(books.void(job, Cause::Refused).await),
            (_, Some(job)) => books.lose(job).await,
            (_, None) => {}
        }
        open.push(first(books.ask(&sales, EMAIL, &[&format!("during {steps}")]).await));
        adjust(books, &sales, 1000 + steps..1001 + steps).await;
        assert!(steps < STEPS_MAX);
    }
    assert!(steps >= 4, "{steps}");
    for _ in 0..2 {
        let total = books.email(&sales).await;
        assert_eq!(books.period(&sales, 0).await, total);
        assert_eq!(books.period(&sales, 1).await, total);
        for job in open.drain(..) {
            books.send(job).await;
            books.settle(job, &[found("nobody else", NONE)]).await;
        }
    }
}

pub(super) async fn many_open_jobs_begin_to_count(books: &Books<impl Store>) {
    super::turns::many_jobs(books, "sales", 230).await;
    super::turns::many_jobs(books, "growth", 3).await;
    let sales: TeamId = "sales".parse().unwrap();
    let new = with(&[quota(Period::Week, "900")]);
    let mut steps = 1;
    while !step(books, &sales, &new).await {
        steps += 1;
    }
    assert!(steps > 4, "{steps}");
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=115 unresolved=0");
}

pub(super) async fn a_count_that_was_cut_goes_on_or_harms_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    adjust(books, &sales, 0..10).await;
    let open = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let new = with(&[quota(Period::Day, "900")]);
    for cut_after in 1..3 {
        for _ in 0..cut_after {
            assert!(!step(books, &sales, &new).await);
        }
        adjust(books, &sales, 10 * cut_after..10 * cut_after + 1).await;
        // Something else is put, which needs no count.
        books.team("sales", &[quota(Period::Total, "900")]).await;
        adjust(books, &sales, 10 * cut_after + 1..10 * cut_after + 2).await;
    }
    books.ledger().put_team(sales.clone(), new).await.unwrap();
    assert_eq!(books.period(&sales, 0).await, books.email(&sales).await);
    books.void(open, Cause::Refused).await;
    assert_eq!(books.period(&sales, 0).await, "spent=7 reserved=0 unresolved=0");
}

pub(super) async fn two_operators_who_put_a_team_in_turns_both_come_to_an_end(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    adjust(books, &sales, 0..3).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    let mut puts =
        [quota(Period::Day, "90"), quota(Period::Week, "90")].map(|quota| (with(&[quota]), false));
    for _ in 0..STEPS_MAX {
        for (new, is_done) in &mut puts {
            if !*is_done {
                *is_done = step(books, &sales, new).await;
            }
        }
    }
    assert!(puts.iter().all(|(_, is_done)| *is_done));
    assert_eq!(books.period(&sales, 0).await, "spent=1.5 reserved=1.5 unresolved=0");
}

pub(super) async fn a_count_that_runs_into_the_next_period_counts_that_one(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    adjust(books, &sales, 0..3).await;
    let new = with(&[quota(Period::Day, "90")]);
    assert!(!step(books, &sales, &new).await);
    assert!(!step(books, &sales, &new).await);
    books.pass(DAY);
    adjust(books, &sales, 3..4).await;
    books.ledger().put_team(sales.clone(), new).await.unwrap();
    assert_eq!(books.period(&sales, 0).await, "spent=0.5 reserved=0 unresolved=0");
}

pub(super) async fn of_many_at_once_each_is_counted_once<S: Store>(books: &Books<S>) {
    let sales = books.team("sales", &[]).await;
    adjust(books, &sales, 0..20).await;
    let mut asking = JoinSet::new();
    for n in 0..60 {
        let admission = books.admission(&sales, EMAIL, leads(&[&format!("lead {n}")]));
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move { ledger.admit(admission).await.unwrap().is_ok() });
    }
    let ledger = Arc::clone(books.store.ledger());
    let put = ledger.put_team(sales.clone(), with(&[quota(Period::Day, "900")]));
    let (put, admitted) = tokio::join!(put, asking.join_all());
    put.unwrap();
    assert!(admitted.into_iter().all(|is_admitted| is_admitted));
    assert_eq!(books.email(&sales).await, "spent=10 reserved=90 unresolved=0");
    assert_eq!(books.period(&sales, 0).await, "spent=10 reserved=90 unresolved=0");
}
