//! What a scrape of the metrics asks of the store.

use std::ops::Range;

use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::transition::report::Glance;

use super::Metered;
use crate::ledger::books::{Books, first};
use crate::ledger::named::{NONE, found};

/// Buys so many persons, and loses so many jobs.
async fn buy_and_lose(books: &Books<Metered>, team: &TeamId, people: Range<usize>) {
    for n in people {
        let bought = format!("bought {n}");
        books.buy(team, NONE, &[&bought], &[found(&bought, NONE)]).await;
        let lost = books.ask(team, NONE, &[&format!("lost {n}")]).await;
        books.lose(first(lost)).await;
    }
}

/// A glance at the books, and how many round trips it takes.
async fn glance(books: &Books<Metered>) -> (Glance, u64) {
    let before = books.ledger().proxy.round_trips();
    let glance = books.ledger().glance().await.unwrap();
    (glance, books.ledger().proxy.round_trips() - before)
}

#[tokio::test]
async fn a_scrape_reads_as_often_however_many_jobs_are_settled_or_unresolved() {
    let books = Books::<Metered>::open().await;
    let sales = books.team("sales", &[]).await;
    buy_and_lose(&books, &sales, 0..1).await;
    books.ask(&sales, NONE, &["waits"]).await;
    let (_, little) = glance(&books).await;
    buy_and_lose(&books, &sales, 1..120).await;
    let (glanced, much) = glance(&books).await;
    assert_eq!((glanced.queued, glanced.processing, glanced.unresolved), (1, 0, 120));
    assert!(much <= little, "{much} round trips instead of {little}");
    books.balance().await;
}
