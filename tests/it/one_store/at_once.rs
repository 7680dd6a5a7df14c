//! Through three replicas at once.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::{OneStore, people};
use crate::support::asking::BATCHES;
use crate::support::vendor::taking;

const REPLICAS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn one_person_asked_for_through_three_replicas_is_sent_once_and_paid_once() {
    let store = OneStore::start(REPLICAS, taking(Duration::from_millis(300))).await;
    let (sales, growth) = (store.team("sales").await, store.team("growth").await);
    let mut asks = JoinSet::new();
    for _ in 0..5 {
        for caller in [&sales[..], &growth].concat() {
            asks.spawn(async move { caller.enrich_retrying(&people(0, 1)).await });
        }
    }
    for ended in asks.join_all().await {
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
        assert_eq!(ended.results()[0]["status"], "enriched", "{ended:?}");
    }
    assert_eq!(store.vendor.leads_received().len(), 1);
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_batches_through_three_replicas_as_many_are_admitted_as_the_quota_allows() {
    let store = OneStore::start(REPLICAS, taking(Duration::from_millis(300))).await;
    let quota = json!([{"unit": "email", "period": "total", "limit": 60}]);
    let team = store.one().team_with("sales", quota).await;
    let callers = store.gateways.callers(&team.key);
    let mut posts = JoinSet::new();
    for batch in 0..60 {
        let caller = callers[batch % REPLICAS].clone();
        posts.spawn(async move {
            // One that is sent again after a 503 is the same batch.
            let request = caller.json(Method::POST, BATCHES, &people(batch * 10, 10));
            caller.insist(request.header("idempotency-key", batch)).await
        });
    }
    let (mut admitted, mut refused) = (Vec::new(), 0);
    for answer in posts.join_all().await {
        match answer.status {
            202 => admitted.push(answer.id()),
            402 => refused += 1,
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!((admitted.len(), refused), (4, 56));
    for id in admitted {
        team.ended(id).await;
    }
    assert_eq!(store.vendor.leads_received().len(), 40);
    store.balance().await;
}
