//! Void and unresolved: the two ends without an answer, and what it takes for each.

use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::{Begun, GivingUp, Voided, Voiding};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, HOUR, QUIET, attempt, first};
use super::named::{EMAIL, found};
use super::store::Store;

async fn voiding<S: Store>(books: &Books<S>, job: JobId) -> Voiding {
    let (lease, quiet_until) = (books.lease_of(job).await, books.now().after(QUIET));
    Voiding { job, lease, cause: Cause::Refused, quiet_until }
}

async fn giving_up<S: Store>(books: &Books<S>, job: JobId) -> GivingUp {
    let (lease, look_again_at) = (books.lease_of(job).await, books.now().after(HOUR));
    GivingUp { job, lease, reason: Reason::Deadline, look_again_at }
}

pub(super) async fn a_void_job_releases_all_of_its_reservation(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for is_sent in [false, true] {
        let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
        if is_sent {
            books.begin_send(job).await;
        }
        assert_eq!(books.void(job, Cause::Refused).await, Voided::Void);
        assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
        assert_eq!(books.job(job).await.due, None);
    }
}

pub(super) async fn a_void_job_asked_again_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let voiding = voiding(books, job).await;
    assert_eq!(books.ledger().void(voiding).await, Ok(Voided::Void));
    let before = books.dump().await;
    assert_eq!(books.ledger().void(voiding).await, Ok(Voided::Void));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn a_refusal_after_doubt_voids_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.pass(QUIET);
    books.begin_send(job).await;
    let voiding = voiding(books, job).await;
    assert_eq!(books.ledger().void(voiding).await, Ok(Voided::StillUnknown));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
    let before = books.dump().await;
    assert_eq!(books.ledger().void(voiding).await, Ok(Voided::StillUnknown));
    assert_eq!(books.dump().await, before);
    let still = books.job(job).await;
    assert_eq!((still.state, still.due), (State::Unknown, Some(voiding.quiet_until)));
}

pub(super) async fn what_the_vendor_has_is_never_void(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    let bound = books.ledger().void(voiding(books, job).await).await;
    assert_eq!(bound, Err(LedgerError::Fenced));
    books.settle(job, &[found("ada", EMAIL)]).await;
    let done = books.ledger().void(voiding(books, job).await).await;
    assert_eq!(done, Err(LedgerError::Fenced));
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn the_cause_of_a_void_is_told_to_its_caller(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for (cause, failure) in [
        (Cause::Refused, Failure::Refused),
        (Cause::BodyLost, Failure::VendorError),
        (Cause::VendorCredits, Failure::VendorCredits),
    ] {
        let batch = books.ask(&sales, EMAIL, &["ada"]).await;
        books.void(first(batch), cause).await;
        let reading = books.read(&sales, batch).await;
        assert_eq!(reading.status, Status::Error);
        assert_eq!(reading.leads, [LeadReading::Failed(failure)]);
    }
}

pub(super) async fn what_nobody_could_learn_is_unresolved_until_someone_says(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    let giving = giving_up(books, job).await;
    books.ledger().give_up(giving).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=1.5");
    let lost = books.job(job).await;
    assert_eq!(lost.state, State::Unresolved(Reason::Deadline));
    assert_eq!(lost.due, Some(giving.look_again_at), "the vendor has it: it is still asked");
    let reading = books.read(&sales, job.batch).await;
    assert_eq!(reading.status, Status::Error);
    assert_eq!(reading.leads, [LeadReading::Failed(Failure::Unresolved)]);

    let before = books.dump().await;
    assert_eq!(books.ledger().give_up(giving).await, Ok(()));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn only_what_may_be_with_the_vendor_is_given_up(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let ready = books.ledger().give_up(giving_up(books, job).await).await;
    assert_eq!(ready, Err(LedgerError::Fenced));
    books.void(job, Cause::Refused).await;
    let void = books.ledger().give_up(giving_up(books, job).await).await;
    assert_eq!(void, Err(LedgerError::Fenced));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn an_unresolved_job_is_not_sent_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.lose(job).await;
    let before = books.job(job).await;
    let next = attempt(job, before.lease, before.attempts);
    assert_eq!(books.ledger().begin_send(next).await, Err(LedgerError::Fenced));
    // Whoever asks for the person now goes a way of their own.
    let again = books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(books.begin_send(first(again)).await, Begun::Attempt(1));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=1.5");
}

pub(super) async fn whoever_missed_a_body_voids_no_attempt(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let missed = Voiding { cause: Cause::BodyLost, ..voiding(books, job).await };
    books.begin_send(job).await;
    // The turn has the same number: the store has forgotten that it was another's.
    let before = books.dump().await;
    assert_eq!(books.ledger().void(missed).await, Err(LedgerError::Fenced));
    assert_eq!(books.dump().await, before);
}
