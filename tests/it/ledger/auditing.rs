//! The audit: books that do not agree with their journal or their jobs are found out.

use tollgate::domain::credits::{Credits, Unit};
use tollgate::domain::period::{Period, PeriodId};
use tollgate::ledger::Ledger;
use tollgate::ledger::record::tally::{Tally, TallyKey};
use tollgate::ledger::transition::audit::Witness;

use super::books::{Books, first, quota};
use super::named::{EMAIL, found};
use super::store::Store;

pub(super) async fn honest_books_have_no_mismatch(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9"), quota(Period::Month, "9")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = books.ask(&sales, EMAIL, &["bob"]).await;
    books.lose(first(lost)).await;
    books.ask(&sales, EMAIL, &["cyd"]).await;
    let audit = books.ledger().audit().await.unwrap();
    assert_eq!(audit.mismatches, []);
    assert_eq!(audit.drift(), Credits::ZERO);
    // Of all time in both units, of the day and of the month.
    assert_eq!(audit.tallies, 4);
    assert_eq!(audit.entries, u64::try_from(books.journal().await.len()).unwrap());
}

pub(super) async fn a_counter_that_was_tampered_with_is_found(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
    let day = quota(Period::Day, "9").span(books.now()).id;
    for period in [PeriodId::total(), day] {
        let tally = TallyKey { team: sales.clone(), unit: Unit::Email, period };
        let whole = Credits::from_thousandths(1500);
        let honest = Tally { spent: whole, reserved: whole, ..Tally::default() };
        let more = Credits::from_thousandths(1501);
        for (forged, witnesses) in [
            (Tally { spent: more, ..honest }, &[Witness::Journal][..]),
            (Tally { reserved: more, ..honest }, &[Witness::Journal, Witness::Jobs]),
            (Tally { unresolved: more, ..honest }, &[Witness::Journal, Witness::Jobs]),
        ] {
            books.store.plant(tally.clone(), forged).await;
            let audit = books.ledger().audit().await.unwrap();
            let by: Vec<_> = audit.mismatches.iter().map(|mismatch| mismatch.by).collect();
            assert_eq!(by, witnesses, "{tally:?}");
            assert!(audit.mismatches.iter().all(|m| m.stands == forged && m.tally == tally));
            assert!(!audit.drift().is_zero());
        }
        books.store.plant(tally, honest).await;
    }
}
