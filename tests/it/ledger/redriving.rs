//! Redrive: what had joined a job that died goes its own way, under its own team's quota.

use tollgate::domain::limits::UpTo;
use tollgate::domain::period::Period;
use tollgate::domain::team::TeamId;
use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::job::{Cause, Reason, State};
use tollgate::ledger::step::{Lost, Redrive, Redriven};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, DAY, first, quota, terms};
use super::named::{ALL, EMAIL, NONE, found, lead, leads};
use super::store::Store;

/// A job of sales that growth's batch had joined, twice for one lead, and that died.
async fn stranded<S: Store>(books: &Books<S>, limit: &str) -> (TeamId, BatchId, JobId) {
    let sales = books.team("sales", &[]).await;
    let growth = books.team("growth", &[quota(Period::Day, limit)]).await;
    let dead = first(books.ask(&sales, EMAIL, &["ada", "bob"]).await);
    let batch = books.ask(&growth, EMAIL, &["ada", "ada"]).await;
    books.void(dead, Cause::Refused).await;
    (growth, batch, dead)
}

pub(super) async fn a_dead_job_names_whom_it_stranded(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "9").await;
    assert_eq!(books.turn(dead).await.stranded, [batch]);
    let reading = books.read(&growth, batch).await;
    assert_eq!(reading.leads, [LeadReading::Pending; 2]);
    assert!(!reading.status.has_ended());
}

pub(super) async fn what_fits_becomes_a_job_of_its_own(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "1.5").await;
    let redriven = books.redrive(batch, dead).await;
    assert_eq!((redriven.fresh, redriven.refused), (1, 0));
    assert_eq!(books.period(&growth, 0).await, "spent=0 reserved=1.5 unresolved=0");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    let reading = books.read(&growth, batch).await;
    assert_eq!(reading.status, Status::Completed);
    let results: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
    assert!(results.len() == 2 && results.iter().all(|it| it.at.job == first(batch)));
}

pub(super) async fn what_does_not_fit_reads_as_refused_and_ends(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "1").await;
    let redriven = books.redrive(batch, dead).await;
    assert_eq!((redriven.fresh, redriven.refused), (0, 2));
    let reading = books.read(&growth, batch).await;
    assert_eq!(reading.status, Status::Error);
    assert_eq!(reading.leads, [LeadReading::Failed(Failure::InsufficientCredits); 2]);
    assert_eq!(books.period(&growth, 0).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn of_several_as_many_go_on_as_fit(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let growth = books.team("growth", &[quota(Period::Day, "2")]).await;
    let names = ["ada", "bob", "cyd"];
    let dead = first(books.ask(&sales, EMAIL, &names).await);
    let batch = books.ask(&growth, EMAIL, &names).await;
    books.void(dead, Cause::Refused).await;
    let redriven = books.redrive(batch, dead).await;
    assert_eq!((redriven.fresh, redriven.refused), (1, 2));
    assert_eq!(books.period(&growth, 0).await, "spent=0 reserved=1.5 unresolved=0");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    let reading = books.read(&growth, batch).await;
    assert_eq!(reading.status, Status::Completed);
    assert_eq!(reading.leads[1..], [LeadReading::Failed(Failure::InsufficientCredits); 2]);
}

pub(super) async fn no_more_is_paid_than_its_caller_allows_in_all(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    for (name, own_costs, fresh) in [("ada", EMAIL, 0), ("bob", NONE, 1)] {
        let dead = first(books.ask(&sales, EMAIL, &[name]).await);
        let own = format!("{name}'s friend");
        let mut admission = books.admission(&growth, EMAIL, leads(&[&own, name]));
        admission.limits.most = UpTo { email: Some("2".parse().unwrap()), phone: None };
        let batch = admission.batch;
        books.admit(admission).await.unwrap();
        books.send(first(batch)).await;
        books.settle(first(batch), &[found(&own, own_costs)]).await;
        books.void(dead, Cause::Refused).await;
        let redriven = books.redrive(batch, dead).await;
        assert_eq!((redriven.fresh, redriven.refused), (fresh, 1 - fresh), "{name}");
    }
    assert_eq!(books.email(&growth).await, "spent=2 reserved=1.5 unresolved=0");
}

pub(super) async fn asked_again_it_finds_nothing_to_do(books: &Books<impl Store>) {
    let (_, batch, dead) = stranded(books, "9").await;
    books.redrive(batch, dead).await;
    let before = books.dump().await;
    assert_eq!(books.redrive(batch, dead).await, Redriven::default());
    assert_eq!(books.dump().await, before);
    assert_eq!(books.turn(dead).await.stranded, []);
}

pub(super) async fn the_present_period_pays(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "1.5").await;
    books.ask(&growth, EMAIL, &["cyd"]).await;
    books.pass(DAY);
    assert_eq!(books.redrive(batch, dead).await.fresh, 1);
    assert_eq!(books.period(&growth, 0).await, "spent=0 reserved=1.5 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=0 reserved=3 unresolved=0");
}

pub(super) async fn another_job_for_the_person_is_joined(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "0").await;
    let other = first(books.ask(&"sales".parse().unwrap(), ALL, &["ada"]).await);
    let redriven = books.redrive(batch, dead).await;
    assert_eq!((redriven.fresh, redriven.refused), (0, 0));
    books.send(other).await;
    assert_eq!(books.settle(other, &[found("ada", ALL)]).await.avoided.len(), 2);
    assert_eq!(books.read(&growth, batch).await.status, Status::Completed);
}

pub(super) async fn a_chain_of_deaths_still_ends(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "0").await;
    let other = first(books.ask(&"sales".parse().unwrap(), EMAIL, &["ada"]).await);
    books.redrive(batch, dead).await;
    books.lose(other).await;
    assert_eq!(books.turn(other).await.stranded, [batch]);
    assert_eq!(books.redrive(batch, other).await.refused, 2);
    assert_eq!(books.read(&growth, batch).await.status, Status::Error);
}

pub(super) async fn a_person_known_by_now_is_answered(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "0").await;
    books.buy(&"sales".parse().unwrap(), EMAIL, &["ada"], &[found("ada", NONE)]).await;
    let redriven = books.redrive(batch, dead).await;
    assert_eq!((redriven.fresh, redriven.refused), (0, 0));
    let reading = books.read(&growth, batch).await;
    assert_eq!(reading.status, Status::Completed);
    assert!(reading.leads.iter().all(|lead| lead.result().is_some()));
}

pub(super) async fn off_a_living_job_nothing_is_driven(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    let before = books.dump().await;
    let redrive = Redrive { batch, job, terms: terms(), lost: Lost::NOTHING };
    assert_eq!(books.ledger().redrive(redrive).await, Err(LedgerError::Fenced));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn late_evidence_answers_whoever_was_not_yet_driven(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(job).await;
    books.give_up(job, Reason::Deadline).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.redrive(batch, job).await, Redriven::default());
    assert_eq!(books.read(&sales, batch).await.status, Status::Completed);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn a_closed_team_pays_for_nothing_new(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "9").await;
    books.ledger().close_team(growth).await.unwrap();
    assert_eq!(books.redrive(batch, dead).await, Redriven::default());
    assert_eq!(books.facts().await.get("reserved"), Some(&1), "what sales had reserved");
}

pub(super) async fn a_redriven_job_is_joined_like_any_other(books: &Books<impl Store>) {
    let (growth, batch, dead) = stranded(books, "9").await;
    books.redrive(batch, dead).await;
    let follower = books.ask(&growth, EMAIL, &["ada"]).await;
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1.5 unresolved=0");
    books.lose(first(batch)).await;
    assert_eq!(books.redrive(follower, first(batch)).await.fresh, 1);
    assert_eq!(books.job(first(follower)).await.state, State::Ready);
}

pub(super) async fn a_large_batch_is_driven_again_in_steps(books: &Books<impl Store>) {
    const LEADS: u32 = 1_200;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let leads: Vec<_> = (0..LEADS).map(|n| lead(&format!("p{n}"))).collect();
    let job = first(books.admit(books.admission(&sales, EMAIL, leads.clone())).await.unwrap().id);
    let joined = books.admit(books.admission(&growth, EMAIL, leads)).await.unwrap();
    assert_eq!(joined.batch.dispositions.joined, LEADS);
    books.void(job, Cause::Refused).await;

    let mut fresh = Vec::new();
    loop {
        let driven = books.redrive(joined.id, job).await;
        fresh.push(driven.fresh);
        books.balance().await;
        if !driven.is_partial {
            break;
        }
        let status = books.read(&growth, joined.id).await.status;
        assert!(!status.has_ended(), "{status:?}");
    }
    assert_eq!(fresh, [500, 500, 200]);
    assert_eq!(books.redrive(joined.id, job).await, Redriven::default());
    assert_eq!(books.email(&growth).await, "spent=0 reserved=1800 unresolved=0");
    for ordinal in 0..3 {
        let job = JobId { batch: joined.id, ordinal };
        let leads = books.ledger().job(job).await.unwrap().unwrap().1;
        books.send(job).await;
        let names = leads.iter().map(|lead| format!("p{}", lead.position));
        let evidence: Vec<_> = names.map(|name| found(&name, EMAIL)).collect();
        books.settle(job, &evidence).await;
    }
    assert_eq!(books.read(&growth, joined.id).await.status, Status::Completed);
    assert_eq!(books.email(&growth).await, "spent=1800 reserved=0 unresolved=0");
    books.balance().await;
}
