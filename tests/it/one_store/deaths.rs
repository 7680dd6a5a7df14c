//! `kill -9` while a job is being sent: of the replica that sends it, and of the Redis.

use std::time::Duration;

use tollgate::sandbox::{Faults, Operation};

use super::{OneStore, SINGLE, people};
use crate::support::gateways::Gateways;
use crate::support::redis::Server;
use crate::support::vendor::{self, held_once, taking};
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_replica_was_sending_another_brings_to_its_end() {
    let server = Server::start().await;
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let mut dies = Gateways::start(1, address, &server.url(), &[SINGLE]).await;
    let team = dies.replicas[0].team("sales").await;
    judge.set_faults(held_once(Operation::Submit));
    let id = team.start_retrying(&people(0, 5)).await.id();
    eventually("the vendor took it", async || judge.posts_received() == 1).await;
    // Whoever comes later was not the one to send it.
    let others = Gateways::start(1, address, &server.url(), &[SINGLE]).await;
    dies.replicas[0].kill();

    let ended = others.replicas[0].caller(&team.key).ended(id).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    assert_eq!(judge.posts_received(), 2, "nobody knew the vendor's name for it");
    others.replicas[0].balance(&judge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_killed_while_a_job_is_sent_still_hears_what_became_of_it() {
    let mut store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    store.vendor.set_faults(held_once(Operation::Submit));
    let id = team.start_retrying(&people(0, 5)).await.id();
    eventually("the vendor took it", async || store.vendor.posts_received() == 1).await;
    store.server.kill_hard();
    let gateway = store.one();
    eventually("the gateway misses it", async || super::why_not_ready(gateway).await.is_some())
        .await;
    store.vendor.set_faults(Faults::default());
    store.server.start_again().await;

    store.gateways.heal().await;
    assert_eq!(team.ended(id).await.body["status"], "completed");
    assert_eq!(store.vendor.posts_received(), 1, "the vendor's answer was written down");
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_and_its_redis_killed_while_a_job_is_sent_lose_nothing() {
    let mut store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    store.vendor.set_faults(held_once(Operation::Submit));
    let id = team.start_retrying(&people(0, 5)).await.id();
    eventually("the vendor took it", async || store.vendor.posts_received() == 1).await;
    store.server.kill_hard();
    store.gateways.replicas[0].kill();
    store.server.start_again().await;
    store.gateways.heal().await;

    let ended = team.ended(id).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    store.balance().await;
}
