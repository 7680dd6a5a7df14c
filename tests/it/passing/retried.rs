//! Priced calls asked for again: answered as they were, and never made twice.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::before;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::process::Process;
use crate::support::recorder::{Recorder, Reply};
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// Test gateways take every request for a new one, unless they are told otherwise.
const RETRIES_ARE_TOLD: &str = "server.replay_window=5m";

const SEARCH: &str = "/people/search";
const PRICED: &str = "routes.\"/people/search\"={ email = 1 }";

fn titled(title: &str) -> Value {
    json!({"titles": [title]})
}

async fn named(team: &Client, method: Method, path: &str, key: &str) -> Answer {
    let request = team.request(method, path).header("content-type", "application/json");
    team.send(request.header("idempotency-key", key).body(titled("cto").to_string())).await
}

fn detail(answer: &Answer) -> &str {
    answer.body["_errors"][0]["detail"].as_str().unwrap()
}

#[tokio::test]
async fn the_same_request_again_is_given_the_answer_that_it_had() {
    let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD, PRICED])).await;
    let (sales, growth) = (gateway.team("sales", 2).await, gateway.team("growth", 9).await);
    let first = sales.post(SEARCH, &titled("cto")).await;
    assert_eq!((first.status, first.header("tollgate-replayed")), (201, None), "{first:?}");
    let again = sales.post(SEARCH, &titled("cto")).await;
    assert_eq!((again.status, again.header("tollgate-replayed")), (201, Some("?1")));
    assert_eq!((&again.text, &again.headers["content-type"]), {
        (&first.text, &first.headers["content-type"])
    });
    for header in ["tollgate-credits-spent", "tollgate-credits-remaining"] {
        assert_eq!(again.header(header), first.header(header), "it moves no credits");
    }
    assert_eq!(sales.post(SEARCH, &titled("ceo")).await.header("tollgate-replayed"), None);
    assert_eq!(growth.post(SEARCH, &titled("cto")).await.header("tollgate-replayed"), None);
    let full = sales.post(SEARCH, &titled("cto")).await;
    assert_eq!(full.status, 201, "a retry passes where a new request would not: {full:?}");
    assert_eq!(gateway.vendor.bill().entries.len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn what_was_not_answered_is_never_sent_again() {
    let vendor = Recorder::with([Reply::bytes("HTTP/1.1 200 X\r\ncontent-")]).await;
    let gateway = before(&vendor, &[RETRIES_ARE_TOLD, PRICED]).await;
    let team = gateway.team("sales", 9).await;
    let first = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((first.status, first.errors()), (504, vec![("unresolved", "")]), "{first:?}");
    let again = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((again.status, detail(&again)), (504, detail(&first)), "of the same batch");
    assert_eq!(vendor.received().len(), 1);
    let sums = gateway.at_rest().await;
    assert_eq!((sums.email.spent, sums.email.unresolved), (0.0, 1.0));
    gateway.stop().await;
}

#[tokio::test]
async fn what_the_vendor_refused_can_be_asked_for_again() {
    let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD, PRICED])).await;
    let team = gateway.team("sales", 9).await;
    for (kind, status) in [(FaultKind::status(400), 400), (FaultKind::status(401), 502)] {
        let fault = Rule::always(Operation::Elsewhere, kind).times(1);
        gateway.vendor.set_faults(Faults::of([fault]));
        assert_eq!(named(&team, Method::POST, SEARCH, "k").await.status, status);
    }
    assert_eq!(named(&team, Method::POST, SEARCH, "k").await.status, 201);
    let again = named(&team, Method::POST, SEARCH, "k").await;
    assert_eq!(again.header("tollgate-replayed"), Some("?1"));
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_names_one_request_and_reading_again_is_no_retry_without() {
    let find = "routes.\"/companies/find\"={ email = 1 }";
    let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD, find])).await;
    let team = gateway.team("sales", 9).await;
    for _ in 0..2 {
        let read = team.get("/companies/find?domain=x.example").await;
        assert_eq!((read.status, read.header("tollgate-replayed")), (200, None));
    }
    for replayed in [None, Some("?1")] {
        let read = named(&team, Method::GET, "/companies/find?domain=x.example", "k").await;
        assert_eq!((read.status, read.header("tollgate-replayed")), (200, replayed));
    }
    for (method, path) in [
        (Method::GET, "/companies/find?domain=y.example"),
        (Method::POST, "/companies/find?domain=x.example"),
    ] {
        let other = named(&team, method, path, "k").await;
        assert_eq!((other.status, other.errors()), (422, vec![("idempotency_key_reused", "")]));
    }
    let leads = json!({"leads": [{"email": "ada@x.example"}]}).to_string();
    let batch = team.request(Method::POST, "/people/enrichment-requests");
    let batch = batch.header("content-type", "application/json").header("idempotency-key", "k");
    assert_eq!(team.send(batch.body(leads)).await.status, 422, "nor is it a batch's");
    assert_eq!(gateway.vendor.bill().entries.len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn an_answer_too_long_to_be_kept_is_told_of_and_not_bought_again() {
    let long = vec![b'x'; 1024 * 1024 + 1];
    let vendor = Recorder::with([Reply::whole(200, "", &long)]).await;
    let gateway = before(&vendor, &[RETRIES_ARE_TOLD, PRICED]).await;
    let team = gateway.team("sales", 9).await;
    let first = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((first.status, first.text.len()), (200, long.len()));
    let again = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((again.status, again.errors()), (409, vec![("answer_not_kept", "")]));
    assert_eq!(vendor.received().len(), 1);
    assert_eq!(gateway.at_rest().await.email.spent, 1.0);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_is_not_made_twice_even_where_its_maker_dies() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let settings = [RETRIES_ARE_TOLD, PRICED, "vendor.timeout=60s"];
    let mut gateway = Process::start(address, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    let hangs = Rule::always(Operation::Elsewhere, FaultKind::LatencyMs(60_000));
    judge.set_faults(Faults::of([hangs]));
    let asking = team.clone();
    let mut hanging = JoinSet::new();
    hanging.spawn(async move {
        let request = asking.request(Method::POST, SEARCH);
        let request = request.header("content-type", "application/json");
        asking.try_send(request.body(titled("cto").to_string())).await
    });
    eventually("the vendor took the call", async || judge.bill().entries.len() == 1).await;
    let meanwhile = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((meanwhile.status, meanwhile.header("retry-after")), (503, Some("2")));
    assert!(detail(&meanwhile).contains("in progress"), "{meanwhile:?}");
    gateway.kill();
    hanging.shutdown().await;
    gateway.start_again().await;
    judge.set_faults(Faults::default());
    eventually("the call is unresolved", async || {
        let usage = gateway.operator().get("/admin/v1/teams/sales/usage").await;
        usage.body["totals"]["email"]["unresolved"] == 1.0
    })
    .await;
    let again = team.post(SEARCH, &titled("cto")).await;
    assert_eq!((again.status, again.errors()), (504, vec![("unresolved", "")]));
    assert_eq!(judge.bill().entries.len(), 1);
    let audit = gateway.operator().get("/admin/v1/audit").await;
    assert_eq!(audit.body["mismatches"], 0);
}
