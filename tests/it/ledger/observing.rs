//! Hit rates: what came back of a team's leads, and what is expected by it.

use tollgate::domain::estimate::{Basis, HitRates};
use tollgate::domain::limits::Limits;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::step::{Appraisal, Evidence, LeadAsk, Lost, Question};

use super::books::{Books, terms};
use super::named::{ALL, EMAIL, NONE, found, leads};
use super::store::Store;

/// What a team asks about these leads, without asking for them.
pub(super) fn question(team: &TeamId, reveals: Reveals, leads: Vec<LeadAsk>) -> Question {
    Question {
        team: team.clone(),
        reveals,
        leads,
        max_age: None,
        limits: Limits::default(),
        retry: None,
        terms: terms(),
        lost: Lost::NOTHING,
        rates: HitRates::PRIOR,
    }
}

async fn appraise<S: Store>(books: &Books<S>, team: &TeamId) -> Appraisal {
    let question = question(team, ALL, leads(&["person"]));
    books.ledger().appraise(question).await.unwrap().unwrap()
}

pub(super) async fn an_estimate_rests_on_what_came_back_once_that_is_enough(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let names: Vec<_> = (0..199).map(|n| format!("person {n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    // Of four, one is nobody; of those found, one in three has no email.
    let evidence: Vec<_> = (names.iter().enumerate())
        .map(|(n, name)| match n % 4 {
            0 => Evidence::NotFound,
            1 => found(name, NONE),
            _ => found(name, EMAIL),
        })
        .collect();
    let (early, late) = (&names[..99], &names[99..]);
    books.buy(&sales, EMAIL, early, &evidence[..99]).await;
    let assumed = appraise(books, &sales).await;
    assert_eq!(assumed.basis, Basis::default(), "99 are too few");
    assert_eq!(assumed.expected.to_string(), "email=1.105, phone=0.51");

    books.buy(&sales, EMAIL, late, &evidence[99..]).await;
    let observed = appraise(books, &sales).await;
    let basis = Basis { person_found: Some(199), email_revealed: Some(149), phone_revealed: None };
    assert_eq!(observed.basis, basis);
    // 749 and 665 in a thousand, rounded up; nobody was asked for a phone.
    assert_eq!(observed.expected.to_string(), "email=0.873, phone=0.449");
    assert_eq!(observed.worst, assumed.worst);
    assert_eq!(appraise(books, &growth).await, assumed, "each team has its own");
}

pub(super) async fn only_what_was_paid_for_is_observed(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let names: Vec<_> = (0..100).map(|n| format!("person {n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let evidence: Vec<_> = names.iter().map(|name| found(name, EMAIL)).collect();
    books.buy(&sales, EMAIL, &names, &evidence).await;
    books.ask(&growth, EMAIL, &names).await;
    assert_eq!(appraise(books, &growth).await.basis, Basis::default());
    let lost = vec![Evidence::Unanswered; 100];
    let others: Vec<_> = (0..100).map(|n| format!("other {n}")).collect();
    let others: Vec<_> = others.iter().map(String::as_str).collect();
    books.buy(&growth, EMAIL, &others, &lost).await;
    assert_eq!(appraise(books, &growth).await.basis, Basis::default(), "no answer tells nothing");
}
