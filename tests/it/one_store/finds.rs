//! Looking people up through several replicas: asked once, waited for across them, and brought to its
//! end when the one that asked is killed.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{OneStore, SINGLE};
use crate::support::client::{Answer, Client};
use crate::support::gateways::Gateways;
use crate::support::redis::Server;
use crate::support::vendor::{self, held_once, taking};
use crate::support::wait::eventually;

const ADA: &str = "/people/find?linkedin_url=linkedin.com/in/ada-reachable&reveal_email=true";

/// Looks Ada up, and comes back as long as it is told to.
async fn find(team: &Client) -> Answer {
    team.insist_on(ADA).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_looked_up_through_every_replica_at_once_is_asked_for_once() {
    let store = OneStore::start(2, taking(Duration::from_millis(30))).await;
    let callers = store.team("sales").await;
    store.vendor.set_faults(Faults::of([Rule::always(Operation::Find, FaultKind::LatencyMs(500))]));
    let mut asking = JoinSet::new();
    for number in 0..20 {
        let caller = callers[number % callers.len()].clone();
        asking.spawn(async move { find(&caller).await });
    }
    for answer in asking.join_all().await {
        assert_eq!((answer.status, &answer.body["object"]), (200, &json!("person")), "{answer:?}");
    }
    assert_eq!(store.vendor.look_ups_received(), 1);
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_a_killed_replica_was_sending_another_brings_to_its_end() {
    let server = Server::start().await;
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let mut dies = Gateways::start(1, address, &server.url(), &[SINGLE]).await;
    let team = dies.replicas[0].team("sales").await;
    judge.set_faults(held_once(Operation::Find));
    let mut looking_up = JoinSet::new();
    looking_up.spawn({
        let team = team.clone();
        async move { team.try_send(team.request(Method::GET, ADA)).await }
    });
    eventually("the vendor took it", async || judge.look_ups_received() == 1).await;
    // Whoever comes later was not the one to send it.
    let others = Gateways::start(1, address, &server.url(), &[SINGLE]).await;
    dies.replicas[0].kill();
    looking_up.abort_all();

    let caller = others.replicas[0].caller(&team.key);
    assert_eq!(find(&caller).await.status, 200, "another took it over");
    assert_eq!(judge.look_ups_received(), 2, "nobody had heard the answer");
    others.replicas[0].balance(&judge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_under_way_at_a_kill_is_found_answered_after_the_next_start() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = crate::support::process::Process::start(address, data.path(), &[]).await;
    let team = gateway.team("sales").await;
    judge.set_faults(held_once(Operation::Find));
    let mut looking_up = JoinSet::new();
    looking_up.spawn({
        let team = team.clone();
        async move { team.try_send(team.request(Method::GET, ADA)).await }
    });
    eventually("the vendor took it", async || judge.look_ups_received() == 1).await;
    gateway.kill();
    looking_up.abort_all();
    let audit = gateway.run("audit");
    assert!(audit.status.success(), "{audit:?}");
    gateway.start_again().await;

    let found = find(&team).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(judge.look_ups_received(), 2, "nobody had heard the answer");
    gateway.balance(&judge).await;
}
