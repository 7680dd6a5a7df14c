//! Trimming: entries that are old and exported leave the journal, and the books still agree.

use tollgate::domain::period::Period;
use tollgate::ledger::Ledger;
use tollgate::ledger::step::{Charged, Resolution};
use tollgate::ledger::transition::trim::Trim;

use super::books::{Books, DAY, first, quota};
use super::named::{EMAIL, found};
use super::store::Store;

pub(super) const KEEP_DAYS: u32 = 40;

/// Trims what may go, two entries at a time; answers how many went.
pub(super) async fn trim<S: Store>(books: &Books<S>, exported: u64) -> usize {
    let trim = Trim { keep: DAY * KEEP_DAYS, exported, limit: 2 };
    let mut trimmed = 0;
    loop {
        match books.ledger().trim(trim).await.unwrap() {
            0 => return trimmed,
            more => trimmed += more,
        }
    }
}

pub(super) async fn what_is_old_and_exported_goes_and_the_books_still_agree(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Month, "99")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = books.ask(&sales, EMAIL, &["bob"]).await;
    books.lose(first(lost)).await;
    let before = books.journal().await.len();
    books.pass(DAY * (KEEP_DAYS + 1));
    books.buy(&sales, EMAIL, &["cyd"], &[found("cyd", EMAIL)]).await;
    let all = books.journal().await;

    assert_eq!(trim(books, u64::MAX).await, before);
    assert_eq!(books.journal().await, all[before..]);
    let audit = books.ledger().audit().await.unwrap();
    assert_eq!(audit.mismatches, []);
    assert_eq!(audit.entries, u64::try_from(all.len() - before).unwrap());
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=1.5");

    // What trimmed entries left open still ends.
    let resolution = Resolution { batch: lost, charged: Charged::All, note: None };
    books.ledger().resolve(resolution).await.unwrap();
    assert_eq!(books.email(&sales).await, "spent=4.5 reserved=0 unresolved=0");
    let (number, _) = books.ledger().journal(0, usize::MAX).await.unwrap()[0];
    assert_eq!(number, u64::try_from(before).unwrap(), "no number is given twice");
}

pub(super) async fn what_is_young_or_not_exported_stays(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.pass(DAY * KEEP_DAYS);
    let before = books.dump().await;
    assert_eq!(trim(books, u64::MAX).await, 0, "not older than they are kept");
    books.pass(DAY);
    assert_eq!(trim(books, 0).await, 0, "not exported");
    assert_eq!(books.dump().await, before);
    assert_eq!(trim(books, 1).await, 1, "the first is exported");
    assert_eq!(books.ledger().holdings().await.unwrap().first_entry, 1);
}

pub(super) async fn a_quota_new_after_trimming_has_missed_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.pass(DAY * (KEEP_DAYS + 1));
    books.buy(&sales, EMAIL, &["bob"], &[found("bob", EMAIL)]).await;
    books.pass(DAY);
    books.ask(&sales, EMAIL, &["cyd"]).await;
    assert!(trim(books, u64::MAX).await > 0);
    books
        .team("sales", &[Period::Day, Period::Month, Period::Total].map(|of| quota(of, "9")))
        .await;
    assert_eq!(books.period(&sales, 0).await, "spent=0 reserved=1.5 unresolved=0");
    assert_eq!(books.period(&sales, 1).await, "spent=1.5 reserved=1.5 unresolved=0");
    assert_eq!(books.period(&sales, 2).await, "spent=3 reserved=1.5 unresolved=0");
}
