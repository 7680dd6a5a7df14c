//! What a caller sets: leads trimmed to the quotas, and the most that a batch may cost.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::{Credits, Unit};
use tollgate::domain::estimate::HitRates;
use tollgate::domain::limits::{Limits, OnQuota, UpTo};
use tollgate::domain::period::Period;
use tollgate::domain::quota::{Action, Quota};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::batch::{Dispositions, Source};
use tollgate::ledger::step::{Admission, Lost, Question, Refused};
use tollgate::ledger::transition::read::{Failure, LeadReading, Status};

use super::books::{Books, first, quota, terms};
use super::named::{ALL, EMAIL, NONE, found, leads};
use super::store::Store;

const TRIM: Limits = Limits { most: UpTo::ANY, on_quota: OnQuota::Trim };

fn trimmed(
    books: &Books<impl Store>,
    team: &TeamId,
    reveals: Reveals,
    names: &[&str],
) -> Admission {
    Admission { limits: TRIM, ..books.admission(team, reveals, leads(names)) }
}

/// Email credits at most.
fn most(email: &str) -> UpTo {
    UpTo { email: Some(email.parse().expect("a case writes credits")), phone: None }
}

pub(super) async fn leads_are_walked_in_order_and_what_does_not_fit_is_trimmed(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "4.5"), quota(Period::Month, "5")]).await;
    books.buy(&sales, EMAIL, &["known"], &[found("known", EMAIL)]).await;
    let names = ["ada", "ada", "bob", "cyd", "known", "dan", "cyd"];
    let admission = trimmed(books, &sales, EMAIL, &names);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    let counted =
        Dispositions { submitted: 7, repeated: 1, cached: 1, joined: 0, fresh: 2, trimmed: 3 };
    assert_eq!(admitted.batch.dispositions, counted);
    assert_eq!(admitted.batch.reserved.to_string(), "email=3, phone=0");
    assert_eq!(admitted.remaining.tightest(Unit::Email), Some(Credits::ZERO));
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=3 unresolved=0");

    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.read(&sales, batch).await.status, Status::Completed);
}

pub(super) async fn both_units_of_a_lead_have_to_fit(books: &Books<impl Store>) {
    let phones = Quota { unit: Unit::Phone, ..quota(Period::Total, "1") };
    let sales = books.team("sales", &[quota(Period::Day, "3"), phones]).await;
    let admitted = books.admit(trimmed(books, &sales, ALL, &["ada", "bob"])).await.unwrap();
    let count = admitted.batch.dispositions;
    assert_eq!((count.fresh, count.trimmed), (1, 1));
    assert_eq!(admitted.batch.reserved.to_string(), "email=1.5, phone=1");
    let admitted = books.admit(trimmed(books, &sales, EMAIL, &["bob"])).await.unwrap();
    assert_eq!(
        admitted.batch.dispositions.fresh, 1,
        "what asks for no phone needs none of its quota"
    );
}

pub(super) async fn a_lead_that_needs_less_fits_behind_one_that_does_not(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "3")]).await;
    books.buy(&sales, NONE, &["known"], &[found("known", NONE)]).await;
    let names = ["ada", "bob", "known"];
    let admission = trimmed(books, &sales, EMAIL, &names);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.dispositions.trimmed, 1);
    assert_eq!(admitted.batch.reserved.to_string(), "email=2.5, phone=0");
    let carried = books.ledger().job(first(batch)).await.unwrap().unwrap().1;
    assert_eq!(carried.iter().map(|lead| lead.position).collect::<Vec<_>>(), [0, 2]);
}

pub(super) async fn a_quota_that_only_warns_trims_nothing(books: &Books<impl Store>) {
    let warns = Quota { action: Action::Warn, ..quota(Period::Day, "1") };
    let sales = books.team("sales", &[warns]).await;
    let admitted = books.admit(trimmed(books, &sales, EMAIL, &["ada", "bob"])).await.unwrap();
    assert_eq!((admitted.batch.dispositions.trimmed, admitted.passed.len()), (0, 1));
}

pub(super) async fn what_is_trimmed_reads_as_refused(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "1.5")]).await;
    let admission = trimmed(books, &sales, EMAIL, &["ada", "bob"]);
    let batch = admission.batch;
    books.admit(admission).await.unwrap();
    let refused = LeadReading::Failed(Failure::InsufficientCredits);
    assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Pending, refused]);
    assert_eq!(Source::Refused.points_at(), None);
    let growth = books.team("growth", &[]).await;
    let theirs = books.ask(&growth, EMAIL, &["bob"]).await;
    let read = books.ledger().job(first(theirs)).await.unwrap();
    assert!(read.is_some(), "nobody joins what was not sent");
}

pub(super) async fn a_batch_trimmed_to_nothing_ends_in_error(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "1")]).await;
    let before = books.email(&sales).await;
    let admission = trimmed(books, &sales, EMAIL, &["ada", "ada"]);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!((admitted.batch.dispositions.trimmed, admitted.batch.jobs_made), (2, 0));
    assert_eq!(books.read(&sales, batch).await.status, Status::Error);
    assert_eq!(books.email(&sales).await, before);
}

pub(super) async fn above_what_its_caller_allows_it_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let before = books.dump().await;
    let allow = |most| Limits { most, ..Limits::default() };
    let ask = |limits| Admission { limits, ..books.admission(&sales, ALL, leads(&["ada", "bob"])) };
    let Err(Refused::Beyond(excess)) = books.admit(ask(allow(most("2.999")))).await else {
        panic!("it costs 3 credits at worst")
    };
    assert_eq!((excess.unit, excess.needed.to_string()), (Unit::Email, "3".to_owned()));
    assert_eq!(excess.allowed.to_string(), "2.999");
    let phones = UpTo { email: None, phone: Some(Credits::ZERO) };
    let Err(Refused::Beyond(excess)) = books.admit(ask(allow(phones))).await else {
        panic!("it asks for phones")
    };
    assert_eq!(excess.unit, Unit::Phone);
    assert_eq!(books.dump().await, before);
    books.admit(ask(allow(most("3")))).await.unwrap();
}

pub(super) async fn what_is_left_after_trimming_may_still_be_above_what_is_allowed(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "3")]).await;
    let ask = |allowed| {
        let limits = Limits { most: most(allowed), on_quota: OnQuota::Trim };
        let leads = leads(&["ada", "bob", "cyd"]);
        Admission { limits, ..books.admission(&sales, EMAIL, leads) }
    };
    assert!(matches!(books.admit(ask("1.5")).await, Err(Refused::Beyond(_))));
    let admitted = books.admit(ask("3")).await.unwrap();
    assert_eq!(admitted.batch.dispositions.trimmed, 1);
}

pub(super) async fn an_appraisal_trims_as_admission_does(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "4")]).await;
    let names = ["ada", "bob", "cyd", "bob"];
    let question = |limits| Question {
        team: sales.clone(),
        reveals: EMAIL,
        leads: leads(&names),
        max_age: None,
        limits,
        retry: None,
        terms: terms(),
        lost: Lost::NOTHING,
        rates: HitRates::PRIOR,
    };
    let appraise = async |limits| books.ledger().appraise(question(limits)).await.unwrap().unwrap();
    let appraisal = appraise(TRIM).await;
    assert_eq!(appraisal.refused, None);
    let tight = Limits { most: most("2"), ..TRIM };
    assert!(matches!(appraise(tight).await.refused, Some(Refused::Beyond(_))));
    let admitted = books.admit(trimmed(books, &sales, EMAIL, &names)).await.unwrap();
    assert_eq!(admitted.batch.dispositions, appraisal.dispositions);
    assert_eq!(admitted.batch.reserved, appraisal.worst);
}

pub(super) async fn of_twenty_trimmed_at_once_all_fits_and_nothing_is_left_over(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "15")]).await;
    let mut asked = JoinSet::new();
    for n in 0..20 {
        let names = [format!("{n} a"), format!("{n} b")];
        let names = names.each_ref().map(String::as_str);
        let admission = trimmed(books, &sales, EMAIL, &names);
        let ledger = Arc::clone(books.store.ledger());
        asked.spawn(async move { ledger.admit(admission).await });
    }
    let mut count = Dispositions::default();
    while let Some(answer) = asked.join_next().await {
        let one = answer.unwrap().unwrap().unwrap().batch.dispositions;
        count.fresh += one.fresh;
        count.trimmed += one.trimmed;
    }
    assert_eq!((count.fresh, count.trimmed), (10, 30));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=15 unresolved=0");
}
