//! Retries: a request asked again is answered with the batch that it became, and costs nothing.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::Amounts;
use tollgate::domain::estimate::HitRates;
use tollgate::domain::limits::Limits;
use tollgate::domain::period::Period;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::record::replay::Retry;
use tollgate::ledger::record::team::{NewTeam, Standing};
use tollgate::ledger::step::{Admission, Admitted, Lost, Novelty, Question, Refused};
use tollgate::ledger::transition::read::Status;

use super::books::{Books, DAY, MINUTE, first, quota, terms};
use super::named::{EMAIL, asking, called, found, leads};
use super::store::Store;
use super::sweeping::sweep;

/// A request for Ada's email, told by `retry`.
fn ada(books: &Books<impl Store>, team: &TeamId, retry: Retry) -> Admission {
    let admission = books.admission(team, EMAIL, leads(&["ada"]));
    Admission { retry: Some(retry), ..admission }
}

async fn ask(books: &Books<impl Store>, team: &TeamId, retry: Retry) -> Admitted {
    books.admit(ada(books, team, retry)).await.expect("it fits, or is a retry")
}

pub(super) async fn a_request_asked_again_is_answered_with_its_batch(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "4")]).await;
    for retry in [asking("ada"), called("1", "ada")] {
        let once = ask(books, &sales, retry).await;
        assert_eq!(once.novelty, Novelty::New);
        let before = books.dump().await;
        let again = ask(books, &sales, retry).await;
        assert_eq!((again.novelty, again.id), (Novelty::Replayed, once.id));
        assert_eq!((again.batch, again.remaining), (once.batch, once.remaining));
        assert_eq!(books.dump().await, before);
    }
    let other = ask(books, &sales, called("2", "ada")).await;
    assert_eq!(other.novelty, Novelty::New, "another key is another request");
}

pub(super) async fn another_request_under_a_callers_key_is_refused(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = ask(books, &sales, called("1", "ada")).await.id;
    let before = books.dump().await;
    let other = ada(books, &sales, called("1", "bob"));
    assert_eq!(books.admit(other).await, Err(Refused::OtherRequest));
    assert_eq!(books.dump().await, before);
    books.ledger().cancel(batch, None).await.unwrap();
    let other = ada(books, &sales, called("1", "bob"));
    assert_eq!(books.admit(other).await, Err(Refused::OtherRequest), "also where it was cancelled");
}

pub(super) async fn after_its_time_it_is_a_new_request(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for retry in [asking("ada"), called("1", "ada")] {
        let once = ask(books, &sales, retry).await;
        books.pass(retry.window.saturating_sub(MINUTE));
        let again = ask(books, &sales, retry).await;
        assert_eq!(again.id, once.id, "a retry does not make it last longer");
        books.pass(MINUTE);
        assert_eq!(ask(books, &sales, retry).await.novelty, Novelty::New);
    }
}

pub(super) async fn what_came_to_nothing_is_asked_anew_unless_its_caller_named_it(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    for (retry, novelty) in [(asking("ada"), Novelty::New), (called("1", "ada"), Novelty::Replayed)]
    {
        let canceled = ask(books, &sales, retry).await.id;
        books.ledger().cancel(canceled, None).await.unwrap();
        let again = ask(books, &sales, retry).await;
        assert_eq!(again.novelty, novelty);
        books.ledger().cancel(again.id, None).await.unwrap();
    }
    for (retry, novelty) in [(asking("bob"), Novelty::New), (called("2", "bob"), Novelty::Replayed)]
    {
        let failed = ask(books, &sales, retry).await.id;
        books.void(first(failed), Cause::Refused).await;
        assert_eq!(books.read(&sales, failed).await.status, Status::Error);
        let again = ask(books, &sales, retry).await;
        assert_eq!(again.novelty, novelty);
        books.ledger().cancel(again.id, None).await.unwrap();
    }
}

pub(super) async fn a_retry_passes_where_a_new_request_would_not(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "1.5")]).await;
    let once = ask(books, &sales, asking("ada")).await;
    let bob = books.admission(&sales, EMAIL, leads(&["bob"]));
    let bob = Admission { retry: Some(asking("bob")), ..bob };
    assert!(matches!(books.admit(bob.clone()).await, Err(Refused::Quota(_))));
    assert_eq!(ask(books, &sales, asking("ada")).await.id, once.id);

    let paused = NewTeam { standing: Standing::Paused, ..NewTeam::open("Sales") };
    let pause = books.ledger().put_team(sales.clone(), paused);
    pause.await.unwrap();
    let again = ada(books, &sales, asking("ada"));
    assert_eq!(books.admit(again).await, Err(Refused::Paused), "nor may who is paused");
}

pub(super) async fn a_refusal_is_not_remembered(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "1")]).await;
    let before = books.dump().await;
    for retry in [asking("ada"), called("1", "ada")] {
        let refused = books.admit(ada(books, &sales, retry)).await;
        assert!(matches!(refused, Err(Refused::Quota(_))));
    }
    assert_eq!(books.dump().await, before);
    books.team("sales", &[quota(Period::Day, "9")]).await;
    assert_eq!(ask(books, &sales, called("1", "ada")).await.novelty, Novelty::New);
    assert_eq!(ask(books, &sales, asking("ada")).await.novelty, Novelty::New);
}

pub(super) async fn a_batch_that_cannot_be_read_answers_nobody(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let soon_over = Retry { batch_ttl: MINUTE, ..called("1", "ada") };
    let batch = ask(books, &sales, soon_over).await.id;
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(ask(books, &sales, soon_over).await.id, batch);
    books.pass(MINUTE);
    let anew = ask(books, &sales, soon_over).await;
    assert_eq!(anew.novelty, Novelty::New, "the first is over, whether it was swept or not");
    assert_eq!(ask(books, &sales, called("1", "ada")).await.id, anew.id);

    books.ledger().close_team(sales.clone()).await.unwrap();
    books.pass(MINUTE);
    let sales = books.team("sales", &[]).await;
    let again = ask(books, &sales, called("1", "bob")).await;
    assert_eq!(again.novelty, Novelty::New, "a team of the same name is another");
}

pub(super) async fn what_a_retry_spares_is_the_list_price_of_its_answer(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada", "bob", "ada"]));
    let admission = Admission { retry: Some(asking("all")), ..admission };
    let batch = books.admit(admission.clone()).await.unwrap().id;
    let again = || async {
        let spare = books.admission(&sales, EMAIL, admission.leads.clone());
        let again = books.admit(Admission { retry: Some(asking("all")), ..spare }).await.unwrap();
        assert_eq!(again.novelty, Novelty::Replayed);
        again.avoided.iter().map(|avoided| avoided.amounts).sum::<Amounts>().to_string()
    };
    assert_eq!(again().await, "email=0, phone=0", "it has not ended");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    let before = books.dump().await;
    assert_eq!(again().await, "email=4.5, phone=0", "3 were paid, and 1.5 avoided");
    assert_eq!(books.dump().await, before, "the books are not moved by it");
}

pub(super) async fn of_twenty_at_once_one_is_admitted(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let admission = ada(books, &sales, called("1", "ada"));
        let ledger = Arc::clone(books.store.ledger());
        asked.spawn(async move { ledger.admit(admission).await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = asked.join_next().await {
        answers.push(answer.unwrap().unwrap().unwrap());
    }
    let new: Vec<_> = answers.iter().filter(|answer| answer.novelty == Novelty::New).collect();
    let [new] = new[..] else { panic!("{} were admitted", new.len()) };
    assert!(answers.iter().all(|answer| answer.id == new.id));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn an_appraisal_knows_a_retry(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let question = |retry| Question {
        team: sales.clone(),
        reveals: EMAIL,
        leads: leads(&["ada"]),
        max_age: None,
        limits: Limits::default(),
        retry: Some(retry),
        terms: terms(),
        lost: Lost::NOTHING,
        rates: HitRates::PRIOR,
    };
    let appraise = async |retry| {
        let appraisal = books.ledger().appraise(question(retry)).await.unwrap().unwrap();
        (appraisal.replays, appraisal.refused)
    };
    assert_eq!(appraise(called("1", "ada")).await, (None, None));
    let batch = ask(books, &sales, called("1", "ada")).await.id;
    assert_eq!(appraise(called("1", "ada")).await, (Some(batch), None));
    assert_eq!(appraise(called("1", "bob")).await, (None, Some(Refused::OtherRequest)));
}

pub(super) async fn what_is_over_is_swept(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for name in ["1", "2", "3"] {
        ask(books, &sales, called(name, "ada")).await;
    }
    ask(books, &sales, asking("ada")).await;
    let kept = async || {
        let dump = books.dump().await;
        dump.iter().filter(|row| row.starts_with("replays ")).count()
    };
    assert_eq!(kept().await, 4);
    books.pass(MINUTE * 5);
    sweep(books).await;
    assert_eq!(kept().await, 3);
    books.pass(DAY);
    sweep(books).await;
    assert_eq!(kept().await, 0);
}
