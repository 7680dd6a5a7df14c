//! Policies: what a team may ask, and which answers it is given.

use tollgate::domain::policy::Policies;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::step::{Appraisal, Evidence, LeadAsk, Refused};
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, HOUR, first};
use super::named::{
    ALL, EMAIL, NONE, PHONE, found, found_under, lead, lead_with, lead_with_email, leads,
};
use super::observing::question;
use super::store::Store;

/// A team for whose leads no email is revealed that they carry themselves.
async fn stripping<S: Store>(books: &Books<S>) -> TeamId {
    let policies = Policies { strip_email_reveal: true, ..Policies::default() };
    books.team_with("strip", policies).await
}

/// A team that keeps to itself.
async fn apart<S: Store>(books: &Books<S>) -> TeamId {
    let policies = Policies { shared_cache: false, ..Policies::default() };
    books.team_with("apart", policies).await
}

/// How the leads of a new batch stand.
async fn standing<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    reveals: Reveals,
    leads: Vec<LeadAsk>,
) -> Dispositions {
    let admission = books.admission(team, reveals, leads);
    books.admit(admission).await.unwrap().batch.dispositions
}

pub(super) async fn phone_numbers_that_are_not_allowed_are_refused_and_change_nothing(
    books: &Books<impl Store>,
) {
    let policies = Policies { phones: false, ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    let before = books.dump().await;
    for reveals in [PHONE, ALL] {
        let refused = books.admit(books.admission(&sales, reveals, leads(&["ada"]))).await;
        assert_eq!(refused, Err(Refused::PhonesNotAllowed));
    }
    assert_eq!(books.dump().await, before);
    assert_eq!(standing(books, &sales, EMAIL, leads(&["ada"])).await.fresh, 1);
}

pub(super) async fn phone_numbers_that_are_allowed_no_more_are_not_asked_of_who_is_driven_again(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let dead = first(books.ask(&growth, ALL, &["ada"]).await);
    let batch = books.ask(&sales, ALL, &["ada"]).await;
    books.team_with("sales", Policies { phones: false, ..Policies::default() }).await;
    books.void(dead, Cause::Refused).await;
    let redriven = books.redrive(batch, dead).await;
    assert_eq!(redriven.reserved.to_string(), "email=1.5, phone=0");
    assert_eq!(books.job(first(batch)).await.reveals, EMAIL);
}

pub(super) async fn an_email_that_a_lead_carries_is_not_revealed(books: &Books<impl Store>) {
    let strip = stripping(books).await;
    let asked = vec![lead_with_email("ada"), lead("bob")];
    let admission = books.admission(&strip, ALL, asked);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.reserved.to_string(), "email=2, phone=2");
    let [ada, bob] = [0, 1].map(|ordinal| JobId { batch, ordinal });
    assert_eq!(books.job(ada).await.reveals, PHONE);
    assert_eq!(books.job(bob).await.reveals, ALL);
    books.send(ada).await;
    books.settle(ada, &[found("ada", PHONE)]).await;
    assert_eq!(books.read(&strip, batch).await.leads[1], LeadReading::Pending);
    books.send(bob).await;
    books.settle(bob, &[found("bob", ALL)]).await;
    assert_eq!(books.read(&strip, batch).await.status, Status::Completed);
    assert_eq!(books.email(&strip).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn each_job_asks_one_set_of_reveals_and_is_filled(books: &Books<impl Store>) {
    let strip = stripping(books).await;
    let asked = vec![
        lead_with_email("a"),
        lead("b"),
        lead_with_email("c"),
        lead("d"),
        lead_with_email("e"),
    ];
    let mut admission = books.admission(&strip, EMAIL, asked);
    admission.terms.job_leads_max = 2;
    let batch = admission.batch;
    books.admit(admission).await.unwrap();
    let carried = [(NONE, &["a", "c"][..]), (EMAIL, &["b", "d"]), (NONE, &["e"])];
    for (ordinal, (reveals, names)) in (0..).zip(carried) {
        let job = JobId { batch, ordinal };
        assert_eq!(books.job(job).await.reveals, reveals, "{names:?}");
        books.send(job).await;
        let evidence: Vec<_> = names.iter().map(|name| found(name, reveals)).collect();
        books.settle(job, &evidence).await;
    }
    let reading = books.read(&strip, batch).await;
    let places: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
    let places: Vec<_> = places.iter().map(|it| (it.at.job.ordinal, it.at.index)).collect();
    assert_eq!(places, [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)]);
    assert_eq!(books.email(&strip).await, "spent=4.5 reserved=0 unresolved=0");
}

pub(super) async fn what_is_known_of_such_a_lead_is_shown_all_the_same(books: &Books<impl Store>) {
    let (sales, strip) = (books.team("sales", &[]).await, stripping(books).await);
    let shown = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    // A later answer without the email is not preferred.
    let mut anew = books.admission(&sales, NONE, leads(&["ada"]));
    anew.max_age = Some(std::time::Duration::ZERO);
    let later = anew.batch;
    books.admit(anew).await.unwrap();
    books.send(first(later)).await;
    books.settle(first(later), &[found("ada", NONE)]).await;

    let admission = books.admission(&strip, EMAIL, vec![lead_with_email("ada")]);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.avoided.to_string(), "email=1.5, phone=0");
    assert_eq!(books.read(&strip, batch).await.leads, books.read(&sales, shown).await.leads);
}

pub(super) async fn such_a_lead_is_answered_by_a_job_that_asks_less(books: &Books<impl Store>) {
    let (sales, strip) = (books.team("sales", &[]).await, stripping(books).await);
    let job = first(books.ask(&sales, NONE, &["ada"]).await);
    let with_email = || vec![lead_with_email("ada")];
    assert_eq!(standing(books, &strip, EMAIL, with_email()).await.joined, 1);
    books.send(job).await;
    books.settle(job, &[found("ada", NONE)]).await;
    assert_eq!(standing(books, &strip, EMAIL, with_email()).await.cached, 1);
    assert_eq!(standing(books, &strip, EMAIL, leads(&["ada"])).await.fresh, 1);
}

pub(super) async fn a_person_asked_for_with_and_without_an_email_is_revealed_once(
    books: &Books<impl Store>,
) {
    let strip = stripping(books).await;
    let asked = vec![lead_with_email("ada"), lead("ada")];
    let admission = books.admission(&strip, EMAIL, asked);
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!((admitted.batch.dispositions.fresh, admitted.batch.dispositions.repeated), (1, 1));
    assert_eq!(books.job(first(batch)).await.reveals, EMAIL, "the second lead asks for it");
    assert_eq!(admitted.batch.reserved.to_string(), "email=1.5, phone=0");
}

pub(super) async fn the_least_age_of_request_and_policy_holds(books: &Books<impl Store>) {
    let policies = Policies { max_age: Some(HOUR), ..Policies::default() };
    let sales = books.team_with("sales", policies).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    for (wait, max_age, cached) in
        [(0, None, 1), (30, Some(HOUR / 2), 0), (0, Some(2 * HOUR), 1), (30, Some(2 * HOUR), 0)]
    {
        books.pass(HOUR / 60 * wait);
        // What is asked anew stays under way, and would be joined.
        let mut admission = books.admission(&sales, NONE, leads(&["ada"]));
        admission.max_age = max_age;
        let batch = admission.batch;
        let standing = books.admit(admission).await.unwrap().batch.dispositions;
        assert_eq!(standing.cached, cached, "{max_age:?} after {wait} more minutes");
        if standing.fresh > 0 {
            books.void(first(batch), tollgate::ledger::record::job::Cause::Refused).await;
        }
    }
}

pub(super) async fn a_team_that_keeps_to_itself_takes_no_answer_and_gives_none(
    books: &Books<impl Store>,
) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    assert_eq!(standing(books, &sales, EMAIL, leads(&["ada"])).await.cached, 1);
    books.buy(&apart, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    assert_eq!(standing(books, &apart, EMAIL, leads(&["ada"])).await.cached, 1);

    books.buy(&apart, EMAIL, &["bob"], &[found("bob", EMAIL)]).await;
    assert_eq!(standing(books, &apart, EMAIL, leads(&["bob"])).await.cached, 1);
    assert_eq!(standing(books, &sales, EMAIL, leads(&["bob"])).await.fresh, 1);
}

pub(super) async fn a_team_that_keeps_to_itself_joins_its_own_jobs_only(books: &Books<impl Store>) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(standing(books, &apart, EMAIL, leads(&["ada"])).await.fresh, 1);
    assert_eq!(standing(books, &apart, EMAIL, leads(&["ada"])).await.joined, 1);
    assert_eq!(standing(books, &sales, EMAIL, leads(&["ada"])).await.joined, 1);
    books.ask(&apart, EMAIL, &["bob"]).await;
    assert_eq!(standing(books, &sales, EMAIL, leads(&["bob"])).await.fresh, 1);
}

pub(super) async fn nobody_found_is_kept_apart_too(books: &Books<impl Store>) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&sales, EMAIL, &["nemo"], &[Evidence::NotFound]).await;
    books.buy(&apart, EMAIL, &["nemo"], &[Evidence::NotFound]).await;
    for team in [&sales, &apart] {
        assert_eq!(standing(books, team, EMAIL, leads(&["nemo"])).await.cached, 1);
    }
}

/// What a lead would cost a team, without asking for it.
async fn appraised<S: Store>(books: &Books<S>, team: &TeamId, ask: LeadAsk) -> Appraisal {
    books.ledger().appraise(question(team, NONE, vec![ask])).await.unwrap().unwrap()
}

/// Whether a lead would be answered at once.
async fn is_known<S: Store>(books: &Books<S>, team: &TeamId, ask: LeadAsk) -> bool {
    appraised(books, team, ask).await.dispositions.cached == 1
}

pub(super) async fn an_alias_that_was_learned_apart_leads_no_other_team_to_the_person(
    books: &Books<impl Store>,
) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    let ada = |aliases: &[&str]| found_under("ada", EMAIL, aliases);
    books.buy(&sales, NONE, &["in/ada"], &[ada(&["in/ada"])]).await;
    books.buy(&sales, NONE, &["in/bob"], &[found_under("bob", NONE, &["in/bob"])]).await;
    books.buy(&apart, EMAIL, &["ada@x.io"], &[ada(&["in/ada", "ada@x.io"])]).await;

    assert!(is_known(books, &apart, lead("ada@x.io")).await, "to itself it is proven");
    assert!(!is_known(books, &sales, lead("ada@x.io")).await);
    let unknown = appraised(books, &sales, lead("eve@x.io")).await;
    let learned = appraised(books, &sales, lead("ada@x.io")).await;
    assert_eq!(learned, unknown, "nor does a price show it");
    // A lead with two keys is answered as if the email were unknown.
    for email in ["ada@x.io", "eve@x.io"] {
        assert!(is_known(books, &sales, lead_with("in/bob", email)).await, "{email}");
    }
    // The first answer for everybody proves it to everybody.
    books.buy(&sales, EMAIL, &["ada@x.io"], &[ada(&["in/ada", "ada@x.io"])]).await;
    let other = books.team("other", &[]).await;
    assert!(is_known(books, &other, lead("ada@x.io")).await);
}

pub(super) async fn a_person_found_apart_changes_no_answer_of_others_that_nobody_was(
    books: &Books<impl Store>,
) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&sales, NONE, &["eve"], &[Evidence::NotFound]).await;
    books.buy(&apart, NONE, &["eve"], &[found("eve", NONE)]).await;
    assert!(is_known(books, &sales, lead("eve")).await);
    assert!(is_known(books, &apart, lead("eve")).await);
}

pub(super) async fn a_contradiction_that_was_learned_apart_counts_for_everybody(
    books: &Books<impl Store>,
) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&sales, NONE, &["in/ada"], &[found_under("ada", NONE, &["in/ada"])]).await;
    assert!(is_known(books, &sales, lead("in/ada")).await);
    books.buy(&apart, NONE, &["in/ada"], &[found_under("bob", NONE, &["in/ada"])]).await;
    assert!(!is_known(books, &sales, lead("in/ada")).await);
}

pub(super) async fn what_was_kept_apart_stays_so(books: &Books<impl Store>) {
    let apart = apart(books).await;
    books.buy(&apart, NONE, &["ada"], &[found("ada", NONE)]).await;
    let sharing = books.team_with("apart", Policies::default()).await;
    assert_eq!(standing(books, &sharing, NONE, leads(&["ada"])).await.fresh, 1);
}

pub(super) async fn what_one_kind_paid_the_other_does_not_pay_again(books: &Books<impl Store>) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let admission = books.admission(&apart, EMAIL, leads(&["ada"]));
    let batch = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.reserved.to_string(), "email=0, phone=0");
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&apart).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn what_was_paid_apart_is_seen_in_no_reservation(books: &Books<impl Store>) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    books.buy(&apart, ALL, &["ada"], &[found("ada", ALL)]).await;
    books.buy(&sales, NONE, &["bob"], &[found("bob", NONE)]).await;
    books.buy(&apart, ALL, &["bob"], &[found("bob", ALL)]).await;
    for (name, reserved) in [("ada", "email=1.5, phone=1"), ("bob", "email=1, phone=1")] {
        let admission = books.admission(&sales, ALL, leads(&[name]));
        let batch = admission.batch;
        let admitted = books.admit(admission).await.unwrap();
        assert_eq!(admitted.batch.reserved.to_string(), reserved, "{name}");
        books.send(first(batch)).await;
        books.settle(first(batch), &[found(name, ALL)]).await;
    }
    // The vendor's account is one.
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=0 unresolved=0");
}
