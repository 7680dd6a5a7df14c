//! Lost results: whose job reads the vendor again, how often, and what is kept of it.

use std::collections::BTreeSet;

use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{JobId, ResultRef};
use tollgate::ledger::record::job::{Restoring, State};
use tollgate::ledger::record::lane::Lane;
use tollgate::ledger::step::Room;
use tollgate::ledger::transition::restore::RESTORE_EVERY;

use super::books::{Books, TURN, first};
use super::gathering::gathered;
use super::named::{EMAIL, found, key, person};
use super::store::Store;

async fn restore<S: Store>(books: &Books<S>, job: JobId) -> usize {
    books.ledger().restore(BTreeSet::from([job])).await.unwrap()
}

pub(super) async fn a_job_is_read_again_at_most_every_few_minutes(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await);
    let entries = books.journal().await;
    for _ in 0..2 {
        assert_eq!(restore(books, job).await, 1);
        assert_eq!(restore(books, job).await, 0, "it is due already");
        let room = Room::from_iter([(Lane::Polls, 9)]);
        let turns = books.ledger().lease(room, TURN).await.unwrap();
        let [turn] = turns.as_slice() else { panic!("{turns:?}") };
        assert_eq!((turn.job.id, turn.job.state, turn.requests), (job, State::Done, 1));
        assert!(books.ledger().credit_joiners(job).await.unwrap().is_all);
        assert_eq!(books.job(job).await.restoring, Restoring::Wanted);
        let later = books.now().after(TURN);
        books.ledger().reschedule(job, turn.lease, Some(later)).await.unwrap();
        assert_eq!(books.job(job).await.due, Some(later));
        books.ledger().reschedule(job, turn.lease, None).await.unwrap();
        assert_eq!(books.job(job).await.due, None);
        assert_eq!(restore(books, job).await, 0, "it was just read");
        books.pass(RESTORE_EVERY);
    }
    assert_eq!(books.journal().await, entries);
}

pub(super) async fn only_what_the_vendor_named_and_has_ended_is_read_again(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let bound = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(bound).await;
    let look_up = first(books.look_up(&sales, EMAIL, "bob").await);
    books.begin_send(look_up).await;
    books.settle(look_up, &[found("bob", EMAIL)]).await;
    let nobodys = JobId { ordinal: 7, ..bound };
    for job in [bound, look_up, nobodys] {
        let before = books.dump().await;
        assert_eq!(restore(books, job).await, 0);
        assert_eq!(books.dump().await, before);
    }
}

pub(super) async fn what_was_settled_together_is_read_again_together(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    let members = batches.iter().map(|batch| first(*batch)).collect();
    assert_eq!(books.ledger().restore(members).await, Ok(1));
    assert_eq!(books.job(coach).await.restoring, Restoring::Wanted);
    for (batch, name) in batches.iter().zip(["ada", "bob"]) {
        let at = ResultRef { job: first(*batch), index: 0 };
        let kept = books.ledger().to_keep(at).await.unwrap();
        assert_eq!(kept.iter().map(|kept| kept.person).collect::<Vec<_>>(), [person(name)]);
        assert_eq!(kept[0].result.at, at);
    }
}

pub(super) async fn of_a_removed_person_nothing_is_kept_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let found = ["ada", "bob", "cyd"].map(|name| found(name, EMAIL));
    let job = first(books.buy(&sales, EMAIL, &["ada", "bob", "cyd"], &found).await);
    books.ledger().erase(vec![key("ada")], None).await.unwrap();
    books.ledger().erase(Vec::new(), Some(person("bob"))).await.unwrap();
    let kept = books.ledger().to_keep(ResultRef { job, index: 2 }).await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.result.at.index).collect::<Vec<_>>(), [2]);
}
