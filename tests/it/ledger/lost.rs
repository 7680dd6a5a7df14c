//! Results that the vault has lost, or forgets earlier than settings would have it, answer nobody.

use std::collections::BTreeSet;

use tollgate::domain::estimate::HitRates;
use tollgate::domain::limits::Limits;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, KeptResult, Lease, ResultRef};
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{Appraisal, Evidence, Lost, Question, Redrive, Refused, Terms};
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::transition::sweep::Lifetimes;
use tollgate::ledger::transition::validation::{ValidationOpened, ValidationOrder};

use super::books::{Books, DAY, HORIZON, HOUR, MINUTE, RESULTS_TTL, first, terms};
use super::named::{ALL, EMAIL, found, leads};
use super::store::Store;
use super::sweeping::{LIFETIMES, sweep_by};
use super::validating::{TTL, end, open, order, take, try_open};

/// Where the first result of a batch is.
async fn kept<S: Store>(books: &Books<S>, team: &TeamId, batch: BatchId) -> KeptResult {
    books.read(team, batch).await.leads[0].result().expect("a person was found")
}

fn known(lost: &[KeptResult]) -> Lost {
    Lost::Known(lost.iter().copied().collect::<BTreeSet<_>>())
}

async fn appraise<S: Store>(books: &Books<S>, team: &TeamId, lost: Lost) -> Appraisal {
    let question = Question {
        team: team.clone(),
        reveals: EMAIL,
        leads: leads(&["ada", "bob"]),
        max_age: None,
        limits: Limits::default(),
        retry: None,
        terms: terms(),
        lost,
        rates: HitRates::PRIOR,
    };
    books.ledger().appraise(question).await.unwrap().unwrap()
}

/// How many addresses of an order are sent.
async fn fresh<S: Store>(books: &Books<S>, order: &ValidationOrder) -> usize {
    let Ok(ValidationOpened::Opened(opened)) = try_open(books, order).await else { panic!() };
    opened.fresh.len()
}

/// How a batch for Ada stands at these terms, where no result is lost.
async fn standing<S: Store>(books: &Books<S>, team: &TeamId, terms: Terms) -> Dispositions {
    let mut admission = books.admission(team, EMAIL, leads(&["ada"]));
    admission.terms = terms;
    let id = admission.batch;
    let standing = books.admit(admission).await.unwrap().batch.dispositions;
    if standing.fresh > 0 {
        books.void(first(id), Cause::Refused).await;
    }
    standing
}

pub(super) async fn a_result_is_named_before_it_answers_anybody(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let bought = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let kept = kept(books, &sales, bought).await;
    let mut admission = books.admission(&sales, EMAIL, leads(&["ada", "bob"]));
    admission.lost = Lost::Unknown;
    let before = books.dump().await;
    let refused = books.admit(admission.clone()).await;
    assert_eq!(refused, Err(Refused::Unchecked(vec![kept])));
    assert_eq!(books.dump().await, before, "nothing was changed");

    admission.lost = Lost::NOTHING;
    let admitted = books.admit(admission).await.unwrap();
    let Dispositions { cached, fresh, .. } = admitted.batch.dispositions;
    assert_eq!((cached, fresh), (1, 1));
}

pub(super) async fn whose_result_is_lost_is_asked_for_again_and_known_again(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let bought = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = kept(books, &sales, bought).await;
    let mut admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    admission.lost = known(&[lost]);
    let job = first(admission.batch);
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.dispositions.fresh, 1);
    assert!(admitted.batch.reserved.is_zero(), "it was paid for");
    books.send(job).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");

    let mut admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    admission.lost = Lost::Unknown;
    let Err(Refused::Unchecked(results)) = books.admit(admission).await else { panic!() };
    let [KeptResult { at: ResultRef { job: healed, .. }, .. }] = results.as_slice() else {
        panic!("the row names one result: {results:?}")
    };
    assert_eq!(*healed, job);
}

pub(super) async fn every_result_that_may_answer_is_named(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let wide = books.buy(&sales, ALL, &["ada"], &[found("ada", ALL)]).await;
    let wide = kept(books, &sales, wide).await;
    books.pass(MINUTE);
    let mut anew = books.admission(&sales, EMAIL, leads(&["ada"]));
    anew.max_age = Some(std::time::Duration::ZERO);
    let job = first(anew.batch);
    books.admit(anew).await.unwrap();
    books.send(job).await;
    books.settle(job, &[found("ada", EMAIL)]).await;
    let narrow = kept(books, &sales, job.batch).await;

    let mut admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    admission.lost = Lost::Unknown;
    let Err(Refused::Unchecked(results)) = books.admit(admission.clone()).await else { panic!() };
    assert_eq!(BTreeSet::from_iter(results), BTreeSet::from([wide, narrow]));
    admission.lost = known(&[narrow]);
    let id = admission.batch;
    books.admit(admission).await.unwrap();
    assert_eq!(kept(books, &sales, id).await, wide, "the other one answers");
}

pub(super) async fn an_appraisal_counts_what_is_lost_as_fresh(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let bought = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = kept(books, &sales, bought).await;
    let refused = appraise(books, &sales, Lost::Unknown).await.refused;
    assert_eq!(refused, Some(Refused::Unchecked(vec![lost])));
    for (lost, cached, fresh) in [(Lost::NOTHING, 1, 1), (known(&[lost]), 0, 2)] {
        let appraisal = appraise(books, &sales, lost).await;
        let standing = appraisal.dispositions;
        assert_eq!((standing.cached, standing.fresh), (cached, fresh));
        assert_eq!((appraisal.worst.email.to_string().as_str(), appraisal.refused), ("1.5", None));
    }
}

pub(super) async fn a_redrive_looks_for_results_first(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let dead = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let batch = books.ask(&growth, EMAIL, &["ada"]).await;
    books.lose(dead).await;
    let bought = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = kept(books, &sales, bought).await;
    let before = books.dump().await;
    let order = Redrive { batch, job: dead, terms: terms(), lost: Lost::Unknown };
    let driven = books.ledger().redrive(order.clone()).await.unwrap();
    assert_eq!((driven.unchecked, driven.is_partial), (vec![lost], true));
    assert_eq!(books.dump().await, before, "nothing was changed");

    let order = Redrive { lost: known(&[lost]), ..order };
    let driven = books.ledger().redrive(order).await.unwrap();
    assert_eq!((driven.fresh, driven.is_partial), (1, false));
    assert_eq!(books.read(&growth, batch).await.status, Status::Queued);
}

pub(super) async fn a_result_answers_while_the_batch_can_be_read_to_its_end(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let raised = Terms { person_ttl: 90 * DAY, ..terms() };
    books.pass(RESULTS_TTL.saturating_sub(HORIZON + raised.batch_ttl));
    assert_eq!(standing(books, &sales, raised).await.cached, 1);
    let longer = Terms { batch_ttl: raised.batch_ttl + MINUTE, ..raised };
    assert_eq!(standing(books, &sales, longer).await.fresh, 1, "it would be read for longer");
    books.pass(std::time::Duration::from_millis(1));
    assert_eq!(standing(books, &sales, raised).await.fresh, 1);
}

pub(super) async fn an_answer_stays_as_long_as_its_result(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let bought = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.pass(DAY);
    let cached = books.ask(&sales, EMAIL, &["ada"]).await;
    let before = books.read(&sales, cached).await.leads;
    books.pass((7 * DAY).saturating_sub(MINUTE));
    let lowered = Lifetimes { results: HOUR, leads: HOUR, ..LIFETIMES };
    sweep_by(books, 2, lowered).await;
    assert_eq!(books.read(&sales, cached).await.leads, before);
    books.pass(RESULTS_TTL);
    sweep_by(books, 2, lowered).await;
    assert!(books.ledger().job(first(bought)).await.unwrap().is_none());
}

pub(super) async fn who_was_not_found_stays_so_in_an_ended_batch(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[Evidence::NotFound]).await;
    books.pass(DAY);
    let mut admission = books.admission(&sales, EMAIL, leads(&["ada", "ada"]));
    admission.terms.not_found_ttl = 90 * DAY;
    let id = admission.batch;
    books.admit(admission).await.unwrap();
    let before = books.read(&sales, id).await;
    assert_eq!(before.leads, [LeadReading::NotFound; 2]);
    sweep_by(books, 2, Lifetimes { results: MINUTE, leads: MINUTE, ..LIFETIMES }).await;
    let after = books.read(&sales, id).await;
    assert_eq!((after.leads, after.status), (before.leads, Status::Completed));
}

pub(super) async fn a_verdict_that_is_lost_or_over_answers_nobody(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let opened = open(books, &sales, &["ada"]).await;
    let batch = take(books, &opened).await;
    end(books, batch, 1, &[]).await;
    let lost = KeptResult { at: ResultRef { job: first(batch), index: 0 }, turn: Lease::default() };
    let asked = ValidationOrder { lost: Lost::Unknown, ..order(books, &sales, &["ada"]) };
    let before = books.dump().await;
    let refused = try_open(books, &asked).await;
    assert_eq!(refused, Err(Refused::Unchecked(vec![lost])));
    assert_eq!(books.dump().await, before, "nothing was changed");

    assert_eq!(fresh(books, &order(books, &sales, &["ada"])).await, 0);
    books.pass(TTL);
    let raised = |order| ValidationOrder { ttl: 90 * DAY, ..order };
    let still = raised(order(books, &sales, &["ada"]));
    assert_eq!(fresh(books, &still).await, 0, "its verdict can be read to the end");
    books.pass(MINUTE);
    assert_eq!(fresh(books, &raised(order(books, &sales, &["ada"]))).await, 1);
}

pub(super) async fn an_address_whose_verdict_is_lost_is_sent_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let opened = open(books, &sales, &["ada", "bob"]).await;
    let batch = take(books, &opened).await;
    end(books, batch, 2, &[]).await;
    let at = ResultRef { job: first(batch), index: 1 };
    let lost = known(&[KeptResult { at, turn: Lease::default() }]);
    let order = ValidationOrder { lost, ..order(books, &sales, &["ada", "bob"]) };
    try_open(books, &order).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=2 reserved=1 unresolved=0");
}
