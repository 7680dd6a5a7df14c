//! A POST that is repeated, and reaches another replica.

use std::time::Duration;

use reqwest::Method;
use tokio::task::JoinSet;

use super::{OneStore, people};
use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::vendor::taking;

const REPLICAS: usize = 2;

async fn named(team: &Client, key: &str) -> Answer {
    let request = team.request(Method::POST, BATCHES).header("content-type", "application/json");
    let request = request.header("idempotency-key", key).body(people(0, 2).to_string());
    team.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_at_another_replica_is_answered_with_the_first_ones_batch() {
    let store = OneStore::start(REPLICAS, taking(Duration::from_millis(300))).await;
    let team = store.team("sales").await;
    let first = named(&team[0], "k").await;
    assert_eq!((first.status, first.header("tollgate-replayed")), (202, None));
    let again = named(&team[1], "k").await;
    assert_eq!((again.status, again.header("tollgate-replayed")), (202, Some("?1")));
    assert_eq!(again.id(), first.id());

    let mut posts = JoinSet::new();
    for n in 0..20 {
        let team = team[n % REPLICAS].clone();
        posts.spawn(async move { named(&team, "of-twenty").await });
    }
    let answers = posts.join_all().await;
    let new = answers.iter().filter(|answer| answer.header("tollgate-replayed").is_none());
    assert_eq!(new.count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.id() == answers[0].id()), "{answers:?}");
    for id in [first.id(), answers[0].id()] {
        team[1].ended(id).await;
    }
    assert_eq!(store.vendor.leads_received().len(), 2);
    store.balance().await;
}
