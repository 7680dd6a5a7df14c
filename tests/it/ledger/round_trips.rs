//! How often a step waits for a Redis: a few times, however many leads it is about. A step that
//! asked for each of ten thousand rows by itself would outlast the leave that it sends by.

use std::time::Duration;

use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::job::{Cause, Reason};
use tollgate::ledger::step::{Begun, LeadAsk, Room};
use tollgate::ledger::transition::read::Status;

use super::books::{Books, QUIET, TURN, first};
use super::gathering::{gather, gathered};
use super::named::{NONE, asking, found, lead};
use super::store::Redis;
use super::turns::many_jobs;

/// How many leads a step is about.
const LEADS: usize = 600;

/// How many passengers a coach has.
const PASSENGERS: usize = 120;

/// How often a server is read from at most: what is asked for together comes in a few pieces.
const READS_MAX: u64 = 100;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("lead {n}")).collect()
}

fn leads() -> Vec<LeadAsk> {
    names(LEADS).iter().map(|name| lead(name)).collect()
}

/// How often the server was read from while a step was taken.
async fn reads<T>(books: &Books<Redis>, step: impl Future<Output = T>) -> (T, u64) {
    let server = books.store.servers();
    let before: u64 = server.info("total_reads_processed").await;
    let outcome = step.await;
    let after: u64 = server.info("total_reads_processed").await;
    (outcome, after - before)
}

/// The step is taken with a few reads.
async fn few<T>(books: &Books<Redis>, what: &str, step: impl Future<Output = T>) -> T {
    let (outcome, reads) = reads(books, step).await;
    assert!(reads < READS_MAX, "{what} took {reads} reads");
    outcome
}

#[tokio::test]
async fn the_count_tells_rows_that_are_asked_for_one_by_one() {
    let books = Books::<Redis>::open().await;
    let sales = books.team("sales", &[]).await;
    let one_by_one = async {
        for _ in 0..READS_MAX {
            books.ledger().team(sales.clone()).await.unwrap();
        }
    };
    assert!(reads(&books, one_by_one).await.1 >= READS_MAX);
}

#[tokio::test]
async fn people_known_by_now_are_sent_again_with_few_round_trips() {
    let books = Books::<Redis>::open().await;
    let sales = books.team("sales", &[]).await;
    let known = books.admission(&sales, NONE, leads());
    let job = first(known.batch);
    few(&books, "an admission", books.admit(known)).await.unwrap();
    books.send(job).await;
    let evidence: Vec<_> = names(LEADS).iter().map(|name| found(name, NONE)).collect();
    few(&books, "a settlement", books.settle(job, &evidence)).await;

    let mut anew = books.admission(&sales, NONE, leads());
    anew.max_age = Some(Duration::ZERO);
    let job = first(anew.batch);
    few(&books, "an upgrade", books.admit(anew)).await.unwrap();
    let begun = few(&books, "an attempt", books.begin_send(job)).await;
    assert_eq!(begun, Begun::Attempt(1));
    assert_eq!(books.email(&sales).await, "spent=300 reserved=0 unresolved=0");
    books.balance().await;
}

/// How often a lease, and the question when one is due, read from the server.
async fn reads_of_a_look(books: &Books<Redis>) -> (u64, u64) {
    let room = || Room::each(9);
    let (due, asked) = reads(books, books.ledger().next_due(room())).await;
    assert!(due.unwrap().0.is_some());
    let (turns, leased) = reads(books, books.ledger().lease(room(), TURN)).await;
    assert_eq!(turns.unwrap().len(), 9);
    (asked, leased)
}

#[tokio::test]
async fn taking_turns_takes_as_many_round_trips_however_much_is_due_and_of_however_many_teams() {
    let books = Books::<Redis>::open().await;
    many_jobs(&books, "sales", 20).await;
    // The scripts are known to the server from the first time on.
    reads_of_a_look(&books).await;
    let little = reads_of_a_look(&books).await;
    many_jobs(&books, "growth", 6_000).await;
    for n in 0..600 {
        many_jobs(&books, &format!("team-{n}"), 1).await;
    }
    let much = reads_of_a_look(&books).await;
    // One more for so many teams.
    assert!(much.0 <= little.0 + 1 && much.1 <= little.1 + 1, "{much:?} instead of {little:?}");
    books.balance().await;
}

#[tokio::test]
async fn a_retry_of_what_nobody_answered_takes_few_round_trips() {
    let books = Books::<Redis>::open().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let mut admission = books.admission(&sales, NONE, leads());
    admission.retry = Some(asking("all of them"));
    let (batch, retry) = (admission.batch, admission.clone());
    books.admit(admission).await.unwrap();
    let joined = books.admission(&growth, NONE, leads());
    let (stranded, dead) = (joined.batch, first(batch));
    few(&books, "joining", books.admit(joined)).await.unwrap();
    books.void(dead, Cause::Refused).await;
    let ended = few(&books, "a read", books.ledger().read(sales, batch, 0, 0)).await;
    assert_eq!(ended.unwrap().unwrap().status, Status::Error);
    let again = tollgate::ledger::step::Admission { batch: BatchId::new(999).unwrap(), ..retry };
    assert_eq!(few(&books, "a retry", books.admit(again)).await.unwrap().batch.jobs_made, 1);
    assert_eq!(few(&books, "a redrive", books.redrive(stranded, dead)).await.refused, 0);
    books.balance().await;
}

#[tokio::test]
async fn a_full_coach_ends_with_few_round_trips() {
    let books = Books::<Redis>::open().await;
    let sales = books.team("sales", &[]).await;
    let names = names(2 * PASSENGERS);
    let asks: Vec<_> = names.iter().map(|name| (&sales, name.as_str())).collect();
    let (front, back) = asks.split_at(PASSENGERS);
    let (coach, batches) = gathered(&books, front).await;
    few(&books, "an attempt", books.begin_send(coach)).await;
    for batch in &batches[1..] {
        books.ledger().cancel(*batch).await.unwrap();
    }
    few(&books, "the last cancellation", books.ledger().cancel(batches[0])).await.unwrap();
    few(&books, "doubt", books.unanswered(coach)).await;
    few(&books, "giving up", books.give_up(coach, Reason::NoAnswer)).await;

    let (coach, _) = gathered(&books, back).await;
    few(&books, "another attempt", books.begin_send(coach)).await;
    few(&books, "a refusal", books.void(coach, Cause::VendorCredits)).await;
    books.pass(QUIET);
    assert_eq!(gather(&books).await, None);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=180");
    books.balance().await;
}
