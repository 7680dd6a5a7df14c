//! Numbers of batches: given once, also by books that were restored.

use tollgate::ledger::Ledger;
use tollgate::ledger::transition::numbering::Taking;

use super::adopting::{adopt, export};
use super::books::{Books, HOUR, first};
use super::named::EMAIL;
use super::store::Store;

/// A block, as a process takes it that took one before.
fn further(count: u64) -> Taking {
    Taking { count, least: 0, first: None }
}

async fn take(books: &Books<impl Store>, taking: Taking) -> u64 {
    books.ledger().take_numbers(taking).await.unwrap()
}

pub(super) async fn numbers_begin_with_one_and_follow_one_another(books: &Books<impl Store>) {
    assert_eq!(take(books, further(50)).await, 1);
    assert_eq!(take(books, further(7)).await, 51);
    assert_eq!(take(books, further(1)).await, 58);
    let above = Taking { least: 1_000, ..further(1) };
    assert_eq!(take(books, above).await, 1_000, "none below what the process has given");
    assert_eq!(take(books, further(1)).await, 1_001);
}

pub(super) async fn a_process_passes_over_what_the_books_may_have_forgotten(
    books: &Books<impl Store>,
) {
    take(books, further(50)).await;
    let beginning = |by_chance| Taking { first: Some(by_chance), ..further(50) };
    assert_eq!(take(books, beginning(7)).await, 51 + 10_000 + 7, "a copy that was just taken");
    books.pass(HOUR);
    let an_hour = 4 * 3_600;
    assert_eq!(take(books, beginning(0)).await, 10_108 + 10_000 + an_hour);
    books.pass(HOUR * 24 * 365 * 50);
    let bounded = take(books, beginning(0)).await;
    assert!(bounded < 10_000_000, "a clock that is wrong takes no more than a week of them");
}

pub(super) async fn adopted_books_give_none_that_the_lost_ones_gave(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    take(books, further(50)).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    let exported = export(books, &books.journal().await, 0).await;
    let adopted = adopt(books, &exported).await;
    let next = take(&adopted, further(1)).await;
    assert!(next > batch.get() + 1_000_000, "{next}: the export may lack the last of them");
    assert!(next < 1 << 22, "{next}");
}
