//! Aliases: which lead keys come to name a person, and which must not.

use std::time::Duration;

use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::step::{Evidence, LeadAsk};
use tollgate::ledger::transition::read::LeadReading;

use super::books::{Books, DAY, first};
use super::named::{EMAIL, NONE, found, found_under, lead, lead_with, marks, removed};
use super::store::Store;
use super::sweeping;

/// How a lone lead would be answered: `cached`, `joined` or `fresh`.
async fn stands<S: Store>(books: &Books<S>, lead: LeadAsk) -> &'static str {
    let team = books.team("curious", &[]).await;
    let admitted = books.admit(books.admission(&team, NONE, vec![lead])).await.unwrap();
    match admitted.batch.dispositions {
        Dispositions { cached: 1, .. } => "cached",
        Dispositions { joined: 1, .. } => "joined",
        Dispositions { fresh: 1, .. } => "fresh",
        other => panic!("one lead stands in one way: {other:?}"),
    }
}

pub(super) async fn the_keys_that_a_result_shows_name_its_person(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let ada = found_under("ada", EMAIL, &["in/ada", "ada@x.io"]);
    books.buy(&sales, EMAIL, &["ada of x.io"], &[ada]).await;
    for known in ["ada of x.io", "in/ada", "ada@x.io"] {
        assert_eq!(stands(books, lead(known)).await, "cached", "{known}");
    }
    assert_eq!(stands(books, lead("in/bob")).await, "fresh");
}

/// A lead is asked for and answered.
async fn answered<S: Store>(books: &Books<S>, lead: LeadAsk, evidence: Evidence) {
    let sales = books.team("sales", &[]).await;
    let mut asked = books.admission(&sales, EMAIL, vec![lead]);
    asked.max_age = Some(Duration::ZERO);
    let job = first(asked.batch);
    books.admit(asked).await.unwrap();
    books.send(job).await;
    books.settle(job, &[evidence]).await;
}

/// The person came back for a lead that showed another profile than was asked for.
fn found_elsewhere(name: &str, aliases: &[&str]) -> Evidence {
    let Evidence::Found { person, aliases, shown, name, .. } = found_under(name, EMAIL, aliases)
    else {
        unreachable!()
    };
    Evidence::Found { person, aliases, answers_key: false, shown, name }
}

/// The person came back by name.
fn found_named(name: &str) -> Evidence {
    let Evidence::Found { person, aliases, answers_key, shown, .. } = found(name, EMAIL) else {
        unreachable!()
    };
    Evidence::Found { person, aliases, answers_key, shown, name: marks(name) }
}

pub(super) async fn of_several_keys_an_answer_proves_those_that_it_shows(
    books: &Books<impl Store>,
) {
    let ada = found_under("ada", EMAIL, &["in/ada", "ada@x.io"]);
    answered(books, lead_with("in/ada", "bob@x.io"), ada).await;
    for (known, stand) in [
        (lead_with("in/ada", "bob@x.io"), "cached"),
        (lead("in/ada"), "cached"),
        (lead("ada@x.io"), "cached"),
        (lead("bob@x.io"), "fresh"),
    ] {
        assert_eq!(stands(books, known).await, stand);
    }
    // The vendor went by the email.
    let eve = found_under("eve", EMAIL, &["in/eve", "eve@x.io"]);
    answered(books, lead_with("in/victim", "eve@x.io"), eve).await;
    assert_eq!(stands(books, lead("in/victim")).await, "fresh");
    assert_eq!(stands(books, lead("in/eve")).await, "cached");
}

pub(super) async fn a_key_that_was_answered_with_another_profile_names_nobody(
    books: &Books<impl Store>,
) {
    answered(books, lead("in/old"), found_elsewhere("ada", &["in/ada"])).await;
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    assert_eq!(stands(books, lead("in/old")).await, "fresh");
}

pub(super) async fn a_key_that_named_two_persons_names_neither_for_good(books: &Books<impl Store>) {
    let shows_shared = |name| found_under(name, NONE, &["shared@x.io"]);
    answered(books, lead("in/ada"), shows_shared("ada")).await;
    answered(books, lead("in/bob"), shows_shared("bob")).await;
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    assert_eq!(stands(books, lead("in/bob")).await, "cached");
    // However often one of them is shown from now on.
    for _ in 0..3 {
        answered(books, lead("in/bob"), shows_shared("bob")).await;
        answered(books, lead("shared@x.io"), found("bob", EMAIL)).await;
    }
    let growth = books.team("growth", &[]).await;
    books.pass(DAY * 400);
    sweeping::sweep(books).await;
    answered(books, lead("shared@x.io"), found("bob", EMAIL)).await;
    let admitted = books.admit(books.admission(&growth, NONE, vec![lead("shared@x.io")])).await;
    assert_eq!(admitted.unwrap().batch.dispositions.fresh, 1);
}

pub(super) async fn a_lead_with_two_keys_is_joined_and_known_as_a_whole(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    books.buy(&sales, NONE, &["bob@x.io"], &[found("bob", NONE)]).await;
    let both = lead_with("in/ada", "bob@x.io");
    // Its keys are proven to be two persons', so only the vendor can say whom it takes it for.
    let asked = books.admission(&sales, NONE, vec![both, both]);
    let job = first(asked.batch);
    let admitted = books.admit(asked).await.unwrap().batch.dispositions;
    assert_eq!((admitted.fresh, admitted.repeated), (1, 1));
    assert_eq!(stands(books, both).await, "joined");
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    books.send(job).await;
    books.settle(job, &[found("bob", NONE)]).await;
    assert_eq!(stands(books, both).await, "cached");
    assert_eq!(stands(books, lead("bob@x.io")).await, "cached");
}

pub(super) async fn a_lead_is_answered_by_its_strongest_proven_key(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found_under("ada", NONE, &["ada@x.io"])]).await;
    assert_eq!(stands(books, lead_with("in/ada", "ada@x.io")).await, "cached");
    assert_eq!(stands(books, lead_with("in/ada", "unheard@x.io")).await, "cached");
    assert_eq!(stands(books, lead_with("in/unheard", "ada@x.io")).await, "cached");
}

pub(super) async fn a_person_found_by_a_weaker_key_must_have_the_leads_name(
    books: &Books<impl Store>,
) {
    answered(books, lead("ada@x.io"), found_named("ada lovelace")).await;
    answered(books, lead("in/ada"), found_named("ada lovelace")).await;
    let named = |lead: LeadAsk, name| LeadAsk { name: marks(name), ..lead };
    let with_email = lead_with("in/unheard", "ada@x.io");
    assert_eq!(stands(books, named(with_email, "A. Lovelace")).await, "cached");
    assert_eq!(stands(books, named(with_email, "Grace Hopper")).await, "fresh");
    let with_profile = lead_with("in/ada", "unheard@x.io");
    assert_eq!(stands(books, named(with_profile, "Grace Hopper")).await, "cached");
    let by_name = named(lead("grace at x"), "Grace Hopper");
    answered(books, by_name, found_named("ada lovelace")).await;
    assert_eq!(stands(books, by_name).await, "fresh");
}

pub(super) async fn nobody_found_says_nothing_of_the_keys_of_the_lead(books: &Books<impl Store>) {
    answered(books, lead_with("in/ada", "bob@x.io"), Evidence::NotFound).await;
    assert_eq!(stands(books, lead_with("in/ada", "bob@x.io")).await, "cached");
    assert_eq!(stands(books, lead("in/ada")).await, "fresh");
    assert_eq!(stands(books, lead("bob@x.io")).await, "fresh");
    answered(books, lead("in/eve"), Evidence::NotFound).await;
    assert_eq!(stands(books, lead_with("in/eve", "bob@x.io")).await, "fresh");
}

pub(super) async fn a_removed_lead_removes_whom_all_its_keys_are_proven_to_be(
    books: &Books<impl Store>,
) {
    let both = lead_with("in/ada", "ada@x.io");
    answered(books, lead("in/ada"), found("ada", EMAIL)).await;
    // That the email is hers is not proven, so the vendor may mean another person.
    answered(books, both, removed(&["in/ada", "ada@x.io"])).await;
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    assert!(!is_removed(books, lead("in/ada")).await && is_removed(books, both).await);
    answered(books, lead("in/bob"), found_under("bob", EMAIL, &["in/bob", "bob@x.io"])).await;
    let both = lead_with("in/bob", "bob@x.io");
    answered(books, both, removed(&["in/bob", "bob@x.io"])).await;
    assert!(is_removed(books, lead("in/bob")).await && is_removed(books, lead("bob@x.io")).await);
    // What would prove nothing marks the lead alone.
    answered(books, lead("in/eve"), found_under("eve", EMAIL, &["in/eve"])).await;
    let odd = LeadAsk { key: lead("odd").key, ..lead_with("in/eve", "odd") };
    answered(books, odd, removed(&[])).await;
    assert!(!is_removed(books, lead("in/eve")).await && is_removed(books, odd).await);
    assert_eq!(stands(books, lead("in/eve")).await, "cached");
}

async fn is_removed<S: Store>(books: &Books<S>, lead: LeadAsk) -> bool {
    let curious = books.team("curious", &[]).await;
    let asked = books.admission(&curious, NONE, vec![lead]);
    let batch = asked.batch;
    books.admit(asked).await.unwrap();
    books.read(&curious, batch).await.leads == [LeadReading::Removed]
}
