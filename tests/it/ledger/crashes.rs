//! What a crash leaves behind, and how the next one goes on from there: nothing is charged twice,
//! nothing is forgotten.

use tollgate::ledger::record::job::{Reason, State};
use tollgate::ledger::step::{Begun, Evidence, Novelty, Room};
use tollgate::ledger::transition::read::Status;
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, HOUR, MINUTE, QUIET, TURN, attempt, first};
use super::named::{EMAIL, NONE, found, leads, person};
use super::store::Store;

pub(super) async fn an_admission_whose_answer_was_lost_is_found_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    books.admit(admission.clone()).await.unwrap();
    books.pass(HOUR);
    assert_eq!(books.admit(admission).await.unwrap().novelty, Novelty::AskedAgain);
    // Without the same id, its leads find what is under way.
    books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn a_batch_whose_caller_was_never_told_is_sent_all_the_same(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.turn(job).await;
    books.pass(TURN);
    let turn = books.turn(job).await;
    let begun = books.ledger().begin_send(attempt(job, turn.lease, 0)).await;
    assert_eq!(begun, Ok(Begun::Attempt(1)));
}

pub(super) async fn a_send_that_was_cut_is_repeated_in_quiet_and_charged_once(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let lost = books.turn(job).await.lease;
    books.ledger().begin_send(attempt(job, lost, 0)).await.unwrap();
    books.pass(TURN);

    let turn = books.turn(job).await;
    assert_eq!(turn.job.state, State::Sending, "bytes may have left");
    let quiet_until = books.now().after(QUIET);
    books.ledger().unanswered(job, turn.lease, quiet_until).await.unwrap();
    assert!(books.ledger().lease(Room::each(9), TURN).await.unwrap().is_empty());
    books.pass(QUIET);
    let turn = books.turn(job).await;
    let begun = books.ledger().begin_send(attempt(job, turn.lease, 1)).await;
    assert_eq!(begun, Ok(Begun::Attempt(2)));
    books.bind(job, 1).await.unwrap();
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn a_sleeper_that_wakes_late_still_hands_in_the_vendors_name(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let asleep = books.turn(job).await.lease;
    books.ledger().begin_send(attempt(job, asleep, 0)).await.unwrap();
    books.pass(TURN);
    books.turn(job).await;
    books.unanswered(job).await;
    books.pass(QUIET);
    books.begin_send(job).await;

    let put_back = books.ledger().put_back(job, asleep, books.now()).await;
    assert_eq!(put_back, Err(LedgerError::Fenced));
    books.bind(job, 7).await.unwrap();
    books.bind(job, 8).await.unwrap();
    books.settle(job, &[found("ada", EMAIL)]).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn two_who_settle_at_once_charge_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    let evidence = [found("ada", EMAIL)];
    let (one, other) = tokio::join!(books.settle(job, &evidence), books.settle(job, &evidence));
    assert!(one.is_first != other.is_first);
    assert_eq!(one.parts, other.parts);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn what_the_first_to_settle_has_kept_is_what_is_read(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let job = first(batch);
    books.send(job).await;
    books.pass(MINUTE);
    let sleeper = books.turn(job).await.lease;
    books.pass(TURN);
    let other = books.turn(job).await.lease;
    assert!(other > sleeper);

    let evidence = [found("ada", EMAIL)];
    let settled = books.settle_in(sleeper, job, &evidence).await.unwrap();
    let again = books.settle_in(other, job, &evidence).await.unwrap();
    assert_eq!((settled.is_first, settled.turn), (true, sleeper));
    assert_eq!((again.is_first, again.turn), (false, sleeper));
    let kept = books.read(&sales, batch).await.leads[0].result().unwrap();
    assert_eq!(kept.turn, sleeper);
    let later = Some(books.now().after(MINUTE));
    books.ledger().reschedule(job, other, later).await.unwrap();
    assert_eq!(
        books.ledger().next_due(Room::each(1)).await.unwrap().0,
        None,
        "no other turn ever has it"
    );
    assert_eq!(books.ledger().erase(vec![], Some(person("ada"))).await.unwrap().results, [kept]);
}

pub(super) async fn two_who_begin_at_once_send_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let lease = books.turn(job).await.lease;
    let begin = || books.ledger().begin_send(attempt(job, lease, 0));
    let (one, other) = tokio::join!(begin(), begin());
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
}

pub(super) async fn a_vendor_that_failed_with_a_list_is_settled_by_it(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let evidence = [found("ada", EMAIL), Evidence::Unanswered];
    let batch = books.buy(&sales, EMAIL, &["ada", "bob"], &evidence).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.read(&sales, batch).await.status, Status::Completed);
}

pub(super) async fn a_vendor_that_forgot_leaves_the_worst_case_unresolved(
    books: &Books<impl Store>,
) {
    for (name, reason) in [("gone", Reason::Gone), ("failed", Reason::Failed)] {
        let team = books.team(name, &[]).await;
        let batch = books.ask(&team, NONE, &[name]).await;
        books.send(first(batch)).await;
        books.give_up(first(batch), reason).await;
        assert_eq!(books.email(&team).await, "spent=0 reserved=0 unresolved=0.5");
        assert_eq!(books.read(&team, batch).await.status, Status::Error);
    }
}

pub(super) async fn a_crash_of_the_only_process_leaves_doubt_and_no_gap(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    for _ in 0..2 {
        books.ledger().take_over(QUIET, TURN).await.unwrap();
        let job = books.job(job).await;
        assert_eq!((job.state, job.unanswered), (State::Unknown, 1), "however often it starts");
        assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
    }
}
