//! Reading: by its own team only, in order, for nothing, whatever state it is in.

use tollgate::domain::time::Timestamp;
use tollgate::ledger::Ledger;
use tollgate::ledger::step::Evidence;
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, HOUR, first};
use super::named::{EMAIL, NONE, found};
use super::store::Store;

pub(super) async fn another_team_reads_nothing(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let batch = books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let joined = books.ask(&growth, NONE, &["ada"]).await;
    assert_eq!(books.ledger().read(growth.clone(), batch, 0, 9).await, Ok(None));
    assert_eq!(books.ledger().read(sales.clone(), joined, 0, 9).await, Ok(None));
    books.ledger().close_team(sales.clone()).await.unwrap();
    assert_eq!(books.ledger().read(sales, batch, 0, 9).await, Ok(None));
}

pub(super) async fn reading_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let before = books.dump().await;
    books.pass(HOUR);
    let reading = books.read(&sales, batch).await;
    books.pass(HOUR);
    assert_eq!(books.read(&sales, batch).await, reading);
    assert_eq!(books.dump().await, before);
}

pub(super) async fn leads_stand_in_the_order_they_were_asked_in(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["known"], &[found("known", NONE)]).await;
    let batch = books.ask(&sales, NONE, &["ada", "known", "nemo", "ada"]).await;
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", NONE), Evidence::NotFound]).await;
    let [ada, known, nemo, again] = books.read(&sales, batch).await.leads[..] else { panic!() };
    assert_eq!(
        ada.result().map(|result| (result.at.job, result.at.index)),
        Some((first(batch), 0))
    );
    assert!(known.result().is_some_and(|result| result.at.job != first(batch)));
    assert_eq!(nemo, LeadReading::NotFound);
    assert_eq!(again, ada);
}

pub(super) async fn a_page_is_a_range_of_the_leads(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let names: Vec<_> = (0..1200).map(|n| n.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let evidence: Vec<_> = names.iter().map(|name| found(name, NONE)).collect();
    let batch = books.buy(&sales, NONE, &names, &evidence).await;
    for (from, to) in [(0, 3), (498, 502), (1199, 1300), (1200, 1300), (7, 7), (0, u32::MAX)] {
        let reading = books.ledger().read(sales.clone(), batch, from, to).await.unwrap().unwrap();
        let read: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
        let indexes: Vec<_> = read.iter().map(|result| result.at.index).collect();
        assert_eq!(indexes, (from..to.min(1200)).collect::<Vec<_>>());
    }
}

pub(super) async fn a_batch_is_queued_then_processing_then_completed(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, NONE, &["ada", "nemo"]).await;
    let status = async || books.read(&sales, batch).await.status;
    assert_eq!(status().await, Status::Queued);
    books.begin_send(first(batch)).await;
    assert_eq!(status().await, Status::Processing);
    assert_eq!(books.read(&sales, batch).await.next_look, Some(books.now()), "it is being sent");
    books.unanswered(first(batch)).await;
    assert_eq!(status().await, Status::Processing);
    books.bind(first(batch), 1).await.unwrap();
    assert_eq!(status().await, Status::Processing);
    assert!(books.read(&sales, batch).await.next_look > Some(books.now()));
    books.pass(HOUR);
    books.settle(first(batch), &[found("ada", NONE), Evidence::NotFound]).await;
    let reading = books.read(&sales, batch).await;
    assert_eq!((reading.status, reading.ended_at), (Status::Completed, Some(books.now())));
    assert_eq!(reading.next_look, None);
}

pub(super) async fn what_the_vendor_did_not_take_is_still_queued(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, NONE, &["ada"]).await;
    books.begin_send(first(batch)).await;
    let lease = books.lease_of(first(batch)).await;
    books.ledger().put_back(first(batch), lease, Timestamp::EPOCH).await.unwrap();
    assert_eq!(books.read(&sales, batch).await.status, Status::Queued);
}

pub(super) async fn a_batch_without_leads_is_completed(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, NONE, &[]).await;
    assert_eq!(books.read(&sales, batch).await.status, Status::Completed);
}
