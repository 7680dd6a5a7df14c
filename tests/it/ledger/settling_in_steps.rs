//! Large jobs are settled some leads in each step.

use tollgate::domain::credits::Unit;
use tollgate::ledger::ids::{BatchId, JobId, Lease};
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::record::job::{Reason, State};
use tollgate::ledger::step::{Admission, Charged, Evidence, LeadAsk, Resolution};
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, MINUTE, TURN, first};
use super::named::{EMAIL, found, lead, person};
use super::store::Store;

const LEADS: usize = 250;

fn names(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("p{n}")).collect()
}

fn evidence(range: std::ops::Range<usize>) -> Vec<Evidence> {
    names(range).iter().map(|name| found(name, EMAIL)).collect()
}

fn large(books: &Books<impl Store>, team: &tollgate::domain::team::TeamId) -> Admission {
    let leads: Vec<LeadAsk> = names(0..LEADS).iter().map(|name| lead(name)).collect();
    books.admission(team, EMAIL, leads)
}

/// A large job that the vendor took, and the turn with it.
async fn sent(books: &Books<impl Store>) -> (tollgate::domain::team::TeamId, JobId, Lease) {
    let sales = books.team("sales", &[]).await;
    let admission = large(books, &sales);
    let job = first(admission.batch);
    books.admit(admission).await.unwrap();
    books.send(job).await;
    books.pass(MINUTE);
    let turn = books.turn(job).await.lease;
    (sales, job, turn)
}

async fn join(books: &Books<impl Store>, team: &str, name: &str) -> (BatchId, Dispositions) {
    let team = books.team(team, &[]).await;
    let admitted = books.admit(books.admission(&team, EMAIL, vec![lead(name)])).await.unwrap();
    (admitted.id, admitted.batch.dispositions)
}

pub(super) async fn credits_move_with_the_last_step(books: &Books<impl Store>) {
    let (sales, job, turn) = sent(books).await;
    let before = books.journal().await.len();
    let settled = books.settle_step(turn, job, 0, &evidence(0..100)).await.unwrap();
    assert_eq!((settled.is_first, settled.next, settled.parts.len()), (true, Some(100), 0));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=375 unresolved=0");
    assert_eq!(books.journal().await.len(), before);
    assert_eq!(books.read(&sales, job.batch).await.status, Status::Processing);
    assert_eq!(books.ledger().settled_to(job).await, Ok(100));
    books.balance().await;

    books.settle_step(turn, job, 100, &evidence(100..200)).await.unwrap();
    let last = books.settle_step(turn, job, 200, &evidence(200..250)).await.unwrap();
    assert_eq!((last.next, last.parts.len()), (None, 1));
    assert_eq!(last.parts[0].charged.amounts().to_string(), "email=375, phone=0");
    assert_eq!(books.email(&sales).await, "spent=375 reserved=0 unresolved=0");
    assert_eq!(books.journal().await.len(), before + 1);
    let done = books.job(job).await;
    assert_eq!((done.state, done.due), (State::Done, None));
    let reading = books.read(&sales, job.batch).await;
    assert_eq!((reading.status, reading.leads.len()), (Status::Completed, LEADS));
    assert!(reading.leads.iter().all(|lead| lead.result().is_some()));
    books.balance().await;
}

pub(super) async fn a_step_asked_again_changes_nothing(books: &Books<impl Store>) {
    let (_, job, turn) = sent(books).await;
    books.settle_step(turn, job, 0, &evidence(0..100)).await.unwrap();
    let before = books.dump().await;
    let again = books.settle_step(turn, job, 0, &evidence(0..100)).await.unwrap();
    assert_eq!((again.is_first, again.next, again.turn), (false, Some(100), turn));
    let ahead = books.settle_step(turn, job, 200, &evidence(200..250)).await.unwrap();
    assert_eq!((ahead.is_first, ahead.next), (false, Some(100)));
    for wrong in [0..99, 0..101, 0..0] {
        let refused = books.settle_step(turn, job, 100, &evidence(wrong)).await;
        assert!(matches!(refused, Err(LedgerError::Invariant(_))), "{refused:?}");
    }
    assert_eq!(books.dump().await, before);
}

pub(super) async fn each_result_is_read_from_the_turn_that_settled_it(books: &Books<impl Store>) {
    let (sales, job, one) = sent(books).await;
    books.settle_step(one, job, 0, &evidence(0..100)).await.unwrap();
    books.pass(TURN);
    let other = books.turn(job).await.lease;
    books.settle_step(other, job, 100, &evidence(100..200)).await.unwrap();
    books.settle_step(one, job, 200, &evidence(200..250)).await.unwrap();
    let reading = books.read(&sales, job.batch).await;
    let turns: Vec<_> = reading.leads.iter().map(|lead| lead.result().unwrap().turn).collect();
    assert_eq!((turns[0], turns[150], turns[249]), (one, other, one));
    let erased = books.ledger().erase(vec![], Some(person("p150"))).await.unwrap();
    assert_eq!(erased.results.iter().map(|kept| kept.turn).collect::<Vec<_>>(), [other]);
}

pub(super) async fn a_lead_may_be_joined_until_its_step(books: &Books<impl Store>) {
    let (_, job, turn) = sent(books).await;
    books.settle_step(turn, job, 0, &evidence(0..100)).await.unwrap();
    let (settled, cached) = join(books, "growth", "p5").await;
    let (waiting, joined) = join(books, "growth", "p205").await;
    assert_eq!((cached.cached, joined.joined), (1, 1));
    books.settle_step(turn, job, 100, &evidence(100..200)).await.unwrap();
    let (late, joined) = join(books, "labs", "p206").await;
    assert_eq!(joined.joined, 1);
    let last = books.settle_step(turn, job, 200, &evidence(200..250)).await.unwrap();
    assert_eq!(last.avoided.len(), 2);
    for (team, batch) in [("growth", settled), ("growth", waiting), ("labs", late)] {
        let reading = books.read(&team.parse().unwrap(), batch).await;
        assert_eq!(reading.status, Status::Completed);
        assert!(matches!(reading.leads[0], LeadReading::Found(_)));
        assert_eq!(reading.batch.avoided.to_string(), "email=1.5, phone=0");
    }
    books.balance().await;
}

pub(super) async fn an_operators_word_between_two_steps_counts(books: &Books<impl Store>) {
    let (sales, job, turn) = sent(books).await;
    books.settle_step(turn, job, 0, &evidence(0..100)).await.unwrap();
    books.give_up(job, Reason::Deadline).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=375");
    let word = Resolution { batch: job.batch, charged: Charged::Nothing, note: None };
    books.ledger().resolve(word).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=150 reserved=0 unresolved=0", "settled already");
    books.settle_step(turn, job, 100, &evidence(100..200)).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=300 reserved=0 unresolved=0");
    books.balance().await;
    books.settle_step(turn, job, 200, &evidence(200..250)).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=375 reserved=0 unresolved=0");
    books.balance().await;
}

pub(super) async fn a_crowd_of_joiners_is_credited_in_steps(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.send(job).await;
    for _ in 0..130 {
        let (_, dispositions) = join(books, "growth", "ada").await;
        assert_eq!(dispositions.joined, 1);
    }
    let settled = books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(settled.avoided.len(), 100);
    let done = books.job(job).await;
    assert_eq!((done.state, done.due), (State::Done, Some(books.now())));
    let turn = books.turn(job).await;
    assert!(turn.stranded.is_empty());
    books.ledger().reschedule(job, turn.lease, None).await.unwrap();
    assert!(books.job(job).await.due.is_some(), "joiners are left");
    let credited = books.ledger().credit_joiners(job).await.unwrap();
    assert_eq!((credited.avoided.len(), credited.is_all), (30, true));
    assert_eq!(books.job(job).await.due, None);
    assert!(books.ledger().credit_joiners(job).await.unwrap().avoided.is_empty());
    let growth = books.ledger().usage("growth".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(growth.in_unit(Unit::Email).avoided.to_string(), "195");
    books.balance().await;
}

pub(super) async fn an_operators_word_stands_until_the_last_step(books: &Books<impl Store>) {
    let (sales, job, turn) = sent(books).await;
    books.give_up(job, Reason::Deadline).await;
    let word = Resolution { batch: job.batch, charged: Charged::All, note: None };
    books.ledger().resolve(word).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=375 reserved=0 unresolved=0");
    let nobody = vec![Evidence::NotFound; 100];
    books.settle_step(turn, job, 0, &nobody).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=225 reserved=0 unresolved=0");
    books.settle_step(turn, job, 100, &evidence(100..200)).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=225 reserved=0 unresolved=0");
    let unmatched = vec![Evidence::Unmatched; 50];
    books.settle_step(turn, job, 200, &unmatched).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=225 reserved=0 unresolved=0", "the word stands");
    books.balance().await;
}
