//! A Redis that stands still for a moment while one team has more requests under way than it takes steps.

use std::time::Duration;

use tokio::task::JoinSet;

use super::OneStore;
use crate::support::vendor::taking;

const USAGE: &str = "/gateway/v1/usage";

/// More than a replica takes steps at once.
const CROWD: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn a_team_with_many_requests_under_way_leaves_steps_to_another_team() {
    let store = OneStore::start(1, taking(Duration::ZERO)).await;
    let (sales, growth) = (store.team("sales").await, store.team("growth").await);
    for team in [&sales[0], &growth[0]] {
        assert_eq!(team.get(USAGE).await.status, 200);
    }
    let () = store.server.ask(&["CLIENT", "PAUSE", "800", "ALL"]).await;
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD {
        let team = sales[0].clone();
        crowd.spawn(async move { team.get(USAGE).await });
    }
    let mut asks = JoinSet::new();
    for _ in 0..20 {
        let team = growth[0].clone();
        asks.spawn(async move { team.get(USAGE).await });
    }
    for answer in asks.join_all().await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    crowd.join_all().await;
    store.balance().await;
}
