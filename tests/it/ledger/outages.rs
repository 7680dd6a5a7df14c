//! A vendor that does not answer: every replica knows, one attempt an interval goes and sees, and none
//! that is the last of its job.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::outage::{Claim, Heard, OPENS_AFTER};
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::State;
use tollgate::ledger::step::{Begun, Refused};
use tollgate::ledger::transition::call::Closing;

use super::books::{Books, PROBING, QUIET, attempt, first};
use super::calling::{close, email, opening, try_open};
use super::named::EMAIL;
use super::store::Store;

/// A submission that the vendor does not answer.
const SILENCE: Heard = Heard::Nothing { submissions: 1, said: None, probing: PROBING };

async fn jobs<S: Store>(books: &Books<S>, names: &[&str]) -> Vec<JobId> {
    let sales = books.team("sales", &[]).await;
    let mut jobs = Vec::new();
    for name in names {
        jobs.push(first(books.ask(&sales, EMAIL, &[name]).await));
    }
    jobs
}

async fn falls_silent<S: Store>(books: &Books<S>) {
    for _ in 0..OPENS_AFTER {
        books.ledger().hear(SILENCE).await.unwrap();
    }
}

pub(super) async fn in_an_outage_one_attempt_an_interval_goes_and_sees(books: &Books<impl Store>) {
    let jobs = jobs(books, &["ada", "grace"]).await;
    falls_silent(books).await;
    let probe_at = books.now().after(QUIET);
    let before = books.dump().await;
    assert_eq!(books.begin_send(jobs[0]).await, Begun::NotBefore(probe_at));
    assert_eq!(books.dump().await, before, "it is no attempt");
    books.pass(QUIET);
    let (one, other) = (books.begin_send(jobs[0]).await, books.begin_send(jobs[1]).await);
    assert_eq!(one, Begun::Probe(1));
    assert_eq!(other, Begun::NotBefore(books.now().after(QUIET)));
    assert_eq!(books.job(jobs[1]).await.state, State::Ready);
}

pub(super) async fn an_answer_ends_an_outage_and_leaves_nothing_of_it(books: &Books<impl Store>) {
    let jobs = jobs(books, &["ada"]).await;
    let before = books.dump().await;
    falls_silent(books).await;
    assert!(books.ledger().circuit().await.unwrap().outage.probe_at.is_some());
    books.ledger().hear(Heard::Answer(books.now())).await.unwrap();
    assert_eq!(books.dump().await, before);
    assert_eq!(books.begin_send(jobs[0]).await, Begun::Attempt(1));
}

pub(super) async fn what_was_never_sent_goes_and_sees_before_what_is_in_doubt(
    books: &Books<impl Store>,
) {
    let jobs = jobs(books, &["ada", "grace"]).await;
    books.begin_send(jobs[0]).await;
    books.unanswered(jobs[0]).await;
    falls_silent(books).await;
    books.pass(QUIET);
    assert!(matches!(books.begin_send(jobs[0]).await, Begun::NotBefore(_)));
    assert_eq!(books.begin_send(jobs[1]).await, Begun::Probe(1));
}

pub(super) async fn a_last_attempt_follows_an_answer_to_something_free(books: &Books<impl Store>) {
    let jobs = jobs(books, &["ada"]).await;
    let ledger = books.ledger();
    for _ in 0..2 {
        books.begin_send(jobs[0]).await;
        books.unanswered(jobs[0]).await;
        books.pass(QUIET);
    }
    assert_eq!(ledger.claim_question(PROBING).await, Ok(Claim::Needless));
    ledger.hear(SILENCE).await.unwrap();
    assert_eq!(books.begin_send(jobs[0]).await, Begun::AskFirst);
    assert_eq!(books.job(jobs[0]).await.state, State::Unknown);
    assert_eq!(ledger.claim_question(PROBING).await, Ok(Claim::Given));
    assert!(matches!(ledger.claim_question(PROBING).await, Ok(Claim::NotBefore(_))));
    ledger.hear(Heard::AnswerToQuestion).await.unwrap();
    assert_eq!(books.begin_send(jobs[0]).await, Begun::Probe(3));
}

pub(super) async fn attempts_that_are_used_up_end_a_job_in_an_outage_too(
    books: &Books<impl Store>,
) {
    let jobs = jobs(books, &["ada"]).await;
    for _ in 0..3 {
        books.begin_send(jobs[0]).await;
        books.unanswered(jobs[0]).await;
        books.pass(QUIET);
    }
    falls_silent(books).await;
    assert_eq!(books.begin_send(jobs[0]).await, Begun::Exhausted);
}

pub(super) async fn of_many_at_once_one_attempt_goes_and_sees<S: Store>(books: &Books<S>) {
    let names: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let jobs = jobs(books, &names).await;
    falls_silent(books).await;
    books.pass(QUIET);
    let mut sending = JoinSet::new();
    for job in jobs {
        let lease = books.lease_of(job).await;
        let ledger = Arc::clone(books.store.ledger());
        sending.spawn(async move { ledger.begin_send(attempt(job, lease, 0)).await.unwrap() });
    }
    let begun = sending.join_all().await;
    let probes = begun.iter().filter(|begun| **begun == Begun::Probe(1)).count();
    assert_eq!(probes, 1, "{begun:?}");
}

pub(super) async fn a_call_is_shut_out_before_anything_is_reserved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    falls_silent(books).await;
    let probe_at = books.now().after(QUIET);
    let before = books.dump().await;
    let shut_out = try_open(books, &opening(books, &sales, "1")).await;
    assert_eq!(shut_out, Err(Refused::NoAnswers(probe_at)));
    assert_eq!(books.dump().await, before);
    books.pass(QUIET);
    assert_eq!(books.ledger().claim_question(PROBING).await, Ok(Claim::Given));
    books.ledger().hear(Heard::AnswerToQuestion).await.unwrap();
    let opened = try_open(books, &opening(books, &sales, "1")).await.expect("one may go and see");
    let next = try_open(books, &opening(books, &sales, "1")).await;
    assert!(matches!(next, Err(Refused::NoAnswers(_))), "{next:?}");
    close(books, opened.job, Closing::Charged(email("1"))).await;
    assert_eq!(books.email(&sales).await, "spent=1 reserved=0 unresolved=0");
}
