//! How often a step waits for a Redis: a few times, whatever its size. At 3 ms a round trip, a step
//! that asked for each of ten thousand rows separately would take half a minute.
//!
//! [`metered`] holds the bound of each step. The contract suite runs under these bounds, too; the
//! cases here are large.

mod at_once;
mod histories;
mod metered;
mod scrapes;
mod scripts;
mod sweeps;

use std::ops::Range;
use std::time::Duration;

use tollgate::domain::estimate::HitRates;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::job::{Cause, Reason};
use tollgate::ledger::step::{
    Admission, Begun, Canceled, Charged, Evidence, LeadAsk, Lost, Question, Resolution, Room,
    Splitting,
};
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::transition::trim::Trim;

use super::books::{Books, DAY, MINUTE, QUIET, TURN, first};
use super::gathering::{gather, gathered};
use super::named::{EMAIL, NONE, asking, found, found_under, key, lead, person, removed};
use super::store::Store;
use super::turns::many_jobs;
use super::validating;
use crate::support::redis::Wire;
pub(super) use metered::Metered;

/// How many leads a large step is about.
const LEADS: usize = 600;

/// How many members a combined job has.
const MEMBERS: usize = 120;

/// How long an answer takes from a Redis in another zone.
const ROUND_TRIP: Duration = Duration::from_millis(3);

/// Empty books in a Redis that is far away.
async fn far_away() -> Books<Metered> {
    let books = Books::<Metered>::open().await;
    move_away(&books).await;
    books
}

/// From now on every answer takes a while.
async fn move_away(books: &Books<Metered>) {
    books.ledger().proxy.set(Wire::Slow(ROUND_TRIP)).await;
}

fn names(range: Range<usize>) -> Vec<String> {
    range.map(|n| format!("lead {n}")).collect()
}

fn leads(range: Range<usize>) -> Vec<LeadAsk> {
    names(range).iter().map(|name| lead(name)).collect()
}

fn evidence(range: Range<usize>) -> Vec<Evidence> {
    names(range).iter().map(|name| evidence_of(name)).collect()
}

fn evidence_of(name: &str) -> Evidence {
    found(name, NONE)
}

/// Asks for so many leads.
async fn ask(books: &Books<Metered>, team: &TeamId, range: Range<usize>) -> BatchId {
    let admission = books.admission(team, NONE, leads(range));
    let batch = admission.batch;
    books.admit(admission).await.unwrap();
    batch
}

#[tokio::test]
#[should_panic(expected = "round trips, and may take 40")]
async fn a_step_with_too_many_round_trips_is_noticed() {
    let books = Books::<Metered>::open().await;
    let forty_one = async {
        for _ in 0..41 {
            books.store.ledger().unmetered().teams().await.unwrap();
        }
    };
    books.ledger().hold("teams", 40, forty_one).await;
}

#[tokio::test]
async fn people_known_by_now_are_sent_again() {
    let books = far_away().await;
    let sales = books.team("sales", &[]).await;
    let batch = ask(&books, &sales, 0..LEADS).await;
    books.send(first(batch)).await;
    books.settle(first(batch), &evidence(0..LEADS)).await;

    let mut again = books.admission(&sales, EMAIL, leads(0..LEADS));
    again.max_age = Some(Duration::ZERO);
    books.ledger().appraise(question(&again)).await.unwrap().unwrap();
    let job = first(again.batch);
    books.admit(again).await.unwrap();
    assert_eq!(books.begin_send(job).await, Begun::Attempt(1));
    assert_eq!(books.email(&sales).await, "spent=300 reserved=600 unresolved=0");
    books.balance().await;
}

/// What an admission would cost.
fn question(admission: &Admission) -> Question {
    Question {
        team: admission.team.clone(),
        reveals: admission.reveals,
        leads: admission.leads.clone(),
        max_age: admission.max_age,
        limits: admission.limits,
        retry: admission.retry,
        terms: admission.terms,
        lost: Lost::NOTHING,
        rates: HitRates::PRIOR,
    }
}

#[tokio::test]
async fn ten_thousand_leads_are_admitted_and_begin_to_settle() {
    let books = far_away().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let batch = ask(&books, &sales, 0..10_000).await;
    let job = first(batch);
    let joined = ask(&books, &growth, 0..10_000).await;
    assert_eq!(books.begin_send(job).await, Begun::Attempt(1));
    books.bind(job, 7).await.unwrap();
    assert_eq!(books.ledger().load(job).await.unwrap().len(), 1);
    let lease = books.lease_of(job).await;
    for at in [0_u32, 100, 200] {
        let from = usize::try_from(at).unwrap();
        let settled = books.settle_step(lease, job, at, &evidence(from..from + 100)).await;
        assert_eq!(settled.unwrap().next, Some(at + 100));
    }
    for (team, batch) in [(&sales, batch), (&growth, joined)] {
        let read = books.ledger().read(team.clone(), batch, 0, 100).await.unwrap().unwrap();
        assert_eq!(read.status, Status::Processing);
        assert_eq!(read.leads.len(), 100);
    }
}

#[tokio::test]
async fn what_joined_a_large_job_is_driven_again() {
    let books = far_away().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let mut admission = books.admission(&sales, NONE, leads(0..LEADS));
    admission.retry = Some(asking("all of them"));
    let retry = admission.clone();
    let (batch, dead) = (admission.batch, first(admission.batch));
    books.admit(admission).await.unwrap();
    let stranded = ask(&books, &growth, 0..LEADS).await;
    books.void(dead, Cause::Refused).await;
    let ended = books.ledger().read(sales, batch, 0, 0).await;
    assert_eq!(ended.unwrap().unwrap().status, Status::Error);
    let again = Admission { batch: BatchId::new(999).unwrap(), ..retry };
    assert_eq!(books.admit(again).await.unwrap().batch.jobs_made, 1);
    while books.redrive(stranded, dead).await.is_partial {}
    books.balance().await;
}

#[tokio::test]
async fn a_large_job_is_given_up_and_resolved() {
    let books = far_away().await;
    let sales = books.team("sales", &[]).await;
    let batch = ask(&books, &sales, 0..LEADS).await;
    let job = first(batch);
    books.begin_send(job).await;
    books.unanswered(job).await;
    books.give_up(job, Reason::NoAnswer).await;
    books.ledger().resolve(Resolution { batch, charged: Charged::All, note: None }).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=300 reserved=0 unresolved=0");

    let canceled = ask(&books, &sales, LEADS..2 * LEADS).await;
    assert_eq!(books.ledger().cancel(canceled, None).await, Ok(Canceled::Now));
    books.balance().await;
}

#[tokio::test]
async fn a_batch_of_many_jobs_is_read_resolved_and_cancelled() {
    let books = Books::<Metered>::open().await;
    let sales: TeamId = "sales".parse().unwrap();
    let batch = many_jobs(&books, "sales", 300).await;
    for ordinal in 0..60 {
        books.lose(JobId { batch, ordinal }).await;
    }
    move_away(&books).await;
    let reading = books.ledger().read(sales.clone(), batch, 0, 100).await.unwrap().unwrap();
    assert_eq!(reading.leads.len(), 100);
    assert_eq!(books.ledger().cancel(batch, None).await, Ok(Canceled::Now));
    books
        .ledger()
        .resolve(Resolution { batch, charged: Charged::Nothing, note: None })
        .await
        .unwrap();
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    books.balance().await;
}

#[tokio::test]
async fn turns_are_taken_however_much_is_due_and_of_however_many_teams() {
    let books = Books::<Metered>::open().await;
    many_jobs(&books, "growth", 6_000).await;
    for n in 0..600 {
        many_jobs(&books, &format!("team-{n}"), 1).await;
    }
    move_away(&books).await;
    for _ in 0..3 {
        assert!(books.ledger().next_due(Room::each(9)).await.unwrap().0.is_some());
        let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
        assert_eq!(turns.len(), 9);
    }
    assert_eq!(books.ledger().teams().await.unwrap().len(), 601);
}

#[tokio::test]
async fn many_jobs_of_another_team_are_joined() {
    let books = Books::<Metered>::open().await;
    many_jobs(&books, "sales", LEADS).await;
    let growth = books.team("growth", &[]).await;
    let names: Vec<_> = (0..LEADS).map(|n| lead(&format!("sales-{n}"))).collect();
    move_away(&books).await;
    let admitted = books.admit(books.admission(&growth, NONE, names)).await.unwrap();
    assert_eq!(admitted.batch.dispositions.joined, 600);
    books.balance().await;
}

#[tokio::test]
async fn a_full_combined_job_ends() {
    let books = Books::<Metered>::open().await;
    let sales = books.team("sales", &[]).await;
    let names = names(0..3 * MEMBERS);
    let asks: Vec<_> = names.iter().map(|name| (&sales, name.as_str())).collect();
    let (coach, batches) = gathered(&books, &asks[..MEMBERS]).await;
    move_away(&books).await;
    books.begin_send(coach).await;
    for batch in &batches {
        books.ledger().cancel(*batch, None).await.unwrap();
    }
    books.unanswered(coach).await;
    books.give_up(coach, Reason::NoAnswer).await;

    let (coach, _) = gathered(&books, &asks[MEMBERS..2 * MEMBERS]).await;
    books.begin_send(coach).await;
    let lease = books.lease_of(coach).await;
    let quiet_until = books.now().after(QUIET);
    let splitting = Splitting::Refused { coach, lease, quiet_until };
    books.ledger().split(splitting).await.unwrap();

    let (coach, _) = gathered(&books, &asks[2 * MEMBERS..]).await;
    books.begin_send(coach).await;
    books.void(coach, Cause::VendorCredits).await;
    books.pass(QUIET);
    gather(&books).await;
    books.balance().await;
}

#[tokio::test]
async fn removed_persons_are_settled() {
    let books = far_away().await;
    let sales = books.team("sales", &[]).await;
    let names = names(0..100);
    let known =
        books.ask(&sales, EMAIL, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    books.send(first(known)).await;
    let found: Vec<_> = names.iter().map(|name| found(name, EMAIL)).collect();
    books.settle(first(known), &found).await;

    let mut again = books.admission(&sales, EMAIL, leads(0..100));
    again.max_age = Some(Duration::ZERO);
    let job = first(again.batch);
    books.admit(again).await.unwrap();
    books.send(job).await;
    let keys = names[..50].iter().map(|name| key(name)).collect();
    books.ledger().erase(keys, None).await.unwrap();
    // The caller erased the first half while the job was under way; the vendor removed the rest.
    let removed = names[50..].iter().map(|name| removed(&[name]));
    let evidence: Vec<_> = found.into_iter().take(50).chain(removed).collect();
    let settled = books.settle(job, &evidence).await;
    assert!(settled.removed.len() >= 100, "{}", settled.removed.len());
    books.balance().await;
}

#[tokio::test]
async fn a_combined_job_that_others_joined_is_settled() {
    let books = Books::<Metered>::open().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let names = names(0..100);
    let asks: Vec<_> = names.iter().map(|name| (&sales, name.as_str())).collect();
    let (coach, _) = gathered(&books, &asks).await;
    for name in &names {
        books.ask(&growth, EMAIL, &[name]).await;
    }
    move_away(&books).await;
    books.send(coach).await;
    let found: Vec<_> = names.iter().map(|name| found(name, EMAIL)).collect();
    assert_eq!(books.settle(coach, &found).await.parts.len(), 100);
    books.balance().await;
}

#[tokio::test]
async fn many_joiners_are_credited() {
    let books = Books::<Metered>::open().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    for _ in 0..250 {
        books.ask(&growth, EMAIL, &["ada"]).await;
    }
    move_away(&books).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    let turn = books.turn(job).await;
    while !books.ledger().credit_joiners(job).await.unwrap().is_all {}
    books.ledger().reschedule(job, turn.lease, None).await.unwrap();
    books.balance().await;
}

#[tokio::test]
async fn many_addresses_are_validated() {
    let books = far_away().await;
    let sales = books.team("sales", &[]).await;
    let names = names(0..LEADS);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let opened = validating::open(&books, &sales, &names).await;
    let batch = validating::take(&books, &opened).await;
    let joined = validating::open(&books, &sales, &names).await;
    assert!(joined.call.is_none());
    validating::end(&books, batch, u32::try_from(LEADS).unwrap(), &[]).await;
    let read = books.ledger().read_validation(sales, batch, 0, 100).await.unwrap();
    assert!(read.is_some());
    books.balance().await;
}

#[tokio::test]
async fn a_person_with_many_keys_and_results_is_erased() {
    let books = Books::<Metered>::open().await;
    let sales = books.team("sales", &[]).await;
    let aliases: Vec<_> = (0..60).map(|n| format!("alias {n}")).collect();
    let aliases: Vec<_> = aliases.iter().map(String::as_str).collect();
    for alias in &aliases {
        let mut again = books.admission(&sales, EMAIL, vec![lead(alias)]);
        again.max_age = Some(Duration::ZERO);
        let job = first(again.batch);
        books.admit(again).await.unwrap();
        books.send(job).await;
        books.settle(job, &[found_under("ada", EMAIL, &[alias])]).await;
        books.pass(MINUTE);
    }
    move_away(&books).await;
    let keys = aliases.iter().map(|alias| key(alias)).collect();
    let erased = books.ledger().erase(keys, Some(person("ada"))).await.unwrap();
    assert_eq!(erased.results.len(), aliases.len());
    let batch = books.ask(&sales, EMAIL, &["alias 7"]).await;
    assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Removed]);
    books.balance().await;
}

#[tokio::test]
async fn old_entries_are_trimmed() {
    let books = Books::<Metered>::open().await;
    for n in 0..50 {
        let batch = many_jobs(&books, &format!("team-{n}"), 10).await;
        for ordinal in 0..10 {
            books.void(JobId { batch, ordinal }, Cause::Refused).await;
        }
    }
    move_away(&books).await;
    books.pass(DAY * 500);
    let trim = Trim { keep: DAY, exported: u64::MAX, limit: 500 };
    assert_eq!(books.ledger().trim(trim).await, Ok(500));
    books.balance().await;
}
