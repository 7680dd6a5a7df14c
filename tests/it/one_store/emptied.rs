//! A Redis that was emptied: nobody takes it for new books as long as anybody knows the old.

use std::time::Duration;

use super::{OneStore, people, refused, why_not_ready};
use crate::support::vendor::taking;
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emptied_redis_no_books_are_begun_and_operators_are_told_what_to_do() {
    let mut store = OneStore::start(2, taking(Duration::from_millis(30))).await;
    let callers = store.team("sales").await;
    callers[0].enrich_retrying(&people(0, 1)).await;
    store.server.empty().await;
    store.server.kill_hard();
    store.server.start_again().await;

    for (gateway, caller) in store.gateways.replicas.iter().zip(&callers) {
        for person in [0, 1] {
            refused(caller, &people(person, 1)).await;
        }
        eventually("operators are told", async || {
            let why = why_not_ready(gateway).await;
            why.is_some_and(|why| why.contains("tollgate ledger adopt"))
        })
        .await;
    }
    assert_eq!(store.vendor.leads_received().len(), 1, "nobody is paid for behind the books");
    let left: u64 = store.server.ask(&["DBSIZE"]).await;
    assert_eq!(left, 0, "nothing is written");
}
