//! Admission: all or nothing, the worst case set aside, asked again without effect.

use tollgate::domain::credits::Unit;
use tollgate::domain::period::Period;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId, KeptResult, Token};
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::record::job::State;
use tollgate::ledger::record::team::{NewTeam, Standing};
use tollgate::ledger::step::{Admission, Novelty, Refused};
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, first, quota};
use super::named::{ALL, EMAIL, NONE, found, leads};
use super::observing::question;
use super::store::Store;

pub(super) async fn the_worst_case_is_set_aside(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, ALL, &["ada", "bob"]).await;
    assert_eq!(books.total(&sales, Unit::Email).await, "spent=0 reserved=3 unresolved=0");
    assert_eq!(books.total(&sales, Unit::Phone).await, "spent=0 reserved=2 unresolved=0");
    assert_eq!(books.job(first(batch)).await.state, State::Ready);
}

pub(super) async fn asked_again_it_answers_the_same_and_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "3")]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada", "bob"]));
    let once = books.admit(admission.clone()).await.unwrap();
    let before = books.dump().await;
    let again = books.admit(admission).await.unwrap();
    assert!(once.novelty == Novelty::New && again.novelty == Novelty::AskedAgain);
    assert_eq!((again.batch, again.remaining), (once.batch, once.remaining));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn another_admission_under_its_id_is_a_collision(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let admission = books.admission(&sales, EMAIL, leads(&["ada"]));
    books.admit(admission.clone()).await.unwrap();
    let before = books.dump().await;
    let elsewhere = Admission { team: growth, ..admission.clone() };
    let otherwise = Admission { token: Token::new([255; 16]), ..admission };
    for other in [elsewhere, otherwise] {
        assert_eq!(books.admit(other).await, Err(Refused::Collision));
    }
    assert_eq!(books.dump().await, before);
}

pub(super) async fn who_may_not_ask_is_refused_and_changes_nothing(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let paused = NewTeam { standing: Standing::Paused, ..NewTeam::open("Sales") };
    books.ledger().put_team(sales.clone(), paused).await.unwrap();
    books.ledger().close_team(growth.clone()).await.unwrap();
    let before = books.dump().await;
    let nobody = "nobody".parse().unwrap();
    for (team, refused) in
        [(sales, Refused::Paused), (growth, Refused::NoTeam), (nobody, Refused::NoTeam)]
    {
        let admission = books.admission(&team, EMAIL, leads(&["ada"]));
        assert_eq!(books.admit(admission).await, Err(refused));
    }
    assert_eq!(books.dump().await, before);
}

pub(super) async fn a_person_twice_in_a_batch_is_sent_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let admission = books.admission(&sales, EMAIL, leads(&["ada", "bob", "ada"]));
    let job = first(admission.batch);
    let admitted = books.admit(admission).await.unwrap();
    let counted =
        Dispositions { submitted: 3, repeated: 1, cached: 0, joined: 0, fresh: 2, trimmed: 0 };
    assert_eq!(admitted.batch.dispositions, counted);
    assert_eq!(admitted.batch.reserved.to_string(), "email=3, phone=0");

    books.send(job).await;
    let settled = books.settle(job, &[found("ada", EMAIL), found("bob", NONE)]).await;
    let [(team, avoided)] = settled.avoided.as_slice() else { panic!("{settled:?}") };
    assert_eq!((team, avoided.reason.name()), (&sales, "repeated"));
    assert_eq!(avoided.amounts.to_string(), "email=1.5, phone=0");
    let [ada, bob, again] = books.read(&sales, job.batch).await.leads[..] else { panic!() };
    assert_eq!(ada, again);
    assert_ne!(ada, bob);
}

pub(super) async fn a_batch_larger_than_the_vendor_takes_has_several_jobs(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let names = ["a", "b", "c", "d", "e"];
    let mut admission = books.admission(&sales, NONE, leads(&names));
    admission.terms.job_leads_max = 2;
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.jobs_made, 3);
    for (ordinal, carried) in [(0, &names[..2]), (1, &names[2..4]), (2, &names[4..])] {
        let job = JobId { batch, ordinal };
        books.send(job).await;
        let evidence: Vec<_> = carried.iter().map(|name| found(name, NONE)).collect();
        books.settle(job, &evidence).await;
    }
    let reading = books.read(&sales, batch).await;
    assert_eq!(reading.status, Status::Completed);
    let places = reading.leads.iter().filter_map(LeadReading::result);
    let places: Vec<_> = places.map(|KeptResult { at, .. }| (at.job.ordinal, at.index)).collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]);
    assert_eq!(books.email(&sales).await, "spent=2.5 reserved=0 unresolved=0");
}

pub(super) async fn an_appraisal_says_what_admission_reserves_and_reserves_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "4")]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.ask(&sales, ALL, &["bob"]).await;
    let asked = leads(&["ada", "bob", "cyd", "cyd"]);
    let question = question(&sales, EMAIL, asked.clone());
    let before = books.dump().await;
    let appraisal = books.ledger().appraise(question).await.unwrap().unwrap();
    assert_eq!(books.dump().await, before);
    assert!(appraisal.refused.is_some(), "4 less 2 is short of 1 for Ada and 1.5 for Cyd");

    books.team("sales", &[quota(Period::Day, "5")]).await;
    let admitted = books.admit(books.admission(&sales, EMAIL, asked)).await.unwrap();
    assert_eq!(admitted.batch.dispositions, appraisal.dispositions);
    assert_eq!(admitted.batch.reserved, appraisal.worst);
    assert_eq!(appraisal.worst.to_string(), "email=2.5, phone=0");
}

pub(super) async fn a_batch_id_is_a_number_that_any_reader_of_json_holds(_: &Books<impl Store>) {
    assert_eq!(BatchId::new(BatchId::MAX).map(BatchId::get), Some((1 << 53) - 1));
    assert_eq!(BatchId::new(BatchId::MAX + 1), None);
}
