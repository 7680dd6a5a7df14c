//! Leads that the vendor refuses end alone, with what was reserved for them; the others go on.

use tollgate::ledger::ids::{BatchId, JobId, ResultRef};
use tollgate::ledger::record::job::{Cause, State, Window};
use tollgate::ledger::step::{AfterRefusal, Detached, Refusing, Voided};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError, Outcome};

use super::books::{Books, QUIET, TURN, first};
use super::gathering::{gathered, two_teams};
use super::named::{EMAIL, found};
use super::store::Store;

const REFUSED: LeadReading = LeadReading::Failed(Failure::Refused);

/// The vendor refuses a job and names these of its leads.
async fn refused<S: Store>(books: &Books<S>, job: JobId, named: &[u32]) -> Outcome<AfterRefusal> {
    refused_of(books, job, named.iter().map(|index| ResultRef { job, index: *index })).await
}

async fn refused_of<S: Store>(
    books: &Books<S>,
    job: JobId,
    named: impl Iterator<Item = ResultRef>,
) -> Outcome<AfterRefusal> {
    let (lease, quiet_until) = (books.lease_of(job).await, books.now().after(QUIET));
    let refusing = Refusing { job, lease, named: named.collect(), refusals_max: 9, quiet_until };
    books.ledger().refuse(refusing).await
}

/// Sends a job, and the vendor refuses it and names these leads.
async fn sent_and_refused<S: Store>(books: &Books<S>, job: JobId, named: &[u32]) -> AfterRefusal {
    books.begin_send(job).await;
    refused(books, job, named).await.unwrap()
}

async fn detach<S: Store>(books: &Books<S>, job: JobId) -> Detached {
    let lease = books.lease_of(job).await;
    books.ledger().detach(job, lease).await.unwrap()
}

fn second(batch: BatchId) -> JobId {
    JobId { batch, ordinal: 1 }
}

pub(super) async fn a_lead_that_is_named_ends_and_the_rest_is_sent(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bad", "cid"]).await;
    let job = first(batch);
    assert_eq!(sent_and_refused(books, job, &[1]).await, AfterRefusal::Without(1));
    assert_eq!(refused(books, job, &[1]).await, Err(LedgerError::Fenced), "it is not being sent");
    assert_eq!(books.email(&sales).await, "spent=0 reserved=3 unresolved=0");
    books.balance().await;

    books.turn(job).await;
    books.send(job).await;
    // There is a place for the refused one, whatever is said of it.
    books.settle(job, &[found("ada", EMAIL), found("bad", EMAIL), found("cid", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
    let reading = books.read(&sales, batch).await;
    assert_eq!((reading.status, reading.leads[1]), (Status::Completed, REFUSED));
    assert!(reading.leads[0].result().is_some() && reading.leads[2].result().is_some());
    books.balance().await;
}

pub(super) async fn a_job_of_refused_leads_is_void(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["bad", "worse"]).await;
    assert_eq!(sent_and_refused(books, first(batch), &[0]).await, AfterRefusal::Without(1));
    books.turn(first(batch)).await;
    // The only one that is left need not be named.
    assert_eq!(sent_and_refused(books, first(batch), &[]).await, AfterRefusal::Void);
    assert_eq!(books.job(first(batch)).await.state, State::Void(Cause::Refused));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&sales, batch).await.leads, [REFUSED; 2]);
    books.balance().await;
}

pub(super) async fn a_lead_that_is_not_named_is_looked_for_by_halves(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob", "bad", "dan"]).await;
    let job = first(batch);
    assert_eq!(sent_and_refused(books, job, &[]).await, AfterRefusal::Narrowed);
    assert_eq!(books.job(job).await.window, Some(Window { end: 2, suspect: 4 }));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=6 unresolved=0");
    books.turn(job).await;
    books.send(job).await;
    assert_eq!(books.ledger().load(job).await.unwrap()[0].leads.len(), 2);

    // What was not sent goes its own way before anything else.
    let answers = [found("ada", EMAIL), found("bob", EMAIL)];
    assert_eq!(books.try_settle(job, &answers).await, Err(LedgerError::Fenced));
    assert_eq!(detach(books, job).await, Detached::Partly);
    assert_eq!(detach(books, job).await, Detached::Clear);
    assert_eq!(books.job(second(batch)).await.window, Some(Window { end: 1, suspect: 2 }));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=6 unresolved=0");
    books.settle(job, &answers).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=3 unresolved=0");
    books.balance().await;

    books.turn(second(batch)).await;
    assert_eq!(sent_and_refused(books, second(batch), &[]).await, AfterRefusal::Without(1));
    assert_eq!(books.read(&sales, batch).await.status, Status::Processing);
    books.turn(second(batch)).await;
    books.send(second(batch)).await;
    books.settle(second(batch), &[found("bad", EMAIL), found("dan", EMAIL)]).await;
    let reading = books.read(&sales, batch).await;
    assert_eq!((reading.status, reading.leads[2]), (Status::Completed, REFUSED));
    assert!([0, 1, 3].iter().all(|n| reading.leads[*n].result().is_some()), "{reading:?}");
    assert_eq!(books.email(&sales).await, "spent=4.5 reserved=0 unresolved=0");
    books.balance().await;
}

pub(super) async fn who_joined_a_lead_that_ended_or_moved_is_driven_off_the_job(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let batch = books.ask(&sales, EMAIL, &["bad", "ada", "bob", "cid"]).await;
    let job = first(batch);
    let joined = books.ask(&growth, EMAIL, &["cid", "bad", "ada"]).await;
    assert_eq!(sent_and_refused(books, job, &[0]).await, AfterRefusal::Without(1));
    books.turn(job).await;
    assert_eq!(detach(books, job).await, Detached::Strays(vec![joined]));
    assert_eq!(books.redrive(joined, job).await.fresh, 1);
    assert_eq!(detach(books, job).await, Detached::Clear);
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1.5 unresolved=0");

    assert_eq!(sent_and_refused(books, job, &[]).await, AfterRefusal::Narrowed);
    books.turn(job).await;
    books.send(job).await;
    assert_eq!(detach(books, job).await, Detached::Partly);
    assert_eq!(detach(books, job).await, Detached::Strays(vec![joined]));
    // It joins where its lead has gone, for nothing.
    assert_eq!(books.redrive(joined, job).await.fresh, 0);
    assert_eq!(detach(books, job).await, Detached::Clear);
    let answers = [found("bad", EMAIL), found("ada", EMAIL), found("bob", EMAIL)];
    books.settle(job, &answers).await;
    books.pass(TURN);
    books.turn(second(batch)).await;
    books.send(second(batch)).await;
    books.settle(second(batch), &[found("cid", EMAIL)]).await;
    assert_eq!(books.read(&sales, batch).await.status, Status::Completed);

    books.begin_send(first(joined)).await;
    assert_eq!(books.void(first(joined), Cause::Refused).await, Voided::Void);
    let reading = books.read(&growth, joined).await;
    assert_eq!((reading.status, reading.leads[1]), (Status::Completed, REFUSED));
    assert!(reading.leads[0].result().is_some() && reading.leads[2].result().is_some());
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.email(&sales).await, "spent=4.5 reserved=0 unresolved=0");
    books.balance().await;
}

pub(super) async fn what_is_detached_of_a_cancelled_batch_is_void(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob", "cid", "dan"]).await;
    sent_and_refused(books, first(batch), &[]).await;
    books.turn(first(batch)).await;
    books.send(first(batch)).await;
    books.ledger().cancel(batch, None).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=0 reserved=6 unresolved=0");
    books.turn(first(batch)).await;
    assert_eq!(detach(books, first(batch)).await, Detached::Partly);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=3 unresolved=0");
    assert_eq!(books.job(second(batch)).await.state, State::Void(Cause::Canceled));
    books.settle(first(batch), &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
    books.balance().await;
}

pub(super) async fn a_refusal_after_doubt_ends_no_lead(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada", "bad"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.pass(QUIET);
    books.turn(job).await;
    assert_eq!(sent_and_refused(books, job, &[1]).await, AfterRefusal::StillUnknown);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=3 unresolved=0");
}

pub(super) async fn what_is_refused_too_often_is_void(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let names: Vec<_> = (0..20).map(|n| format!("lead {n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let job = first(books.ask(&sales, EMAIL, &names).await);
    for _ in 1..9 {
        assert_ne!(sent_and_refused(books, job, &[]).await, AfterRefusal::Void);
        books.turn(job).await;
    }
    assert_eq!(sent_and_refused(books, job, &[]).await, AfterRefusal::Void);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn a_combined_job_goes_on_without_those_that_are_named(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let asks = [(&sales, "ada"), (&growth, "bad"), (&sales, "cid")];
    let (coach, batches) = gathered(books, &asks).await;
    books.begin_send(coach).await;
    let bad = ResultRef { job: first(batches[1]), index: 0 };
    let after = refused_of(books, coach, std::iter::once(bad)).await;
    assert_eq!(after, Ok(AfterRefusal::Without(1)));
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, batches[1]).await.leads, [REFUSED]);
    books.turn(coach).await;
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("cid", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
    books.balance().await;
}
