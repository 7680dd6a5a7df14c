//! Adoption: exported books go on in a store that has none, and no credit vanishes on the way.

use std::collections::BTreeMap;

use tollgate::domain::credits::Unit;
use tollgate::domain::epoch::Epoch;
use tollgate::domain::period::Period;
use tollgate::ledger::record::entry::{Entry, Fact};
use tollgate::ledger::record::job::{Reason, State};
use tollgate::ledger::step::{Charged, Resolution};
use tollgate::ledger::transition::adopt::{Adoptable, Inheritance, Legacy};
use tollgate::ledger::transition::epoch::Beginning;
use tollgate::ledger::transition::lost::OpenParts;
use tollgate::ledger::transition::report::Usage;
use tollgate::ledger::transition::trim::fold;
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, DAY, HOUR, first, quota};
use super::named::{EMAIL, NONE, found};
use super::store::Store;

const EPOCH: Epoch = Epoch::from_number(7);

/// Books as they were exported.
pub(super) struct Exported {
    pub(super) legacy: Legacy,
    pub(super) entries: Vec<Entry>,
    pub(super) inheritance: Inheritance,
}

/// What an export holds of these books, where the store is to keep the entries from `from` on.
async fn exported<S: Store>(books: &Books<S>, from: u64) -> Exported {
    let journal = books.journal().await;
    export(books, &journal, from).await
}

/// As [`exported`], of books whose whole journal is given.
pub(super) async fn export<S: Store>(books: &Books<S>, journal: &[Entry], from: u64) -> Exported {
    let checkpoint = books.ledger().checkpoint().await.unwrap();
    let (mut moved, mut open, mut entries) = (BTreeMap::new(), OpenParts::default(), Vec::new());
    for (number, entry) in (0..).zip(journal.iter().cloned()) {
        open.note(&entry);
        if number >= from {
            fold(&entry, &mut moved);
            entries.push(entry);
        }
    }
    let tallies = checkpoint.tallies_before(&moved);
    let legacy = Legacy { epoch: EPOCH, next_entry: from, tallies };
    let named = journal.iter().filter_map(|entry| entry.batch);
    let next_batch = named.map(|batch| batch.get() + 1).max().unwrap_or(1);
    let (roster, open) = (checkpoint.roster, open.into_jobs());
    let inheritance = Inheritance { epoch: EPOCH, roster, open, next_batch };
    Exported { legacy, entries, inheritance }
}

/// Adopts books whole, into a store of the same kind whose clock shows the same.
pub(super) async fn adopt<S: Store>(books: &Books<S>, exported: &Exported) -> Books<S> {
    let adopted = books.beside().await;
    adopted.pass_until(books.now());
    adopt_here(&adopted, exported).await;
    adopted.balance().await;
    adopted
}

/// Adopts books whole, into these, which are empty.
pub(super) async fn adopt_here(adopted: &Books<impl Store>, exported: &Exported) {
    let Exported { legacy, entries, inheritance } = exported;
    let (ledger, from) = (adopted.ledger(), legacy.next_entry);
    assert_eq!(ledger.begin_adoption(legacy.clone()).await.unwrap(), Adoptable::From(from));
    let mut next = from;
    for slice in entries.chunks(500) {
        next = ledger.adopt_entries(next, slice.to_vec()).await.unwrap();
    }
    ledger.end_adoption(inheritance.clone()).await.unwrap();
}

async fn lost_and_adopted<S: Store>(books: &Books<S>) -> Books<S> {
    adopt(books, &exported(books, 0).await).await
}

pub(super) async fn adopted_books_say_what_the_lost_ones_said(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9"), quota(Period::Total, "20")]).await;
    let growth = books.team("growth", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&growth, NONE, &["ada"]).await;
    books.pass(DAY);
    books.buy(&sales, EMAIL, &["bob"], &[found("bob", EMAIL)]).await;
    let entries = u64::try_from(books.journal().await.len()).unwrap();
    for kept_from in [0, 2, entries] {
        let adopted = adopt(books, &exported(books, kept_from).await).await;
        for team in [&sales, &growth] {
            let usage = books.ledger().usage(team.clone()).await.unwrap().unwrap();
            let again = adopted.ledger().usage(team.clone()).await.unwrap().unwrap();
            // What a lost store kept counts towards no limit.
            assert_eq!(again, Usage { uses: again.uses.clone(), ..usage });
            assert!(again.uses.iter().all(|(_, used)| *used == 0), "{again:?}");
        }
        let journal = books.ledger().journal(kept_from, 99).await;
        assert_eq!(adopted.ledger().journal(0, 99).await, journal);
        assert_eq!(adopted.ledger().roster().await, books.ledger().roster().await);
        assert_eq!(adopted.ledger().begin(EPOCH).await, Ok(Beginning::Found(EPOCH)));
        let next = adopted.ask(&sales, EMAIL, &["cyd"]).await;
        assert_eq!(adopted.job(first(next)).await.state, State::Ready, "business goes on");
    }
}

pub(super) async fn what_was_reserved_is_unresolved_until_an_operator_says(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let ready = books.ask(&sales, EMAIL, &["ada"]).await;
    let sent = books.ask(&sales, EMAIL, &["bob", "cyd"]).await;
    books.send(first(sent)).await;
    let adopted = lost_and_adopted(books).await;
    assert_eq!(adopted.email(&sales).await, "spent=0 reserved=0 unresolved=4.5");
    assert_eq!(adopted.period(&sales, 0).await, "spent=0 reserved=0 unresolved=4.5");
    let journal = adopted.journal().await;
    let lost: Vec<_> = journal.iter().filter(|entry| entry.fact == Fact::Lost).collect();
    assert_eq!(lost.iter().map(|entry| entry.batch).collect::<Vec<_>>(), [Some(ready), Some(sent)]);
    assert_eq!(adopted.job(first(sent)).await.state, State::Unresolved(Reason::StoreLost));
    assert_eq!(adopted.ledger().glance().await.unwrap().unresolved, 2);
    assert_eq!(adopted.ledger().read(sales.clone(), sent, 0, 9).await, Ok(None));

    super::resolving::resolve(&adopted, sent, "1").await;
    adopted
        .ledger()
        .resolve(Resolution { batch: ready, charged: Charged::Nothing, note: None })
        .await
        .unwrap();
    assert_eq!(adopted.email(&sales).await, "spent=1 reserved=0 unresolved=0");
    assert_eq!(adopted.period(&sales, 0).await, "spent=1 reserved=0 unresolved=0");
    adopted.balance().await;
}

pub(super) async fn what_was_unresolved_stays_so_in_every_period(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let lost = books.ask(&sales, EMAIL, &["ada"]).await;
    books.lose(first(lost)).await;
    books.pass(HOUR);
    // The quota is newer than what is open, and counts it all the same.
    books.team("sales", &[quota(Period::Day, "9")]).await;
    let adopted = lost_and_adopted(books).await;
    assert_eq!(adopted.period(&sales, 0).await, "spent=0 reserved=0 unresolved=1.5");
    super::resolving::resolve(&adopted, lost, "0.5").await;
    assert_eq!(adopted.period(&sales, 0).await, "spent=0.5 reserved=0 unresolved=0");
    assert_eq!(adopted.email(&sales).await, "spent=0.5 reserved=0 unresolved=0");
}

pub(super) async fn what_no_entry_tells_of_is_unresolved_all_the_same(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let growth = books.team("growth", &[]).await;
    books.ask(&sales, EMAIL, &["ada"]).await;
    let gone = books.ask(&sales, EMAIL, &["bob"]).await;
    books.lose(first(gone)).await;
    books.ask(&growth, NONE, &["cyd"]).await;
    let known = exported(books, 0).await;
    let unknown = Inheritance { open: BTreeMap::new(), ..known.inheritance };
    let adopted = adopt(books, &Exported { inheritance: unknown, ..known }).await;
    assert_eq!(adopted.email(&sales).await, "spent=0 reserved=0 unresolved=3");
    assert_eq!(adopted.period(&sales, 0).await, "spent=0 reserved=0 unresolved=3");
    assert_eq!(adopted.email(&growth).await, "spent=0 reserved=0 unresolved=0.5");
    // No period begins to count it a second time.
    adopted.team("sales", &[quota(Period::Day, "9"), quota(Period::Week, "9")]).await;
    for quota in [0, 1] {
        assert_eq!(adopted.period(&sales, quota).await, "spent=0 reserved=0 unresolved=3");
    }
    adopted.balance().await;
    let jobs = adopted.dump().await.into_iter().filter(|row| row.starts_with("jobs ")).count();
    assert_eq!(jobs, 2, "one for each team");
    // A quota that is counted again counts what all time counts, and no other part besides.
    adopted.team("sales", &[]).await;
    adopted.team("sales", &[quota(Period::Day, "9")]).await;
    assert_eq!(adopted.period(&sales, 0).await, "spent=0 reserved=0 unresolved=3");
    adopted.balance().await;
}

pub(super) async fn a_quota_new_after_an_adoption_has_missed_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.ask(&sales, EMAIL, &["old"]).await;
    books.pass(DAY);
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&sales, NONE, &["bob"]).await;
    let adopted = lost_and_adopted(books).await;
    adopted.team("sales", &[quota(Period::Day, "9"), quota(Period::Month, "9")]).await;
    assert_eq!(adopted.period(&sales, 0).await, "spent=1.5 reserved=0 unresolved=0.5");
    assert_eq!(adopted.period(&sales, 1).await, "spent=1.5 reserved=0 unresolved=2");
    adopted.balance().await;
}

pub(super) async fn nothing_is_adopted_where_there_are_books(books: &Books<impl Store>) {
    books.team("sales", &[]).await;
    let Exported { legacy, inheritance, .. } = exported(books, 0).await;
    let before = books.dump().await;
    let answer = books.ledger().begin_adoption(legacy).await.unwrap();
    let Adoptable::Occupied(holdings) = answer else { panic!("{answer:?}") };
    assert_eq!((holdings.teams, holdings.next_entry), (1, 0));
    let nothing = |outcome| matches!(outcome, Err(LedgerError::Invariant(_)));
    assert!(nothing(books.ledger().adopt_entries(0, vec![]).await.map(drop)));
    assert!(nothing(books.ledger().end_adoption(inheritance).await));
    assert_eq!(books.dump().await, before);
}

pub(super) async fn an_adoption_that_was_cut_goes_on_where_it_was<S: Store>(books: &Books<S>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
    let known = exported(books, 0).await;
    let whole = adopt(books, &known).await;

    let cut = books.beside().await;
    cut.pass_until(books.now());
    let ledger = cut.ledger();
    let Exported { legacy, entries, inheritance } = known;
    ledger.begin_adoption(legacy.clone()).await.unwrap();
    assert_eq!(ledger.adopt_entries(0, entries[..1].to_vec()).await, Ok(1));
    let other = Legacy { epoch: Epoch::from_number(8), ..legacy.clone() };
    let answer = ledger.begin_adoption(other).await.unwrap();
    assert!(matches!(answer, Adoptable::Occupied(_)), "by other books");
    assert_eq!(ledger.begin(EPOCH).await, Ok(Beginning::Adopting(EPOCH)), "nobody is let in");
    assert!(ledger.adopt_entries(2, entries[2..].to_vec()).await.is_err(), "one is missing");

    assert_eq!(ledger.begin_adoption(legacy).await, Ok(Adoptable::From(1)));
    let count = u64::try_from(entries.len()).unwrap();
    assert_eq!(ledger.adopt_entries(0, entries.clone()).await, Ok(count));
    assert_eq!(ledger.adopt_entries(0, entries).await, Ok(count));
    for _ in 0..2 {
        ledger.end_adoption(inheritance.clone()).await.unwrap();
        assert_eq!(cut.dump().await, whole.dump().await);
    }
}

pub(super) async fn no_answer_comes_to_a_job_that_was_lost(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let sent = first(books.ask(&sales, EMAIL, &["ada"]).await);
    books.begin_send(sent).await;
    let adopted = lost_and_adopted(books).await;
    let before = adopted.dump().await;
    // Whoever was at it when the store was lost comes home late.
    assert_eq!(adopted.bind(sent, 700).await, Err(LedgerError::Fenced));
    for evidence in [&[found("ada", EMAIL)][..], &[]] {
        assert_eq!(adopted.try_settle(sent, evidence).await, Err(LedgerError::Fenced));
    }
    assert_eq!(adopted.dump().await, before);
}

pub(super) async fn adopted_books_can_be_adopted_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
    let known = exported(books, 0).await;
    let unknown = Inheritance { open: BTreeMap::new(), ..known.inheritance.clone() };
    for inheritance in [known.inheritance.clone(), unknown] {
        let once =
            Exported { inheritance, legacy: known.legacy.clone(), ..exported(books, 0).await };
        let once = adopt(books, &once).await;
        once.ask(&sales, EMAIL, &["cyd"]).await;
        let twice = lost_and_adopted(&once).await;
        assert_eq!(twice.total(&sales, Unit::Email).await, "spent=1.5 reserved=0 unresolved=3");
        assert_eq!(twice.period(&sales, 0).await, "spent=1.5 reserved=0 unresolved=3");
    }
}
