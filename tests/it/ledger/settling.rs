//! Settlement: what is due is charged once, the rest is released.

use tollgate::ledger::LedgerError;
use tollgate::ledger::record::entry::Fact;
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::Evidence;
use tollgate::ledger::transition::read::{Failure, LeadReading};

use super::books::{Books, HOUR, QUIET, TURN, first};
use super::named::{ALL, EMAIL, NONE, found};
use super::store::Store;

pub(super) async fn what_is_due_is_charged_and_the_rest_released(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, ALL, &["ada", "bob", "nemo"]).await);
    books.send(job).await;
    let evidence = [found("ada", ALL), found("bob", NONE), Evidence::NotFound];
    let settled = books.settle(job, &evidence).await;
    assert!(settled.is_first);
    assert_eq!(settled.parts[0].charged.amounts().to_string(), "email=2, phone=1");
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
    let done = books.job(job).await;
    assert_eq!((done.state, done.due, done.ended_at), (State::Done, None, Some(books.now())));
    let reading = books.read(&sales, job.batch).await;
    assert_eq!(reading.spent.map(|spent| spent.to_string()), Some("email=2, phone=1".into()));
}

pub(super) async fn asked_again_it_tells_the_same_and_charges_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, ALL, &["ada"]).await);
    books.send(job).await;
    let once = books.settle(job, &[found("ada", ALL)]).await;
    let before = books.dump().await;
    books.pass(HOUR);
    let again = books.settle(job, &[found("ada", ALL)]).await;
    let other = books.settle(job, &[Evidence::NotFound]).await;
    assert_eq!(books.dump().await, before);
    assert!(!again.is_first && again.avoided.is_empty());
    assert_eq!((&again.parts, &other.parts), (&once.parts, &once.parts));
}

pub(super) async fn what_was_never_with_the_vendor_has_no_answer(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, NONE, &["ada"]).await);
    let evidence = [found("ada", NONE)];
    let refused = Err(LedgerError::Fenced);
    assert_eq!(books.try_settle(job, &evidence).await, refused);
    books.begin_send(job).await;
    assert_eq!(books.try_settle(job, &evidence).await, refused);
    books.void(job, Cause::Refused).await;
    assert_eq!(books.try_settle(job, &evidence).await, refused);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn an_answer_of_another_length_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, NONE, &["ada", "bob"]).await);
    books.send(job).await;
    let before = books.dump().await;
    let outcome = books.try_settle(job, &[found("ada", NONE)]).await;
    assert!(matches!(outcome, Err(LedgerError::Invariant(_))));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn what_cannot_be_told_to_be_a_leads_is_unresolved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada", "bob"]).await);
    books.send(job).await;
    let settled = books.settle(job, &[Evidence::Unmatched, found("bob", EMAIL)]).await;
    assert_eq!(settled.parts[0].unresolved.to_string(), "email=1.5, phone=0");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=1.5");
    let reading = books.read(&sales, job.batch).await;
    assert_eq!(reading.leads[0], LeadReading::Failed(Failure::Unresolved));
}

pub(super) async fn a_charge_beyond_its_reservation_is_an_entry_of_its_own(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    // Only the email is reserved for Ada, but somebody else comes back.
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    let settled = books.settle(job, &[found("ida", EMAIL)]).await;
    assert_eq!(settled.parts[0].exceeded.to_string(), "email=0.5, phone=0");
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
    assert_eq!(books.facts().await.get("exceeded"), Some(&1));
}

pub(super) async fn what_an_entry_says_was_charged_is_what_it_spends(books: &Books<impl Store>) {
    a_charge_beyond_its_reservation_is_an_entry_of_its_own(books).await;
    let sales = "sales".parse().unwrap();
    let job = first(books.ask(&sales, ALL, &["dee"]).await);
    books.lose(job).await;
    super::resolving::resolve(books, job.batch, "0.5").await;
    books.settle(job, &[found("dee", ALL)]).await;
    for entry in books.journal().await.iter().filter(|entry| entry.fact != Fact::Opened) {
        assert_eq!(entry.charges.amounts(), entry.change.spent, "{entry:?}");
    }
}

pub(super) async fn an_answer_may_come_to_an_attempt_in_doubt(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn late_evidence_ends_what_was_unresolved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    books.give_up(job, Reason::Deadline).await;
    books.pass(5 * HOUR);
    books.settle(job, &[found("ada", NONE)]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=0 unresolved=0");
    let done = books.job(job).await;
    assert_eq!((done.state, done.ended_at), (State::Done, Some(books.now())));
    assert_eq!(books.journal().await.last().unwrap().fact, Fact::Resolved);
}

pub(super) async fn what_one_attempt_left_out_another_may_have_charged(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada", "bob", "nemo"]).await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.pass(QUIET);
    books.send(job).await;
    let evidence = [found("ada", EMAIL), Evidence::Unanswered, Evidence::NotFound];
    let settled = books.settle(job, &evidence).await;
    assert_eq!(settled.parts[0].unresolved.to_string(), "email=1.5, phone=0");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=1.5");
    let reading = books.read(&sales, job.batch).await;
    assert_eq!(reading.leads[1], LeadReading::Failed(Failure::Unresolved));
}

pub(super) async fn a_look_up_is_settled_by_whoever_sent_it(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.look_up(&sales, EMAIL, "ada").await);
    let evidence = [found("ada", EMAIL)];
    assert_eq!(books.try_settle(job, &evidence).await, Err(LedgerError::Fenced), "nothing left");
    let lost = books.turn(job).await.lease;
    books.pass(TURN);
    let lease = books.turn(job).await.lease;
    books.begin_send(job).await;
    assert_eq!(books.settle_in(lost, job, &evidence).await, Err(LedgerError::Fenced));
    let settled = books.settle_in(lease, job, &evidence).await.unwrap();
    assert_eq!((settled.is_first, settled.turn), (true, lease));
    assert_eq!(books.job(job).await.state, State::Done);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert!(!books.settle_in(lease, job, &evidence).await.unwrap().is_first);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn a_look_up_that_was_not_answered_is_asked_again_and_charged_once(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.look_up(&sales, EMAIL, "ada").await);
    books.begin_send(job).await;
    books.unanswered(job).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
    books.pass(QUIET);
    books.begin_send(job).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    let again = books.look_up(&sales, EMAIL, "ada").await;
    assert!(books.read(&sales, again).await.leads[0].result().is_some(), "it is known now");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn the_vendor_names_no_look_up(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.look_up(&sales, NONE, "ada").await);
    books.begin_send(job).await;
    assert_eq!(books.bind(job, 7).await, Err(LedgerError::Fenced));
    books.unanswered(job).await;
    assert_eq!(books.bind(job, 7).await, Err(LedgerError::Fenced));
}
