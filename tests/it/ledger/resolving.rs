//! An operator's word on what nobody could learn, and evidence that comes after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::{Amounts, Unit};
use tollgate::domain::period::PeriodId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::entry::Fact;
use tollgate::ledger::record::job::State;
use tollgate::ledger::step::{Adjusted, Charged, Evidence, Resolution, Resolved};

use super::books::{Books, HOUR, first};
use super::named::{ALL, EMAIL, NONE, adjustment, found};
use super::store::Store;

/// The operator says that so many email credits were charged.
pub(super) async fn resolve<S: Store>(books: &Books<S>, batch: BatchId, email: &str) -> String {
    let credits = email.parse().unwrap();
    say(books, batch, Charged::Some(Amounts::of(Unit::Email, credits))).await
}

async fn say<S: Store>(books: &Books<S>, batch: BatchId, charged: Charged) -> String {
    match word(books, batch, charged).await {
        Resolved::Booked(booked) => booked.spent.to_string(),
        refused => panic!("{charged:?} is {refused:?}"),
    }
}

async fn word<S: Store>(books: &Books<S>, batch: BatchId, charged: Charged) -> Resolved {
    let note = "the vendor's own account".parse().ok();
    books.ledger().resolve(Resolution { batch, charged, note }).await.unwrap()
}

fn email(credits: &str) -> Amounts {
    Amounts::of(Unit::Email, credits.parse().unwrap())
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
        let entry = books.journal().await.pop().unwrap();
        assert_eq!(entry.note.unwrap().as_str(), "the vendor's own account");
    }
}

pub(super) async fn more_than_is_unresolved_changes_nothing(books: &Books<impl Store>) {
    let batch = lost(books).await;
    let before = books.dump().await;
    let phone = Amounts { phone: "0.001".parse().unwrap(), ..email("1") };
    for said in [email("1.501"), phone] {
        let refused = Resolved::MoreThanUnresolved(email("1.5"));
        assert_eq!(word(books, batch, Charged::Some(said)).await, refused);
    }
    assert_eq!(books.dump().await, before);
    assert_eq!(resolve(books, batch, "1.5").await, "email=1.5, phone=0");
}

pub(super) async fn there_is_no_word_on_what_is_not_there(books: &Books<impl Store>) {
    let batch = BatchId::new(4711).unwrap();
    assert_eq!(word(books, batch, Charged::All).await, Resolved::NoSuchBatch);
}

pub(super) async fn an_operators_word_given_twice_counts_once(books: &Books<impl Store>) {
    let batch = lost(books).await;
    say(books, batch, Charged::All).await;
    books.pass(HOUR);
    let before = books.dump().await;
    assert_eq!(say(books, batch, Charged::All).await, "email=1.5, phone=0", "the first answer");
    let otherwise = word(books, batch, Charged::Nothing).await;
    assert!(matches!(otherwise, Resolved::SaidOtherwise(before) if before.charged == Charged::All));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn an_operators_word_ends_only_what_is_unresolved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    let before = books.dump().await;
    assert_eq!(word(books, batch, Charged::All).await, Resolved::NothingUnresolved);
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
    let adjust = |name: &str, amount: &str| {
        books.ledger().adjust(adjustment(name, &sales, Unit::Phone, amount))
    };
    let booked = |entry, is_first| Adjusted::Booked { entry, is_first };
    assert_eq!(adjust("one", "2.5").await.unwrap(), booked(0, true));
    assert_eq!(adjust("two", "-1").await.unwrap(), booked(1, true));
    assert_eq!(books.total(&sales, Unit::Phone).await, "spent=1.5 reserved=0 unresolved=0");
    let before = books.dump().await;
    assert_eq!(adjust("one", "2.5").await.unwrap(), booked(0, false));
    assert_eq!(adjust("one", "2").await.unwrap(), Adjusted::OtherRequest);
    let spent = "1.5".parse().unwrap();
    let below = Adjusted::BelowZero { period: PeriodId::total(), spent };
    assert_eq!(adjust("three", "-1.501").await.unwrap(), below);
    assert_eq!(books.dump().await, before);
    assert_eq!(books.facts().await.get("adjusted"), Some(&2));
    let nobody = adjustment("four", &"nobody".parse().unwrap(), Unit::Email, "1");
    assert_eq!(books.ledger().adjust(nobody).await.unwrap(), Adjusted::NoTeam);
    let notes = books.journal().await.into_iter().filter_map(|entry| entry.note);
    assert_eq!(notes.count(), 2);
}

pub(super) async fn corrections_at_once_are_each_booked_once(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let mut asked = JoinSet::new();
    for n in 0..12 {
        let adjustment = adjustment(&format!("{}", n % 4), &sales, Unit::Email, "1");
        let ledger = Arc::clone(books.store.ledger());
        asked.spawn(async move { ledger.adjust(adjustment).await.unwrap() });
    }
    let mut entries = BTreeSet::new();
    for adjusted in asked.join_all().await {
        let Adjusted::Booked { entry, .. } = adjusted else { panic!("{adjusted:?}") };
        entries.insert(entry);
    }
    assert_eq!(entries, (0..4).collect());
    assert_eq!(books.email(&sales).await, "spent=4 reserved=0 unresolved=0");
}
