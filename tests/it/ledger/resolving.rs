//! An operator's word on what nobody could learn, and evidence that comes after it.

use tollgate::domain::credits::{Amounts, Unit};
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::entry::Fact;
use tollgate::ledger::record::job::State;
use tollgate::ledger::step::{Adjustment, Charged, Evidence, Resolution};

use super::books::{Books, HOUR, first};
use super::named::{ALL, EMAIL, NONE, found};
use super::store::Store;

/// The operator says that so many email credits were charged.
pub(super) async fn resolve<S: Store>(books: &Books<S>, batch: BatchId, email: &str) -> String {
    let credits = email.parse().unwrap();
    say(books, batch, Charged::Some(Amounts::of(Unit::Email, credits))).await
}

async fn say<S: Store>(books: &Books<S>, batch: BatchId, charged: Charged) -> String {
    books.ledger().resolve(Resolution { batch, charged }).await.unwrap().to_string()
}

/// A batch of one lead whose charge nobody could learn.
async fn lost<S: Store>(books: &Books<S>) -> BatchId {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.lose(first(batch)).await;
    batch
}

pub(super) async fn an_operators_word_is_booked(books: &Books<impl Store>) {
    let cases = [
        (Charged::All, "1.5"),
        (Charged::Nothing, "0"),
        (Charged::Some(Amounts::of(Unit::Email, "0.5".parse().unwrap())), "0.5"),
        (Charged::Some(Amounts::of(Unit::Email, "9".parse().unwrap())), "1.5"),
    ];
    for (n, (charged, booked)) in cases.into_iter().enumerate() {
        let team = books.team(&format!("team-{n}"), &[]).await;
        let batch = books.ask(&team, EMAIL, &["ada"]).await;
        books.lose(first(batch)).await;
        assert_eq!(say(books, batch, charged).await, format!("email={booked}, phone=0"));
        let total = format!("spent={booked} reserved=0 unresolved=0");
        assert_eq!(books.email(&team).await, total);
        assert_eq!(books.job(first(batch)).await.state, State::Resolved);
        let reading = books.read(&team, batch).await;
        assert_eq!(reading.spent.unwrap().email.to_string(), booked);
    }
}

pub(super) async fn an_operators_word_given_twice_counts_once(books: &Books<impl Store>) {
    let batch = lost(books).await;
    say(books, batch, Charged::All).await;
    books.pass(HOUR);
    let before = books.dump().await;
    assert_eq!(say(books, batch, Charged::All).await, "email=0, phone=0");
    assert_eq!(say(books, batch, Charged::Nothing).await, "email=0, phone=0");
    assert_eq!(books.dump().await, before);
}

pub(super) async fn an_operators_word_ends_only_what_is_unresolved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    let before = books.dump().await;
    assert_eq!(say(books, batch, Charged::All).await, "email=0, phone=0");
    assert_eq!(books.dump().await, before);
    assert_eq!(books.job(first(batch)).await.state, State::Bound);
}

pub(super) async fn evidence_after_an_operators_word_is_booked_as_the_difference(
    books: &Books<impl Store>,
) {
    let evidence = [
        ("1.5", found("ada", NONE), "0.5"),
        ("0", found("bob", EMAIL), "1.5"),
        ("0.5", Evidence::NotFound, "0"),
        // Another attempt may have been charged: the operator's word stands.
        ("1", Evidence::Unanswered, "1"),
    ];
    for (n, (said, evidence, spent)) in evidence.into_iter().enumerate() {
        let team = books.team(&format!("team-{n}"), &[]).await;
        let batch = books.ask(&team, EMAIL, &["ada"]).await;
        books.lose(first(batch)).await;
        resolve(books, batch, said).await;
        books.settle(first(batch), &[evidence]).await;
        let total = format!("spent={spent} reserved=0 unresolved=0");
        assert_eq!(books.email(&team).await, total, "{said} was said");
        assert_eq!(books.job(first(batch)).await.state, State::Done);
    }
    assert_eq!(books.journal().await.last().unwrap().fact, Fact::Adjusted);
}

pub(super) async fn evidence_that_tells_nothing_leaves_an_operators_word(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada", "bob"]).await;
    books.lose(first(batch)).await;
    resolve(books, batch, "2.5").await;
    // Bob cost one and a half, so of what was said one is left, and may be Ada's.
    books.settle(first(batch), &[Evidence::Unmatched, found("bob", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=2.5 reserved=0 unresolved=0");
}

pub(super) async fn what_was_not_matched_is_resolved_as_well(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let evidence = [Evidence::Unmatched, found("bob", NONE)];
    let batch = books.buy(&sales, EMAIL, &["ada", "bob"], &evidence).await;
    assert_eq!(resolve(books, batch, "0.5").await, "email=0.5, phone=0");
    assert_eq!(books.email(&sales).await, "spent=1 reserved=0 unresolved=0");
    assert_eq!(books.job(first(batch)).await.state, State::Done);
}

pub(super) async fn a_word_on_several_jobs_is_shared_out(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let mut admission = books.admission(&sales, ALL, super::named::leads(&["ada", "bob"]));
    admission.terms.job_leads_max = 1;
    let batch = admission.batch;
    books.admit(admission).await.unwrap();
    for ordinal in [0, 1] {
        books.lose(tollgate::ledger::ids::JobId { batch, ordinal }).await;
    }
    assert_eq!(resolve(books, batch, "2").await, "email=2, phone=0");
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
    assert_eq!(books.total(&sales, Unit::Phone).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn a_correction_is_one_more_entry(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let adjust = |amount: &str| {
        let amount = amount.parse().unwrap();
        books.ledger().adjust(Adjustment { team: sales.clone(), unit: Unit::Phone, amount })
    };
    adjust("2.5").await.unwrap();
    adjust("-1").await.unwrap();
    assert_eq!(books.total(&sales, Unit::Phone).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.facts().await.get("adjusted"), Some(&2));
}
