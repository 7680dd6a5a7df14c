//! Looking people up through several replicas: asked once, waited for across them, and brought to its
//! end when the one that asked is killed.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{OneStore, SINGLE};
use crate::support::client::{Answer, Client};
use crate::support::gateways::Gateways;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// By then another has taken over the work of one that died: its turn, a quiet time, and a little.
const TAKEN_OVER: Duration = Duration::from_secs(45);

async fn find(team: &Client) -> Answer {
    team.get("/people/find?linkedin_url=linkedin.com/in/ada-reachable&reveal_email=true").await
}

fn late(operation: Operation, by: Duration) -> Rule {
    Rule::always(operation, FaultKind::LatencyMs(u64::try_from(by.as_millis()).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_looked_up_through_every_replica_at_once_is_asked_for_once() {
    let store = OneStore::start(2, taking(Duration::from_millis(30))).await;
    let callers = store.team("sales").await;
    store.vendor.set_faults(Faults::of([late(Operation::Find, Duration::from_millis(500))]));
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
    let settings = [SINGLE, "vendor.timeout=1m"];
    let mut dies = Gateways::start(1, address, &server.url(), &settings).await;
    let team = dies.replicas[0].team("sales").await;
    judge.set_faults(Faults::of([late(Operation::Find, TAKEN_OVER * 2).times(1)]));
    let mut looking_up = JoinSet::new();
    looking_up.spawn({
        let team = team.clone();
        async move { timeout(TAKEN_OVER, find(&team)).await.is_ok() }
    });
    eventually("the vendor took it", async || judge.look_ups_received() == 1).await;
    // Whoever comes later was not the one to send it.
    let others = Gateways::start(1, address, &server.url(), &settings).await;
    dies.replicas[0].kill();
    looking_up.abort_all();

    let caller = others.replicas[0].caller(&team.key);
    eventually("another took it over", async || find(&caller).await.status == 200).await;
    assert_eq!(judge.look_ups_received(), 2, "nobody had heard the answer");
    others.replicas[0].balance(&judge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_under_way_at_a_kill_is_found_answered_after_the_next_start() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = crate::support::process::Process::start(address, data.path(), &[]).await;
    let team = gateway.team("sales").await;
    judge.set_faults(Faults::of([late(Operation::Find, Duration::from_secs(1)).times(1)]));
    let mut looking_up = JoinSet::new();
    looking_up.spawn({
        let team = team.clone();
        async move { timeout(TAKEN_OVER, find(&team)).await.is_ok() }
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
