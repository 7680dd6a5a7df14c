//! Retries of calls: the same request is the call that it became, whatever came of that, unless it
//! was certainly not made.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::Amounts;
use tollgate::domain::period::Period;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::record::replay::Retry;
use tollgate::ledger::step::{Admission, Refused};
use tollgate::ledger::transition::call::{CallOpened, Closing, OpenedBefore, Opening};

use super::books::{Books, MINUTE, quota};
use super::calling::{close, email, opening, try_open};
use super::named::{NONE, asking, called, leads};
use super::store::Store;

fn told<S: Store>(books: &Books<S>, team: &TeamId, retry: Retry) -> Opening {
    Opening { retry: Some(retry), ..opening(books, team, "2") }
}

async fn open<S: Store>(books: &Books<S>, team: &TeamId, retry: Retry) -> JobId {
    try_open(books, &told(books, team, retry)).await.expect("it fits").job
}

async fn again<S: Store>(books: &Books<S>, team: &TeamId, retry: Retry) -> OpenedBefore {
    let before = books.dump().await;
    let opened = books.ledger().open_call(told(books, team, retry)).await.unwrap();
    let Ok(CallOpened::Before(made)) = opened else { panic!("made anew: {opened:?}") };
    assert_eq!(books.dump().await, before, "a retry moves nothing");
    made
}

pub(super) async fn a_call_asked_for_again_is_the_one_that_was_made(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "5")]).await;
    let unresolved = State::Unresolved(Reason::NoAnswer);
    for (retry, closing, state, charged) in [
        (called("1", "search"), Closing::Charged(email("2")), State::Done, email("2")),
        (asking("search"), Closing::Unanswered, unresolved, Amounts::ZERO),
    ] {
        let job = open(books, &sales, retry).await;
        let under_way = again(books, &sales, retry).await;
        assert_eq!((under_way.batch, under_way.state), (job.batch, State::Sending));
        close(books, job, closing).await;
        let ended = again(books, &sales, retry).await;
        assert_eq!((ended.batch, ended.state), (job.batch, state));
        assert_eq!((ended.reserved, ended.charged), (email("2"), charged));
    }
    let full = again(books, &sales, asking("search")).await;
    assert_eq!(full.remaining.quotas[0].remaining, email("1").email, "no quota is asked");
}

pub(super) async fn a_call_that_was_certainly_not_made_is_forgotten(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let not_charged = Closing::NotCharged(Cause::Refused);
    for retry in [called("1", "search"), asking("search")] {
        for closings in [&[not_charged][..], &[Closing::Unanswered, not_charged]] {
            let job = open(books, &sales, retry).await;
            for closing in closings {
                close(books, job, *closing).await;
            }
        }
    }
    let renamed = open(books, &sales, called("1", "another search")).await;
    assert_eq!(again(books, &sales, called("1", "another search")).await.batch, renamed.batch);
}

pub(super) async fn another_request_under_the_key_of_a_call_is_refused(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    open(books, &sales, called("1", "search")).await;
    let ada = books.admission(&sales, NONE, leads(&["ada"]));
    let batch = |name| Admission { retry: Some(called(name, "ada")), ..ada.clone() };
    books.admit(batch("2")).await.unwrap();
    let before = books.dump().await;
    for name in ["1", "2"] {
        let other = told(books, &sales, called(name, "find"));
        assert_eq!(try_open(books, &other).await, Err(Refused::OtherRequest));
    }
    let bob = books.admission(&sales, NONE, leads(&["bob"]));
    let bob = Admission { retry: Some(called("1", "bob")), ..bob };
    assert_eq!(books.admit(bob).await, Err(Refused::OtherRequest), "nor is a batch a call");
    assert_eq!(books.dump().await, before);
}

pub(super) async fn after_its_time_a_call_is_a_new_one(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for retry in [called("1", "search"), asking("search")] {
        let job = open(books, &sales, retry).await;
        close(books, job, Closing::Charged(email("2"))).await;
        books.pass(retry.window.saturating_sub(MINUTE));
        assert_eq!(again(books, &sales, retry).await.batch, job.batch);
        books.pass(MINUTE);
        assert_ne!(open(books, &sales, retry).await, job);
    }
}

pub(super) async fn of_twenty_at_once_one_is_made(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let order = told(books, &sales, asking("search"));
        let ledger = Arc::clone(books.store.ledger());
        asked.spawn(async move { ledger.open_call(order).await });
    }
    let mut made = 0;
    while let Some(answer) = asked.join_next().await {
        made += u32::from(matches!(answer.unwrap().unwrap(), Ok(CallOpened::Opened(_))));
    }
    assert_eq!(made, 1);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=2 unresolved=0");
}
