//! How old an answer may be that is known already.

use std::time::Duration;

use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{Admitted, Evidence};
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, DAY, HOUR, MINUTE, first};
use super::named::{ALL, EMAIL, NONE, PHONE, found, key, leads};
use super::store::Store;

/// Asks for Ada, and takes answers of this age.
async fn ask<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    reveals: Reveals,
    max_age: Duration,
) -> (BatchId, Admitted) {
    let mut admission = books.admission(team, reveals, leads(&["ada"]));
    admission.max_age = Some(max_age);
    (admission.batch, books.admit(admission).await.unwrap())
}

async fn ask_anew<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    reveals: Reveals,
) -> (BatchId, Admitted) {
    ask(books, team, reveals, Duration::ZERO).await
}

pub(super) async fn whoever_asks_anew_is_sent_and_pays_for_nothing_twice(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, ALL, &["ada"], &[found("ada", ALL)]).await;
    let (batch, admitted) = ask_anew(books, &sales, ALL).await;
    assert_eq!((admitted.batch.dispositions.fresh, admitted.batch.dispositions.cached), (1, 0));
    assert_eq!(admitted.batch.reserved.to_string(), "email=0, phone=0");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", ALL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");

    books.pass(DAY);
    let (batch, admitted) = ask_anew(books, &sales, ALL).await;
    assert_eq!(admitted.batch.reserved.to_string(), "email=0.5, phone=0", "the window is over");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", ALL)]).await;
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn a_job_under_way_is_joined_by_whoever_asks_anew(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    let (_, admitted) = ask_anew(books, &sales, EMAIL).await;
    assert_eq!(admitted.batch.dispositions.joined, 1);
}

pub(super) async fn an_answer_is_taken_while_it_is_younger_than_asked(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let last_moment = Duration::from_millis(600_000 - 1);
    books.pass(last_moment);
    assert_eq!(ask(books, &sales, NONE, 10 * MINUTE).await.1.batch.dispositions.cached, 1);
    books.pass(Duration::from_millis(1));
    assert_eq!(ask(books, &sales, NONE, 10 * MINUTE).await.1.batch.dispositions.fresh, 1);
}

pub(super) async fn no_age_goes_beyond_the_settings(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.buy(&sales, NONE, &["nemo"], &[Evidence::NotFound]).await;
    books.pass(DAY + Duration::from_millis(1));
    assert_eq!(ask(books, &sales, NONE, Duration::MAX).await.1.batch.dispositions.fresh, 1);
    let mut admission = books.admission(&sales, NONE, leads(&["nemo"]));
    admission.max_age = Some(10 * DAY);
    assert_eq!(books.admit(admission).await.unwrap().batch.dispositions.fresh, 1);
}

pub(super) async fn nobody_found_is_asked_for_anew(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[Evidence::NotFound]).await;
    assert_eq!(ask(books, &sales, NONE, HOUR).await.1.batch.dispositions.cached, 1);
    assert_eq!(ask_anew(books, &sales, NONE).await.1.batch.dispositions.fresh, 1);
}

/// Growth's batch, which asks anew and has joined a job of sales for somebody who is known.
async fn waiting<S: Store>(books: &Books<S>) -> (TeamId, BatchId, BatchId) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.pass(MINUTE);
    let (made, _) = ask_anew(books, &sales, EMAIL).await;
    let (joined, admitted) = ask_anew(books, &growth, NONE).await;
    assert_eq!(admitted.batch.dispositions.joined, 1);
    (growth, made, joined)
}

pub(super) async fn a_redrive_holds_to_the_age_that_was_asked(books: &Books<impl Store>) {
    let (growth, made, joined) = waiting(books).await;
    books.void(first(made), Cause::Refused).await;
    let redriven = books.redrive(joined, first(made)).await;
    assert_eq!((redriven.fresh, redriven.refused), (1, 0), "what was known then is too old");
    books.send(first(joined)).await;
    books.settle(first(joined), &[found("ada", NONE)]).await;
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
}

pub(super) async fn a_redrive_takes_an_answer_that_came_since(books: &Books<impl Store>) {
    let (growth, made, joined) = waiting(books).await;
    books.pass(MINUTE);
    books.buy(&"sales".parse().unwrap(), PHONE, &["ada"], &[found("ada", PHONE)]).await;
    books.void(first(made), Cause::Refused).await;
    assert_eq!(books.redrive(joined, first(made)).await.fresh, 0);
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
}

pub(super) async fn a_removed_person_is_not_asked_for_anew(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.ledger().erase(vec![key("ada")], None).await.unwrap();
    let (batch, admitted) = ask_anew(books, &sales, ALL).await;
    assert_eq!(admitted.batch.dispositions.fresh, 0);
    assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Removed]);
}
