//! Scripts that break off inside: each call that the ledger makes is made again on a copy of the
//! books with the first, the second, … command of its script failing. What is left is what there
//! was before or what was to be, and never half of it.

mod copy;
mod recorder;

use redis::Value;
use tollgate::domain::period::Period;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::LeadAsk;

use super::adopting::{adopt_here, export};
use super::books::{Books, DAY, first, quota};
use super::named::{EMAIL, NONE, found, lead};
use super::store::Redis;
use copy::Copy;
use recorder::{Recorded, Recorder};

/// In milliseconds since the Unix epoch; by then every test is over.
const LATER: &str = "9999999999999";

#[tokio::test]
async fn no_script_that_breaks_off_leaves_half_of_a_step() {
    let books = Books::<Redis>::open().await;
    let recorder = Recorder::listen(books.store.servers()).await;
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let growth = books.team("growth", &[]).await;
    let bought = first(books.ask(&sales, EMAIL, &["ada", "bob"]).await);
    books.send(bought).await;
    books.settle(bought, &[found("ada", EMAIL), found("bob", NONE)]).await;
    let dead = first(books.ask(&sales, EMAIL, &["cyd", "ada"]).await);
    let joined = books.ask(&growth, EMAIL, &["cyd"]).await;
    books.void(dead, Cause::Refused).await;
    books.redrive(joined, dead).await;
    books.ledger().cancel(joined, None).await.unwrap();
    books.pass(41 * DAY);
    assert_eq!(super::trimming::trim(&books, 3).await, 3);

    let calls = recorder.calls(books.store.servers()).await;
    assert!(calls.len() > 12, "{} calls are too few", calls.len());
    no_half_is_left(&calls).await;
}

#[tokio::test]
async fn no_script_that_breaks_off_leaves_half_of_an_adoption() {
    let lost = Books::<Redis>::open().await;
    let sales = lost.team("sales", &[quota(Period::Day, "9")]).await;
    lost.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    lost.ask(&sales, EMAIL, &["bob"]).await;
    let exported = export(&lost, &lost.journal().await, 1).await;

    let books = Books::<Redis>::open().await;
    let recorder = Recorder::listen(books.store.servers()).await;
    adopt_here(&books, &exported).await;
    let calls = recorder.calls(books.store.servers()).await;
    assert!(calls.len() >= 3, "{} calls are too few", calls.len());
    no_half_is_left(&calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_script_that_breaks_off_leaves_half_of_a_large_step() {
    let books = Books::<Redis>::open().await;
    let recorder = Recorder::listen(books.store.servers()).await;
    let sales = books.team("sales", &[]).await;
    let names = (0..2_500).map(|n| format!("{n}"));
    let leads: Vec<LeadAsk> = names.map(|name| lead(&name)).collect();
    let admission = books.admission(&sales, EMAIL, leads);
    books.admit(admission).await.unwrap();

    let calls = recorder.calls(books.store.servers()).await.into_iter();
    let calls: Vec<_> = calls.map(|call| call.with_time_until(LATER)).collect();
    let copy = Copy::start().await;
    let (small, large) = calls.split_at(calls.iter().position(Recorded::is_stage).unwrap());
    for call in small {
        copy.make(call).await.unwrap();
    }
    let commit = large.iter().position(|call| !call.is_stage()).unwrap();
    let (stages, unmarks) = (&large[..commit], &large[commit + 1..]);
    assert!(stages.len() > 1 && unmarks.len() > 1 && unmarks.iter().all(Recorded::is_unmark));

    // Before the commit all of it can be taken back, wherever it broke off, and nobody sees it.
    let unstaged = copy.all().await;
    let unasked = copy.dump().await;
    let late = stages[0].clone().with_time_until("1");
    assert_eq!(copy.make(&late).await.unwrap(), Value::Int(0), "its time is over");
    assert_eq!(copy.all().await, unstaged);
    for stage in stages {
        copy.remember().await;
        for fault in faults(stage) {
            if copy.make_with_fault(stage, fault).await.is_ok() {
                break;
            }
            assert_eq!(copy.dump().await, unasked, "{fault}");
            for call in stage.given_up().iter().chain(unmarks) {
                copy.make(call).await.unwrap();
            }
            assert_eq!(copy.all().await, unstaged, "{fault}");
            copy.recall().await;
        }
        copy.recall().await;
        copy.make(stage).await.unwrap();
    }
    copy.never_half(&large[commit]).await;
    // After it all of it is there, and whoever takes the marks off may begin again.
    let asked = copy.dump().await;
    assert_ne!(asked, unasked);
    for unmark in unmarks {
        copy.remember().await;
        for fault in faults(unmark) {
            if copy.make_with_fault(unmark, fault).await.is_ok() {
                break;
            }
            assert_eq!(copy.dump().await, asked, "{fault}");
            copy.make(unmark).await.unwrap();
            let repeated = copy.all().await;
            copy.recall().await;
            copy.make(unmark).await.unwrap();
            assert_eq!(copy.all().await, repeated, "{fault}");
            copy.recall().await;
        }
        copy.recall().await;
        copy.make(unmark).await.unwrap();
    }
    assert_eq!(copy.dump().await, asked);
    assert_eq!(asked, books.dump().await, "the copy is no copy");
}

async fn no_half_is_left(calls: &[Recorded]) {
    let copy = Copy::start().await;
    let mut broken = 0;
    for call in calls {
        broken += copy.never_half(call).await;
    }
    assert!(broken > 10 * calls.len(), "only {broken} commands failed");
}

/// Which command of a script fails: each in turn, and of large ones some.
fn faults(call: &Recorded) -> impl Iterator<Item = usize> + use<> {
    let is_large = call.is_large();
    let next = move |fault: &usize| Some(if is_large { fault * 2 } else { fault + 1 });
    std::iter::successors(Some(1), next)
}
