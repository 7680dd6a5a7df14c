//! A Redis that is away, or answers nothing, or takes nothing: whoever asks is told soon, nothing is
//! sent, and once it is back all goes on by itself.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;
use tollgate::sandbox::{Faults, Operation};

use super::{OneStore, SINGLE, SOON, people, refused, why_not_ready};
use crate::support::asking::batch;
use crate::support::gateways::SECRET;
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::redis::{Proxy, Server, Wire};
use crate::support::vendor::{self, held, taking};
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_redis_killed_everything_is_refused_until_it_is_back() {
    refused_until_healed(
        async |store| store.server.kill_hard(),
        async |store| store.server.start_again().await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_redis_that_stands_still_everything_is_refused_until_it_goes_on() {
    refused_until_healed(
        async |store| store.server.pause().await,
        async |store| store.server.resume(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_redis_that_is_full_everything_is_refused_until_there_is_room() {
    refused_until_healed(
        async |store| store.server.fill_up().await,
        async |store| store.server.make_room().await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_wire_cut_everything_is_refused_until_it_is_mended() {
    refused_until_healed(
        async |store| store.wire.set(Wire::Cut).await,
        async |store| store.wire.set(Wire::Whole).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_wire_that_dangles_everything_is_refused_until_it_is_mended() {
    refused_until_healed(
        async |store| store.wire.set(Wire::Dangling).await,
        async |store| store.wire.set(Wire::Whole).await,
    )
    .await;
}

/// What callers and operators are told from a strike on, and that one process lives through it all.
async fn refused_until_healed(
    strike: impl AsyncFnOnce(&mut OneStore),
    heal: impl AsyncFnOnce(&mut OneStore),
) {
    let mut store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    let known = team.enrich_retrying(&people(0, 1)).await.id();
    strike(&mut store).await;

    let gateway = store.one();
    for _ in 0..3 {
        refused(&team, &people(1, 1)).await;
        let read = timeout(SOON, team.get(&batch(known))).await.expect("readers are told soon");
        assert!([200, 503].contains(&read.status), "{read:?}");
    }
    eventually("operators are told", async || {
        let why = why_not_ready(gateway).await;
        why.is_some_and(|why| why.contains("store: ")) && !is_store_up(gateway).await
    })
    .await;
    assert_eq!(store.vendor.leads_received().len(), 1, "nothing is sent that is not on the books");

    heal(&mut store).await;
    store.gateways.replicas[0].ready().await;
    eventually("the store is seen to be up", async || is_store_up(store.one()).await).await;
    // What was refused with its outcome unknown may have been admitted: it is paid once.
    assert_eq!(team.enrich_retrying(&people(1, 1)).await.body["status"], "completed");
    assert_eq!(store.vendor.leads_received().len(), 2);
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_started_while_its_redis_is_away_is_ready_once_it_comes() {
    let server = Server::start().await;
    let wire = Proxy::before(server.address()).await;
    wire.set(Wire::Cut).await;
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let mut gateway = Process::not_yet(address, &wire.url(), &[SECRET, SINGLE]);
    gateway.launch();
    let operator = gateway.operator();
    eventually("it says why it is not ready", async || {
        let told = operator.try_send(operator.request(Method::GET, "/readyz")).await;
        told.is_some_and(|told| told.status == 503 && told.text.contains("store: "))
    })
    .await;
    let key = format!("tg_{}_{}", "0".repeat(16), "0".repeat(64));
    refused(&gateway.caller(&key), &people(0, 1)).await;

    wire.set(Wire::Whole).await;
    gateway.ready().await;
    let ended = gateway.team("sales").await.enrich_retrying(&people(0, 1)).await;
    assert_eq!(ended.body["status"], json!("completed"));
    gateway.balance(&judge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_started_while_its_redis_is_full_is_ready_once_there_is_room() {
    let mut store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    store.gateways.replicas[0].kill();
    store.server.fill_up().await;
    store.gateways.replicas[0].launch();
    let operator = store.one().operator();
    eventually("it says why it is not ready", async || {
        let told = operator.try_send(operator.request(Method::GET, "/readyz")).await;
        told.is_some_and(|told| told.status == 503 && told.text.contains("OOM"))
    })
    .await;
    refused(&team, &people(0, 1)).await;

    store.server.make_room().await;
    store.gateways.replicas[0].ready().await;
    assert_eq!(team.enrich_retrying(&people(0, 1)).await.body["status"], "completed");
    store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_settled_though_the_redis_is_full_by_then() {
    let store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    store.vendor.set_faults(held(Operation::Read));
    let id = team.start_retrying(&people(0, 5)).await.id();
    eventually("the vendor took it", async || store.vendor.posts_received() == 1).await;
    store.server.fill_up().await;
    store.vendor.set_faults(Faults::default());
    let ended = team.ended(id).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    assert_eq!(ended.results()[4]["status"], "enriched", "{ended:?}");
    refused(&team, &people(5, 1)).await;
    store.server.make_room().await;
    store.balance().await;
}

async fn is_store_up(gateway: &Process) -> bool {
    Scrape::of(&gateway.operator()).await.value("tollgate_store_up") == Some(1.0)
}
