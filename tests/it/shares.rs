//! One team that sends more than there is room for, and another whose requests find room all the same.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

const ESTIMATES: &str = "/gateway/v1/estimates";

/// How many times the honest team asks for everything it may.
const ROUNDS: usize = 20;

fn leads(first: usize, count: usize) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"leads": (first..first + count).map(lead).collect::<Vec<_>>()})
}

/// A request whose body has begun and never ends.
async fn endless(gateway: &TestGateway, team: &Client, headers: &str, begins: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.app.callers).await.unwrap();
    let head = format!(
        "POST {BATCHES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: \
         application/json\r\nconnection: close\r\n{headers}\r\n",
        team.key
    );
    stream.write_all(&[head.as_bytes(), begins].concat()).await.unwrap();
    stream
}

/// A packed body in chunks, of so many blanks and without an end.
async fn endless_gzip(gateway: &TestGateway, team: &Client, bytes: usize) -> TcpStream {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; bytes]).unwrap();
    packed.flush().unwrap();
    let packed = packed.get_ref();
    let chunk = [format!("{:x}\r\n", packed.len()).as_bytes(), packed, b"\r\n"].concat();
    let headers = "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n";
    endless(gateway, team, headers, &chunk).await
}

/// Asks for everything that takes a body, and cancels; nothing is refused.
async fn all_is_answered(team: &Client, round: usize) {
    let started = team.post(BATCHES, &leads(round, 1)).await;
    assert_eq!(started.status, 202, "{started:?}");
    let estimate = team.post(ESTIMATES, &leads(round, 3)).await;
    assert_eq!(estimate.status, 200, "{estimate:?}");
    let emails = json!({"emails": [{"email": format!("reachable-{round}@x.example")}]});
    let validation = team.post("/email-validations", &emails).await;
    assert_eq!(validation.status, 202, "{validation:?}");
    let canceled = team.cancel(started.id()).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    let read = team.get(&batch(started.id())).await;
    assert_eq!(read.status, 200, "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_never_end_leave_room_for_another_team() {
    let settings =
        ["server.body_bytes_max=256KiB", "server.bodies_bytes_max=8MiB", "server.body_grace=30s"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (attacker, team) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let own = attacker.enrich(&leads(900, 1)).await.id();
    let mut held = Vec::new();
    for _ in 0..32 {
        held.push(endless_gzip(&gateway, &attacker, 256 << 10).await);
    }
    for _ in 0..26 {
        held.push(endless(&gateway, &attacker, "content-length: 200\r\n", b"{").await);
    }
    let whole = format!("{}{}", " ".repeat(255 << 10), leads(901, 1));
    eventually("the attacker's share is used up", async || {
        let posted = attacker.request(reqwest::Method::POST, BATCHES).body(whole.clone());
        attacker.send(posted).await.status == 503
    })
    .await;
    for round in 0..ROUNDS {
        all_is_answered(&team, round).await;
        assert_eq!(attacker.cancel(own).await.status, 200, "its own cancellations pass, too");
    }
    let turned_away =
        "tollgate_admissions_total{decision=\"refused\",reason=\"service_unavailable\"";
    let scrape = Scrape::of(&gateway.operator()).await;
    assert!(scrape.value(&format!("{turned_away},team=\"sales\"}}")).unwrap() >= 1.0);
    assert_eq!(scrape.value(&format!("{turned_away},team=\"growth\"}}")), None);
    drop(held);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_bodies_leave_places_for_another_team() {
    let settings = ["server.bodies_max=64", "server.body_grace=30s"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (attacker, team) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let mut held = Vec::new();
    for _ in 0..72 {
        held.push(endless(&gateway, &attacker, "content-length: 200\r\n", b"{").await);
    }
    eventually("the attacker's share is used up", async || {
        attacker.post(BATCHES, &leads(900, 1)).await.status == 503
    })
    .await;
    for round in 0..ROUNDS {
        all_is_answered(&team, round).await;
    }
    drop(held);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_refused_after_the_grace() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.body_grace=100ms"])).await;
    let team = gateway.team("sales", 100).await;
    for headers in ["content-length: 200\r\n", "transfer-encoding: chunked\r\n"] {
        let mut stalled = endless(&gateway, &team, headers, b"1\r\n{\r\n").await;
        let mut answer = String::new();
        stalled.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"request_timeout\""), "{answer}");
    }
    gateway.finish().await;
}

/// Estimates the same leads again and again; counts those that were answered.
async fn estimate_for_ever(team: Client, body: Value, answered: Arc<AtomicUsize>) {
    loop {
        team.post(ESTIMATES, &body).await;
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_waits_for_hardly_any_of_another_teams_looping_estimates() {
    const LOOPS: usize = 100;
    let settings = ["server.bodies_at_once=4", "server.bodies_wait=5m", "server.body_grace=30s"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (attacker, team) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let answered = Arc::new(AtomicUsize::new(0));
    let mut loops = JoinSet::new();
    let body = leads(0, 1_000);
    for _ in 0..LOOPS {
        loops.spawn(estimate_for_ever(attacker.clone(), body.clone(), Arc::clone(&answered)));
    }
    eventually("they loop", async || answered.load(Ordering::SeqCst) >= LOOPS).await;
    for round in 0..3 {
        let before = answered.load(Ordering::SeqCst);
        let started = team.post(BATCHES, &leads(2_000 + round, 1)).await;
        assert_eq!(started.status, 202, "{started:?}");
        // In order of arrival, it would wait for every loop once.
        let meanwhile = answered.load(Ordering::SeqCst) - before;
        assert!(meanwhile < LOOPS / 2, "{meanwhile} estimates were answered before the batch");
    }
    loops.shutdown().await;
    gateway.finish().await;
}
