//! What stands in the way of one passenger does not stand in the way of the others: a coach is left,
//! or split, with every reservation as it stood.

use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::{
    Begun, Charged, Evidence, GivingUp, Resolution, Room, Split, Splitting, Voided,
};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError, Outcome};

use super::books::{Books, MINUTE, QUIET, TURN, attempt, first};
use super::gathering::{gather, gathered, two_teams};
use super::named::{EMAIL, found};
use super::store::Store;

/// The vendor refuses what was sent.
async fn refused<S: Store>(books: &Books<S>, coach: JobId) -> Outcome<Split> {
    let lease = books.lease_of(coach).await;
    let quiet_until = books.now().after(QUIET);
    books.ledger().split(Splitting::Refused { coach, lease, quiet_until }).await
}

async fn cancel<S: Store>(books: &Books<S>, batch: BatchId) {
    books.ledger().cancel(batch, None).await.unwrap();
}

pub(super) async fn whoever_is_refused_is_refused_alone_in_the_end(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let asks = [(&sales, "ada"), (&growth, "bad"), (&sales, "cid"), (&sales, "dan")];
    let (coach, batches) = gathered(books, &asks).await;
    books.begin_send(coach).await;
    assert_eq!(refused(books, coach).await, Ok(Split::Apart));
    assert_eq!(refused(books, coach).await, Err(LedgerError::Fenced), "there are two now");
    assert_eq!(books.email(&sales).await, "spent=0 reserved=4.5 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1.5 unresolved=0");

    let (front, back) = (coach, first(batches[2]).coach());
    books.turn(back).await;
    books.send(back).await;
    books.settle(back, &[found("cid", EMAIL), found("dan", EMAIL)]).await;
    books.pass(TURN);
    books.turn(front).await;
    books.begin_send(front).await;
    assert_eq!(refused(books, front).await, Ok(Split::Apart));
    assert_eq!(books.job(front).await.state, State::Void(Cause::Split));
    assert_eq!(gather(books).await, None, "whoever was split travels alone");

    let (ada, bad) = (first(batches[0]), first(batches[1]));
    let due = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    assert_eq!(due.len(), 2);
    books.send(ada).await;
    books.settle(ada, &[found("ada", EMAIL)]).await;
    books.begin_send(bad).await;
    assert_eq!(books.void(bad, Cause::Refused).await, Voided::Void);
    assert_eq!(books.email(&sales).await, "spent=4.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Error);
    assert_eq!(books.facts().await.get("reserved"), Some(&4), "nothing was reserved anew");
}

pub(super) async fn a_refusal_after_doubt_splits_nothing(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.begin_send(coach).await;
    books.unanswered(coach).await;
    books.pass(QUIET);
    books.turn(coach).await;
    books.begin_send(coach).await;
    assert_eq!(refused(books, coach).await, Ok(Split::StillUnknown));
    let coached = books.job(coach).await;
    assert_eq!((coached.state, coached.unanswered), (State::Unknown, 2));
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1.5 unresolved=0");
    // The first attempt may be answered still, for everybody.
    books.bind(coach, 7).await.unwrap();
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Completed);
}

pub(super) async fn where_the_vendors_credits_are_out_all_are_void(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    let joined = books.ask(&sales, EMAIL, &["bob"]).await;
    books.begin_send(coach).await;
    assert_eq!(books.void(coach, Cause::VendorCredits).await, Voided::Void);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    let reading = books.read(&growth, batches[1]).await;
    assert_eq!(reading.leads, [LeadReading::Failed(Failure::VendorCredits)]);
    assert_eq!(books.turn(first(batches[1])).await.stranded, [joined]);
    assert_eq!(books.redrive(joined, first(batches[1])).await.fresh, 1);
}

pub(super) async fn what_the_vendor_did_not_take_is_sent_again_as_it_was(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.begin_send(coach).await;
    let (lease, until) = (books.lease_of(coach).await, books.now().after(MINUTE));
    books.ledger().put_back(coach, lease, until).await.unwrap();
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Queued);
    books.pass(MINUTE);
    books.turn(coach).await;
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.email(&growth).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn before_sending_whoever_cancels_leaves(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let asks = [(&sales, "ada"), (&growth, "bob"), (&sales, "cid")];
    let (coach, batches) = gathered(books, &asks).await;
    let joined = books.ask(&sales, EMAIL, &["bob"]).await;
    let turn = books.lease_of(coach).await;
    cancel(books, batches[1]).await;
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Canceled);
    // Whoever had the turn has read who was aboard then.
    let begun = books.ledger().begin_send(attempt(coach, turn, 0)).await;
    assert_eq!(begun, Err(LedgerError::Fenced));

    let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    let stranded = turns.iter().find(|turn| turn.job.id == first(batches[1])).unwrap();
    assert_eq!(stranded.stranded, [joined]);
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("cid", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
}

pub(super) async fn a_coach_that_all_have_left_is_void(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    for batch in batches {
        cancel(books, batch).await;
    }
    assert_eq!(books.job(coach).await.state, State::Void(Cause::Canceled));
    assert_eq!(books.ledger().next_due(Room::each(1)).await.unwrap().0, None);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn after_sending_the_vendor_is_told_once_all_have_cancelled(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    cancel(books, batches[0]).await;
    assert!(!books.job(coach).await.is_cancel_wanted);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0", "it is paid");
    cancel(books, batches[1]).await;
    let canceled = books.job(coach).await;
    assert!(canceled.is_cancel_wanted);
    assert_eq!(canceled.due, Some(books.now()));
    books.settle(coach, &[found("ada", EMAIL), Evidence::Unanswered]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn whoever_waits_for_a_passenger_keeps_the_coach_from_being_cancelled(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&sales, "bob")]).await;
    let joined = books.ask(&growth, EMAIL, &["bob"]).await;
    books.send(coach).await;
    for batch in batches {
        cancel(books, batch).await;
    }
    assert!(!books.job(coach).await.is_cancel_wanted);
    cancel(books, joined).await;
    assert!(books.job(coach).await.is_cancel_wanted);
}

pub(super) async fn whoever_cancelled_while_it_was_sent_leaves_what_was_not_taken(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.begin_send(coach).await;
    cancel(books, batches[1]).await;
    let (lease, now) = (books.lease_of(coach).await, books.now());
    books.ledger().put_back(coach, lease, now).await.unwrap();
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.job(coach).await.leads, 1);
    books.turn(coach).await;
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn doubt_lets_others_join_whoever_cancelled(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&sales, "bob")]).await;
    books.begin_send(coach).await;
    cancel(books, batches[0]).await;
    assert!(books.job(first(batches[0])).await.is_cancel_wanted);
    books.unanswered(coach).await;
    // It is answered and paid whatever its caller wants, so nobody need pay for it again.
    let joined = books.ask(&growth, EMAIL, &["ada"]).await;
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    books.bind(coach, 7).await.unwrap();
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
}

pub(super) async fn what_was_cancelled_of_a_coach_in_doubt_is_left_out_of_it(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let asks = [(&sales, "ada"), (&growth, "bob"), (&sales, "cid")];
    let (coach, batches) = gathered(books, &asks).await;
    let joined = books.ask(&sales, EMAIL, &["bob"]).await;
    books.begin_send(coach).await;
    books.unanswered(coach).await;
    cancel(books, batches[1]).await;
    books.pass(QUIET);
    let lease = books.turn(coach).await.lease;
    assert_eq!(books.begin_send(coach).await, Begun::Canceled);
    let look_again_at = books.now().after(QUIET);
    let giving = GivingUp { job: coach, lease, reason: Reason::NoAnswer, look_again_at };
    assert_eq!(books.ledger().give_up_canceled(giving).await, Ok(2));
    assert_eq!(books.ledger().give_up_canceled(giving).await, Ok(2), "asked again");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=1.5");
    let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    let stranded = turns.iter().find(|turn| turn.job.id == first(batches[1])).unwrap();
    assert_eq!(stranded.stranded, [joined], "who joined it goes its own way");

    assert_eq!(books.begin_send(coach).await, Begun::Attempt(2));
    books.bind(coach, 7).await.unwrap();
    books.settle(coach, &[found("ada", EMAIL), found("cid", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=1.5");
    books.balance().await;
}

pub(super) async fn a_coach_in_doubt_that_all_have_cancelled_is_unresolved(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.begin_send(coach).await;
    books.unanswered(coach).await;
    for batch in batches {
        cancel(books, batch).await;
    }
    books.pass(QUIET);
    let lease = books.turn(coach).await.lease;
    assert_eq!(books.begin_send(coach).await, Begun::Canceled);
    let look_again_at = books.now().after(QUIET);
    let giving = GivingUp { job: coach, lease, reason: Reason::NoAnswer, look_again_at };
    assert_eq!(books.ledger().give_up_canceled(giving).await, Ok(0));
    assert_eq!(books.job(coach).await.state, State::Unresolved(Reason::NoAnswer));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=1.5");

    // The vendor answers after all.
    books.bind(coach, 7).await.unwrap();
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.email(&growth).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn what_is_gone_of_some_goes_without_them(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let asks = [(&sales, "ada"), (&growth, "bob"), (&sales, "cid")];
    let (coach, batches) = gathered(books, &asks).await;
    let (lease, gone) = (books.lease_of(coach).await, first(batches[1]));
    let without = Splitting::Without { coach, lease, jobs: vec![gone] };
    assert_eq!(books.ledger().split(without.clone()).await, Ok(Split::Apart));
    assert_eq!(books.ledger().split(without).await, Err(LedgerError::Fenced));
    books.ledger().lease(Room::each(9), TURN).await.unwrap();
    assert_eq!(books.void(gone, Cause::BodyLost).await, Voided::Void);
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("cid", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
}

pub(super) async fn a_coach_that_nobody_answers_is_unresolved_for_each(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    books.give_up(coach, Reason::Deadline).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=1.5");
    let reading = books.read(&growth, batches[1]).await;
    assert_eq!(reading.leads, [LeadReading::Failed(Failure::Unresolved)]);
    assert_eq!(books.ledger().glance().await.unwrap().unresolved, 2);

    let resolution = Resolution { batch: batches[0], charged: Charged::All, note: None };
    books.ledger().resolve(resolution).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=1.5");
    // Late evidence is booked as the difference for the one, and ends the other's doubt.
    books.settle(coach, &[Evidence::NotFound, found("bob", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Completed);
}

pub(super) async fn a_process_that_dies_while_it_sends_a_coach_leaves_doubt(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, _) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.begin_send(coach).await;
    assert_eq!(books.ledger().take_over(QUIET, TURN).await, Ok(1));
    assert_eq!(books.job(coach).await.state, State::Unknown);
    books.pass(QUIET);
    books.turn(coach).await;
    assert_eq!(books.begin_send(coach).await, Begun::Attempt(2));
    books.bind(coach, 7).await.unwrap();
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.email(&growth).await, "spent=1.5 reserved=0 unresolved=0");
}
