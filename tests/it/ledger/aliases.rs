//! Aliases: which lead keys come to name a person, and which must not.

use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::step::LeadAsk;

use super::books::{Books, first};
use super::named::{EMAIL, NONE, found, found_under, lead, lead_with};
use super::store::Store;

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

pub(super) async fn a_mistyped_email_beside_a_profile_names_nobody(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let asked = books.admission(&sales, EMAIL, vec![lead_with("in/ada", "bob@x.io")]);
    let job = first(asked.batch);
    books.admit(asked).await.unwrap();
    books.send(job).await;
    books.settle(job, &[found_under("ada", EMAIL, &["in/ada", "ada@x.io"])]).await;
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    assert_eq!(stands(books, lead("ada@x.io")).await, "cached");
    assert_eq!(stands(books, lead("bob@x.io")).await, "fresh");
}

pub(super) async fn a_key_that_named_two_persons_names_neither(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found_under("ada", NONE, &["shared@x.io"])]).await;
    books.buy(&sales, NONE, &["in/bob"], &[found_under("bob", NONE, &["shared@x.io"])]).await;
    assert_eq!(stands(books, lead("shared@x.io")).await, "fresh");
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
    assert_eq!(stands(books, lead("in/bob")).await, "cached");
}

pub(super) async fn two_keys_of_two_persons_go_to_the_vendor(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    books.buy(&sales, NONE, &["bob@x.io"], &[found("bob", NONE)]).await;
    assert_eq!(stands(books, lead_with("in/ada", "bob@x.io")).await, "fresh");
    // Nobody else joins it: what it will bring is not what they asked for.
    assert_eq!(stands(books, lead_with("in/ada", "bob@x.io")).await, "fresh");
    assert_eq!(stands(books, lead("in/ada")).await, "cached");
}

pub(super) async fn two_keys_of_one_person_are_no_conflict(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found_under("ada", NONE, &["ada@x.io"])]).await;
    assert_eq!(stands(books, lead_with("in/ada", "ada@x.io")).await, "cached");
    assert_eq!(stands(books, lead_with("in/ada", "unheard@x.io")).await, "cached");
}

pub(super) async fn a_weaker_key_alone_answers_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada@x.io"], &[found("ada", NONE)]).await;
    assert_eq!(stands(books, lead_with("in/unheard", "ada@x.io")).await, "fresh");
}

pub(super) async fn nobody_found_for_a_conflict_says_nothing_of_its_stronger_key(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    books.buy(&sales, NONE, &["bob@x.io"], &[found("bob", NONE)]).await;
    let asked = books.admission(&sales, NONE, vec![lead_with("in/ada", "bob@x.io")]);
    let job = first(asked.batch);
    books.admit(asked).await.unwrap();
    books.send(job).await;
    books.settle(job, &[tollgate::ledger::step::Evidence::NotFound]).await;
    let growth = books.team("growth", &[]).await;
    let admitted = books.admit(books.admission(&growth, EMAIL, vec![lead("in/ada")])).await;
    assert_eq!(admitted.unwrap().batch.dispositions.fresh, 1, "it was asked without a reveal");
}
