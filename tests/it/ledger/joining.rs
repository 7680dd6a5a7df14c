//! Joining: whoever asks for a person under way waits for the same answer and pays nothing.

use tollgate::domain::avoided::AvoidedReason;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::{Cause, Reason, Way};
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, first};
use super::named::{ALL, EMAIL, NONE, PHONE, found, leads};
use super::store::Store;

async fn joins<S: Store>(books: &Books<S>, team: &TeamId, reveals: Reveals) -> bool {
    let admission = books.admission(team, reveals, leads(&["ada"]));
    books.admit(admission).await.unwrap().batch.dispositions.joined == 1
}

pub(super) async fn a_person_under_way_is_joined_for_nothing(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let job = first(books.ask(&sales, EMAIL, &["bob", "ada"]).await);
    let joined = books.ask(&growth, EMAIL, &["ada", "ada"]).await;
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, joined).await.status, Status::Queued);

    books.send(job).await;
    assert_eq!(books.read(&growth, joined).await.leads, [LeadReading::Pending; 2]);
    let settled = books.settle(job, &[found("bob", EMAIL), found("ada", EMAIL)]).await;
    let spared: Vec<_> = settled.avoided.iter().map(|(team, a)| (team, a.reason)).collect();
    assert_eq!(spared, [(&growth, AvoidedReason::Joined), (&growth, AvoidedReason::Repeated)]);
    let reading = books.read(&growth, joined).await;
    assert_eq!(reading.status, Status::Completed);
    assert_eq!(reading.spent, Some(tollgate::domain::credits::Amounts::ZERO));
    assert!(
        reading.leads.iter().all(|lead| lead.result().is_some_and(|result| result.at.index == 1))
    );
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
}

pub(super) async fn joining_needs_at_least_the_same_reveals(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    books.ask(&sales, EMAIL, &["ada"]).await;
    assert!(joins(books, &growth, NONE).await);
    assert!(joins(books, &growth, EMAIL).await);
    assert!(!joins(books, &growth, PHONE).await);
    assert!(!joins(books, &growth, ALL).await);
    assert!(joins(books, &sales, ALL).await, "there is now one that asks for all");
}

pub(super) async fn a_job_is_joined_for_as_long_as_its_answer_may_come(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    assert!(joins(books, &growth, EMAIL).await, "while it is ready");
    books.begin_send(job).await;
    assert!(joins(books, &growth, EMAIL).await, "while it is being sent");
    books.unanswered(job).await;
    assert!(joins(books, &growth, EMAIL).await, "while nobody knows whether the vendor has it");
    books.bind(job, 1).await.unwrap();
    assert!(joins(books, &growth, EMAIL).await, "while the vendor has it");
    books.give_up(job, Reason::Deadline).await;
    assert!(!joins(books, &growth, EMAIL).await, "but not once it is unresolved");
}

pub(super) async fn a_void_job_is_not_joined(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.void(job, Cause::Refused).await;
    assert!(!joins(books, &growth, EMAIL).await);
}

pub(super) async fn a_job_that_is_being_cancelled_is_not_joined(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    books.ledger().cancel(job.batch, None).await.unwrap();
    assert!(!joins(books, &growth, EMAIL).await);
}

pub(super) async fn a_batch_joins_a_look_up_and_a_look_up_joins_a_batch(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let by_look_up = first(books.look_up(&sales, EMAIL, "ada").await);
    let batch = books.ask(&growth, EMAIL, &["ada"]).await;
    books.begin_send(by_look_up).await;
    books.settle(by_look_up, &[found("ada", EMAIL)]).await;

    let by_batch = first(books.ask(&growth, EMAIL, &["bob", "eve"]).await);
    let look_up = books.look_up(&sales, NONE, "eve").await;
    books.send(by_batch).await;
    books.settle(by_batch, &[found("bob", EMAIL), found("eve", EMAIL)]).await;

    for (team, id) in [(&growth, batch), (&sales, look_up)] {
        let reading = books.read(team, id).await;
        assert_eq!(reading.batch.dispositions.joined, 1);
        assert!(reading.leads[0].result().is_some());
    }
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=3 reserved=0 unresolved=0");
}

pub(super) async fn what_joined_is_driven_again_the_way_that_it_was_asked(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let batch = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let look_up = books.look_up(&growth, EMAIL, "ada").await;
    books.void(batch, Cause::Refused).await;
    books.redrive(look_up, batch).await;
    assert_eq!(books.job(first(look_up)).await.way, Way::LookUp);

    let joined = books.ask(&sales, EMAIL, &["ada"]).await;
    books.void(first(look_up), Cause::Refused).await;
    books.redrive(joined, first(look_up)).await;
    assert_eq!(books.job(first(joined)).await.way, Way::Batch);
}
