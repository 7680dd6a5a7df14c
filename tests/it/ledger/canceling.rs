//! Cancelling: what was not sent is released; what was sent is paid, and told to the vendor only
//! where nobody else waits.

use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::{Begun, Canceled, GivingUp, Redriven};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};

use super::books::{Books, QUIET, first};
use super::named::{EMAIL, NONE, found};
use super::store::Store;

async fn cancel<S: Store>(books: &Books<S>, batch: BatchId) -> Canceled {
    books.ledger().cancel(batch, None).await.unwrap()
}

async fn two_teams<S: Store>(books: &Books<S>) -> (TeamId, TeamId) {
    (books.team("sales", &[]).await, books.team("growth", &[]).await)
}

pub(super) async fn before_sending_all_is_released(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(cancel(books, batch).await, Canceled::Now);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.job(first(batch)).await.state, State::Void(Cause::Canceled));
    let reading = books.read(&sales, batch).await;
    assert_eq!(reading.status, Status::Canceled);
    assert_eq!(reading.leads, [LeadReading::Failed(Failure::Canceled)]);
}

pub(super) async fn asked_again_it_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    cancel(books, batch).await;
    let before = books.dump().await;
    assert_eq!(cancel(books, batch).await, Canceled::Already);
    assert_eq!(books.dump().await, before);
}

pub(super) async fn a_batch_that_ended_is_not_cancelled(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let before = books.dump().await;
    assert_eq!(cancel(books, batch).await, Canceled::Ended);
    assert_eq!(books.dump().await, before);
}

pub(super) async fn before_sending_whoever_joined_is_stranded(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    cancel(books, batch).await;
    assert_eq!(books.turn(first(batch)).await.stranded, [joined]);
    assert_eq!(books.redrive(joined, first(batch)).await.fresh, 1);
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn after_sending_the_vendor_is_told_and_what_comes_back_is_paid(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob"]).await;
    books.send(first(batch)).await;
    assert_eq!(cancel(books, batch).await, Canceled::Now);
    let job = books.job(first(batch)).await;
    assert!(job.is_cancel_wanted);
    assert_eq!((job.state, job.due), (State::Bound, Some(books.now())));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=3 unresolved=0");

    let evidence = [found("ada", EMAIL), tollgate::ledger::step::Evidence::Unanswered];
    books.settle(first(batch), &evidence).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    let reading = books.read(&sales, batch).await;
    assert_eq!(reading.status, Status::Canceled);
    assert!(reading.leads[0].result().is_some());
}

pub(super) async fn while_it_is_being_sent_nothing_is_released(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.begin_send(first(batch)).await;
    cancel(books, batch).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
    books.bind(first(batch), 1).await.unwrap();
    assert!(books.job(first(batch)).await.is_cancel_wanted);
}

pub(super) async fn while_others_wait_the_vendor_is_not_told(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    cancel(books, batch).await;
    assert!(!books.job(first(batch)).await.is_cancel_wanted);
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn whoever_cancelled_no_longer_waits(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    cancel(books, joined).await;
    cancel(books, batch).await;
    assert!(books.job(first(batch)).await.is_cancel_wanted);
}

pub(super) async fn once_the_last_has_left_the_vendor_is_told(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    cancel(books, batch).await;
    cancel(books, joined).await;
    assert!(books.job(first(batch)).await.is_cancel_wanted);
}

pub(super) async fn a_cancelled_batch_is_not_driven_again(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    cancel(books, joined).await;
    books.void(first(batch), Cause::Refused).await;
    assert_eq!(books.redrive(joined, first(batch)).await, Redriven::default());
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, joined).await.status, Status::Canceled);
}

pub(super) async fn what_may_have_been_taken_twice_is_not_cancelled_at_the_vendor(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.begin_send(first(batch)).await;
    books.unanswered(first(batch)).await;
    books.pass(QUIET);
    books.send(first(batch)).await;
    assert_eq!(cancel(books, batch).await, Canceled::Now);
    assert!(!books.job(first(batch)).await.is_cancel_wanted);
    // It is answered and paid, so whoever asks now need not pay again.
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
}

pub(super) async fn a_cancelled_job_in_doubt_is_not_sent_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let job = first(batch);
    books.begin_send(job).await;
    cancel(books, batch).await;
    assert!(books.job(job).await.is_cancel_wanted);
    books.unanswered(job).await;
    assert!(!books.job(job).await.is_cancel_wanted);
    books.pass(QUIET);
    let lease = books.turn(job).await.lease;
    let before = books.dump().await;
    assert_eq!(books.begin_send(job).await, Begun::Canceled);
    assert_eq!(books.dump().await, before);
    let look_again_at = books.now().after(QUIET);
    let giving = GivingUp { job, lease, reason: Reason::NoAnswer, look_again_at };
    assert_eq!(books.ledger().give_up_canceled(giving).await, Ok(0));
    let before = books.dump().await;
    assert_eq!(books.ledger().give_up_canceled(giving).await, Ok(0), "asked again");
    assert_eq!(books.dump().await, before);
    assert_eq!(books.job(job).await.state, State::Unresolved(Reason::NoAnswer));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=1.5");

    // The vendor answers after all.
    books.bind(job, 1).await.unwrap();
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}
