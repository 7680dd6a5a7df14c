//! A request that is repeated, and reaches another replica.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{OneStore, people};
use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::vendor::taking;

const REPLICAS: usize = 2;

async fn named(team: &Client, key: &str) -> Answer {
    let request = team.json(Method::POST, BATCHES, &people(0, 2));
    team.insist(request.header("idempotency-key", key)).await
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

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_identical_calls_at_two_replicas_one_is_made() {
    let priced = ["server.replay_window=5m", "routes.\"/people/search\"={ email = 1 }"];
    let store = OneStore::with(REPLICAS, taking(Duration::from_millis(30)), &priced).await;
    let slow = Rule::always(Operation::Elsewhere, FaultKind::LatencyMs(300));
    store.vendor.set_faults(Faults::of([slow]));
    let team = store.team("sales").await;
    let mut posts = JoinSet::new();
    for n in 0..20 {
        let team = team[n % REPLICAS].clone();
        posts.spawn(async move { team.post("/people/search", &json!({"titles": ["cto"]})).await });
    }
    let answers = posts.join_all().await;
    let new = answers.iter().filter(|answer| {
        assert!([201, 503].contains(&answer.status), "{answer:?}");
        answer.status == 201 && answer.header("tollgate-replayed").is_none()
    });
    assert_eq!(new.count(), 1, "{answers:?}");
    for team in &team {
        let again = team.post("/people/search", &json!({"titles": ["cto"]})).await;
        assert_eq!((again.status, again.header("tollgate-replayed")), (201, Some("?1")));
    }
    assert_eq!(store.vendor.bill().entries.len(), 1);
    store.balance().await;
}
