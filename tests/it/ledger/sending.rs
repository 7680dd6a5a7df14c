//! Sending: written down before a byte leaves, counted, fenced, and bounded.

use tollgate::domain::time::Timestamp;
use tollgate::domain::vendor_id::VendorId;
use tollgate::ledger::ids::Lease;
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::{Begun, GivingUp, Voiding};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, DAY, HORIZON, HOUR, MINUTE, QUIET, TURN, WINDOW, attempt, first};
use super::named::{EMAIL, found};
use super::store::Store;

pub(super) async fn an_attempt_is_on_the_books_before_it_is_made(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let turn = books.turn(job).await;
    let begun = books.ledger().begin_send(attempt(job, turn.lease, 0)).await;
    assert_eq!(begun, Ok(Begun::Attempt(1)));
    let sending = books.job(job).await;
    assert_eq!((sending.state, sending.attempts), (State::Sending, 1));
    assert_eq!(sending.first_sent_at, Some(books.now()));
    assert_eq!(sending.due, Some(books.now().after(TURN)));
}

pub(super) async fn an_attempt_begins_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let lease = books.turn(job).await.lease;
    books.ledger().begin_send(attempt(job, lease, 0)).await.unwrap();
    let before = books.dump().await;
    for after in [0, 1] {
        let again = books.ledger().begin_send(attempt(job, lease, after)).await;
        assert_eq!(again, Err(LedgerError::Fenced));
    }
    assert_eq!(books.dump().await, before);
}

pub(super) async fn whoever_lost_the_turn_does_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let lost = books.turn(job).await.lease;
    books.pass(TURN);
    let lease = books.turn(job).await.lease;
    assert!(lease > lost);
    let (now, ledger) = (books.now(), books.ledger());
    let before = books.dump().await;
    let begun = ledger.begin_send(attempt(job, lost, 0)).await;
    assert_eq!(begun, Err(LedgerError::Fenced));
    assert_eq!(ledger.reschedule(job, lost, Some(now)).await, Err(LedgerError::Fenced));
    let voiding = Voiding { job, lease: lost, cause: Cause::Refused, quiet_until: now };
    assert_eq!(ledger.void(voiding).await, Err(LedgerError::Fenced));
    assert_eq!(books.dump().await, before);

    ledger.begin_send(attempt(job, lease, 0)).await.unwrap();
    let before = books.dump().await;
    assert_eq!(ledger.put_back(job, lost, now).await, Err(LedgerError::Fenced));
    assert_eq!(ledger.unanswered(job, lost, now).await, Err(LedgerError::Fenced));
    let giving = GivingUp { job, lease: lost, reason: Reason::NoAnswer, look_again_at: now };
    assert_eq!(ledger.give_up(giving).await, Err(LedgerError::Fenced));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn what_was_not_taken_counts_as_no_attempt(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    for _ in 0..9 {
        let Begun::Attempt(_) = books.begin_send(job).await else { panic!("it counted") };
        let later = books.now().after(HOUR);
        let lease = books.lease_of(job).await;
        books.ledger().put_back(job, lease, later).await.unwrap();
        let back = books.job(job).await;
        assert_eq!((back.state, back.unanswered, back.due), (State::Ready, 0, Some(later)));
        assert_eq!(back.first_sent_at, None, "no byte of it has reached the vendor");
        books.pass(DAY);
    }
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn what_was_not_taken_after_doubt_leaves_the_doubt(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    let first_sent_at = books.job(job).await.first_sent_at;
    books.pass(QUIET);
    books.begin_send(job).await;
    books.ledger().put_back(job, books.lease_of(job).await, books.now()).await.unwrap();
    let back = books.job(job).await;
    assert_eq!((back.state, back.unanswered), (State::Unknown, 1));
    assert_eq!(back.first_sent_at, first_sent_at);
}

pub(super) async fn an_unanswered_attempt_releases_nothing_ever(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    assert_eq!(books.job(job).await.due, Some(books.now().after(QUIET)));
    books.pass(90 * DAY);
    books.turn(job).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn there_is_a_last_attempt(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    for n in 1..=3 {
        assert_eq!(books.begin_send(job).await, Begun::Attempt(n));
        books.unanswered(job).await;
        books.pass(QUIET);
    }
    let before = books.dump().await;
    assert_eq!(books.begin_send(job).await, Begun::Exhausted);
    assert_eq!(books.dump().await, before);
}

pub(super) async fn no_attempt_follows_where_the_window_may_turn_under_it(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    let last_safe = WINDOW.saturating_sub(HORIZON);
    books.pass(last_safe);
    assert_eq!(books.begin_send(job).await, Begun::Exhausted);

    let other = first(books.ask(&sales, EMAIL, &["bob"]).await);
    books.begin_send(other).await;
    books.unanswered(other).await;
    books.pass(last_safe.saturating_sub(MINUTE));
    assert_eq!(books.begin_send(other).await, Begun::Attempt(2));
}

pub(super) async fn the_vendors_first_name_stays(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.bind(job, 7).await.unwrap();
    let before = books.dump().await;
    books.bind(job, 7).await.unwrap();
    books.bind(job, 8).await.unwrap();
    assert_eq!(books.dump().await, before);
    assert_eq!(books.job(job).await.vendor_id, Some(VendorId::from_number(7)));
}

pub(super) async fn a_late_name_is_taken_wherever_bytes_may_have_left(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    assert_eq!(books.bind(job, 7).await, Err(LedgerError::Fenced), "nothing was sent");
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.bind(job, 7).await.unwrap();
    assert_eq!(books.job(job).await.state, State::Bound);

    let lost = first(books.ask(&sales, EMAIL, &["bob"]).await);
    books.lose(lost).await;
    books.bind(lost, 8).await.unwrap();
    let named = books.job(lost).await;
    assert_eq!(named.state, State::Unresolved(Reason::NoAnswer), "late is not in time");
    assert_eq!(named.vendor_id, Some(VendorId::from_number(8)));
    assert!(named.due.is_some(), "there is something to ask for now");

    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.bind(job, 9).await, Err(LedgerError::Fenced), "it has ended");
}

pub(super) async fn a_step_whose_answer_was_lost_may_be_asked_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let ledger = books.ledger();
    let later = books.now().after(QUIET);
    books.begin_send(job).await;
    let lease = books.lease_of(job).await;
    ledger.put_back(job, lease, later).await.unwrap();
    let before = books.dump().await;
    assert_eq!(ledger.put_back(job, lease, later).await, Ok(()));
    assert_eq!(books.dump().await, before);

    books.begin_send(job).await;
    ledger.unanswered(job, lease, later).await.unwrap();
    let before = books.dump().await;
    assert_eq!(ledger.unanswered(job, lease, later).await, Ok(()));
    assert_eq!(books.dump().await, before, "it is one attempt in doubt, not two");
    assert_eq!(books.job(job).await.unanswered, 1);
}

pub(super) async fn no_step_knows_a_job_that_is_not_there(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.admission(&sales, EMAIL, vec![]).batch);
    let next = attempt(job, Lease(0), 0);
    assert_eq!(books.ledger().begin_send(next).await, Err(LedgerError::Fenced));
    assert_eq!(books.bind(job, 1).await, Err(LedgerError::Fenced));
    assert_eq!(books.try_settle(job, &[]).await.map(|_| ()), Err(LedgerError::Fenced));
    let put_back = books.ledger().put_back(job, Lease(0), Timestamp::EPOCH).await;
    assert_eq!(put_back, Err(LedgerError::Fenced));
}
