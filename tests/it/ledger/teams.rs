//! Teams: made, changed, paused, closed, and made again.

use tollgate::domain::period::Period;
use tollgate::domain::policy::Policies;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::team::{NewTeam, Standing};
use tollgate::ledger::transition::team::Put;

use super::books::{Books, first, quota};
use super::named::{EMAIL, found};
use super::store::Store;

pub(super) async fn a_team_is_made_once_and_then_changed(books: &Books<impl Store>) {
    let sales = "sales".parse().unwrap();
    let put = |new| books.ledger().put_team("sales".parse().unwrap(), new);
    let (created, made) = put(NewTeam::open("Sales")).await.unwrap();
    assert_eq!(made.policies, Policies::default());
    let policies = Policies { phones: false, ..Policies::default() };
    let standing = Standing::Paused;
    let new = NewTeam { policies, standing, ..NewTeam::open("Sales & Co") };
    let (replaced, changed) = put(new).await.unwrap();
    assert_eq!((created, replaced), (Put::Created, Put::Replaced));
    assert!(changed.version > made.version);
    assert_eq!((changed.policies, changed.standing), (policies, standing));
    assert_eq!(books.ledger().team(sales).await, Ok(Some(changed)));
}

pub(super) async fn teams_are_told_by_name_and_closed_ones_not_at_all(books: &Books<impl Store>) {
    for name in ["sales", "growth", "labs"] {
        books.team(name, &[]).await;
    }
    let growth: tollgate::domain::team::TeamId = "growth".parse().unwrap();
    assert!(books.ledger().close_team(growth.clone()).await.unwrap().is_some());
    assert_eq!(books.ledger().close_team(growth.clone()).await, Ok(None));
    assert_eq!(books.ledger().team(growth.clone()).await, Ok(None));
    assert_eq!(books.ledger().usage(growth).await, Ok(None));
    let teams = books.ledger().teams().await.unwrap();
    let names: Vec<_> = teams.iter().map(|team| team.id.as_str()).collect();
    assert_eq!(names, ["labs", "sales"]);
}

pub(super) async fn open_work_of_a_closed_team_settles_on_its_books(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    books.ledger().close_team(sales.clone()).await.unwrap();
    let glance = books.ledger().glance().await.unwrap();
    assert_eq!(glance.teams.len(), 1, "it has something open");
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.ledger().glance().await.unwrap().teams, []);

    // The name made again goes on with its counters.
    let again = NewTeam { quotas: vec![quota(Period::Day, "9")], ..NewTeam::open("Sales") };
    let put = books.ledger().put_team(sales.clone(), again);
    assert_eq!(put.await.unwrap().0, Put::Created);
    assert_eq!(books.period(&sales, 0).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn the_books_at_a_glance_count_every_batch_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.ask(&sales, EMAIL, &["queued"]).await;
    let first_admitted = books.now();
    books.pass(super::books::MINUTE);
    let sending = books.ask(&sales, EMAIL, &["sending"]).await;
    books.send(first(sending)).await;
    let lost = books.ask(&sales, EMAIL, &["lost"]).await;
    books.lose(first(lost)).await;
    let evidence = [tollgate::ledger::step::Evidence::Unmatched];
    books.buy(&sales, EMAIL, &["unmatched"], &evidence).await;
    let glance = books.ledger().glance().await.unwrap();
    assert_eq!((glance.queued, glance.processing, glance.unresolved), (1, 1, 2));
    assert_eq!(glance.oldest_unsettled, Some(first_admitted));
}
