//! More callers than there is room for, and slow ones: who fits is served, who does not is told so,
//! and whoever only reads waits for nobody.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tollgate::sandbox::{Faults, Operation};

use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// Far longer than a read takes. What it must not wait for never ends here.
const SOON: Duration = Duration::from_mins(1);

fn person(n: usize) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

/// A caller whose body has so many bytes and is not yet there but for its first.
async fn slow_body(gateway: &TestGateway, team: &Client, length: usize, sent: &[u8]) -> TcpStream {
    let head = format!(
        "POST {BATCHES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: \
         application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        team.key
    );
    let mut stream = TcpStream::connect(gateway.app.callers).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

/// Sends the rest, and answers the status line.
async fn finished(mut stream: TcpStream, rest: &[u8]) -> String {
    stream.write_all(rest).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

async fn turned_away(gateway: &TestGateway) -> f64 {
    let series = "tollgate_http_request_duration_seconds_count{method=\"POST\",\
                  route=\"/people/enrichment-requests\",status=\"503\"}";
    Scrape::of(&gateway.operator()).await.value(series).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_at_once_are_all_admitted() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.bodies_wait=5m"])).await;
    let team = gateway.team("sales", 1_000).await;
    let mut posts = JoinSet::new();
    for n in 0..1_000 {
        let caller = team.clone();
        posts.spawn(async move { caller.post(BATCHES, &person(n)).await });
    }
    for answer in posts.join_all().await {
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    assert_eq!(turned_away(&gateway).await, 0.0);
    gateway.finish().await;
}

#[tokio::test]
async fn who_does_not_fit_is_turned_away_and_reads_go_on() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.bodies_max=4"])).await;
    let team = gateway.team("sales", 100).await;
    let known = team.enrich(&person(0)).await.id();
    let body = person(1).to_string();
    let (begins, ends) = body.as_bytes().split_at(5);
    let slow = [
        slow_body(&gateway, &team, body.len(), begins).await,
        slow_body(&gateway, &team, body.len(), begins).await,
    ];
    let mut refused = None;
    eventually("there is no place left", async || {
        let answer = team.post(BATCHES, &person(2)).await;
        let is_refused = answer.status == 503;
        refused = Some(answer);
        is_refused
    })
    .await;
    let refused = refused.unwrap();
    assert_eq!(refused.header("retry-after"), Some("2"), "{refused:?}");
    assert_eq!(refused.errors(), [("service_unavailable", "")]);
    assert!(turned_away(&gateway).await >= 1.0);
    let estimate = team.post("/gateway/v1/estimates", &person(2)).await;
    assert_eq!(estimate.status, 503, "they are bodies of leads, too: {estimate:?}");

    for path in [batch(known), "/gateway/v1/usage".to_owned()] {
        let read = timeout(SOON, team.get(&path)).await.expect("reads wait for nobody");
        assert_eq!(read.status, 200, "{read:?}");
    }
    let canceled = timeout(SOON, team.cancel(known)).await.expect("nor does a cancellation");
    assert_eq!(canceled.status, 200, "{canceled:?}");
    for stream in slow {
        assert_eq!(finished(stream, ends).await, "HTTP/1.1 202 Accepted");
    }
    eventually("there is room again", async || team.post(BATCHES, &person(2)).await.status == 202)
        .await;
    gateway.finish().await;
}

#[tokio::test]
async fn bodies_that_come_slowly_keep_nobody_waiting() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.bodies_at_once=1"])).await;
    let team = gateway.team("sales", 100).await;
    let body = person(0).to_string();
    let (begins, ends) = body.as_bytes().split_at(5);
    let mut slow = Vec::new();
    for _ in 0..10 {
        slow.push(slow_body(&gateway, &team, body.len(), begins).await);
    }
    let admitted = timeout(SOON, team.post(BATCHES, &person(1))).await;
    assert_eq!(admitted.expect("it waits for no body").status, 202);
    for stream in slow {
        assert_eq!(finished(stream, ends).await, "HTTP/1.1 202 Accepted");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn bodies_hold_no_more_bytes_together_than_they_may() {
    let bytes = ["server.body_bytes_max=64KiB", "server.bodies_bytes_max=128KiB"];
    let gateway = TestGateway::with(Setup::with_settings(&bytes)).await;
    let team = gateway.team("sales", 100).await;
    let body = format!("{}{}", " ".repeat(60 << 10), person(0));
    let (begins, ends) = body.as_bytes().split_at(60 << 10);
    let large = slow_body(&gateway, &team, body.len(), begins).await;
    let other = format!("{}{}", " ".repeat(10 << 10), person(1));
    eventually("there is no room left", async || {
        let posted = team.send(team.request(reqwest::Method::POST, BATCHES).body(other.clone()));
        posted.await.status == 503
    })
    .await;
    assert_eq!(team.post(BATCHES, &person(2)).await.status, 202, "a small one fits");
    assert_eq!(finished(large, ends).await, "HTTP/1.1 202 Accepted");
    eventually("there is room again", async || {
        let posted = team.send(team.request(reqwest::Method::POST, BATCHES).body(other.clone()));
        posted.await.status == 202
    })
    .await;
    gateway.finish().await;
}

#[tokio::test]
async fn look_ups_that_find_no_place_to_wait_come_again_and_reads_go_on() {
    let settings = ["server.look_ups_max=4", "server.find_wait=5m"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 100).await;
    let known = team.enrich(&person(0)).await.id();
    gateway.vendor.set_faults(held(Operation::Find));
    let look_up = |n: usize| format!("/people/find?linkedin_url=linkedin.com/in/reachable-{n}");
    let mut waiting = JoinSet::new();
    for n in 1..3 {
        let (caller, path) = (team.clone(), look_up(n));
        waiting.spawn(async move { caller.get(&path).await });
    }
    eventually("two wait", async || gateway.vendor.look_ups_received() == 2).await;
    let told = team.get(&look_up(3)).await;
    assert_eq!((told.status, told.errors()), (503, vec![("not_answered_yet", "")]), "{told:?}");
    assert!(told.header("retry-after").is_some(), "{told:?}");
    let read = timeout(SOON, team.get(&batch(known))).await.expect("reads wait for nobody");
    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!(team.get(&look_up(0)).await.status, 200, "who is known is told without a wait");
    gateway.vendor.set_faults(Faults::default());
    for answer in waiting.join_all().await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    eventually("its answer is there", async || team.get(&look_up(3)).await.status == 200).await;
    assert_eq!(gateway.vendor.look_ups_received(), 3, "it was sent, and once");
    gateway.finish().await;
}
