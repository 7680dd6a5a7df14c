//! Large batches on a Redis: they settle beside everything else, and read each page of the vendor's
//! once.

use serde_json::{Value, json};
use tollgate::sandbox::Options;

use super::{OneStore, people, post};
use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::metrics::Scrape;
use crate::support::vendor::taking;
use crate::support::wait::eventually;

/// What a page of the vendor's holds.
const PAGE: usize = 100;

/// Pages of the vendor's that were read to their end, by all replicas.
async fn pages_read(store: &OneStore) -> f64 {
    let series =
        "tollgate_vendor_request_duration_seconds_count{operation=\"read\",outcome=\"ended\"";
    let mut read = 0.0;
    for replica in &store.gateways.replicas {
        read += Scrape::of(&replica.operator()).await.sum(series);
    }
    read
}

async fn has_ended(client: &Client, id: u64) -> bool {
    let answer = client.get(&batch(id)).await;
    answer.status == 200 && answer.has_ended()
}

/// Somebody new at each look-up.
fn look_up(n: usize) -> String {
    format!("/people/find?linkedin_url=linkedin.com/in/found-{n}-reachable&reveal_email=true")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_settles_beside_look_ups_and_joiners() {
    const LEADS: usize = 2_000;
    let store = OneStore::start(2, Options::default()).await;
    let (sales, growth) = (store.team("sales").await, store.team("growth").await);
    let accepted = post(&sales[0], &people(0, LEADS)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let id = accepted.id();
    let mut rounds = 0;
    while !has_ended(&sales[1], id).await {
        let (find, join) = (look_up(rounds), people(rounds * 7 % LEADS, 1));
        let (of_sales, of_growth, joined) = tokio::join!(
            sales[rounds % 2].get(&find),
            growth[rounds % 2].get(&find),
            growth[rounds % 2].post(BATCHES, &join),
        );
        for answer in [of_sales, of_growth] {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        assert_eq!(joined.status, 202, "{joined:?}");
        rounds += 1;
        assert!(rounds < 1_000, "the batch does not settle");
    }
    let ended = sales[0].read(id).await;
    assert_eq!(ended.body["status"], "completed", "{}", ended.body["status"]);
    assert_eq!(ended.header("tollgate-credits-spent"), Some("email=3000, phone=0"));
    eventually("the joiners are answered", async || {
        let usage = growth[0].get("/gateway/v1/usage").await;
        usage.body["totals"]["email"]["reserved"] == json!(0)
    })
    .await;
    #[expect(clippy::cast_precision_loss, reason = "few pages")]
    let pages = (LEADS / PAGE) as f64;
    assert_eq!(pages_read(&store).await, pages, "each page is read once");
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_that_was_sent_settles_while_memory_is_full() {
    let store = OneStore::start(1, taking(std::time::Duration::from_millis(500))).await;
    let sales = store.team("sales").await;
    let accepted = post(&sales[0], &people(0, 1_200)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    eventually("the vendor has it", async || store.vendor.posts_received() == 1).await;
    let bound = "tollgate_batches{state=\"processing\"}";
    eventually("it is on the books", async || {
        Scrape::of(&store.one().operator()).await.value(bound) == Some(1.0)
    })
    .await;
    store.server.fill_up().await;
    eventually("it settles", async || has_ended(&sales[0], accepted.id()).await).await;
    let ended: Value = sales[0].read(accepted.id()).await.body;
    assert_eq!(ended["status"], "completed");
    store.server.make_room().await;
    store.balance().await;
}
