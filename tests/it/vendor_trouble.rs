//! A vendor that has no credits left, refuses the key, asks to wait, or is not there.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tollgate::clock::ManualClock;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::ports::free;
use crate::support::vendor;
use crate::support::wait::eventually;

fn person(name: &str) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/{name}-reachable")}]})
}

async fn with_clock() -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    (TestGateway::with(setup).await, clock)
}

/// Waits for the end of a batch while the clock goes on.
async fn ended(team: &Client, id: u64, gateway: &TestGateway, clock: &ManualClock) -> Answer {
    let mut answer = team.read(id).await;
    eventually("the batch ends", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        answer = team.read(id).await;
        answer.has_ended()
    })
    .await;
    answer
}

/// What `/readyz` remarks, and whether the circuit is shown as open. Fit to serve it is all along.
async fn remarks(gateway: &TestGateway) -> (String, bool) {
    let ready = gateway.operator().get("/readyz").await;
    assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)), "{ready:?}");
    let circuit = Scrape::of(&gateway.operator()).await.value("tollgate_vendor_circuit_open");
    (ready.body["reasons"].to_string(), circuit == Some(1.0))
}

#[tokio::test]
async fn while_the_vendors_credits_are_out_only_what_is_known_is_answered() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    let known = team.start(&person("ada")).await.id();
    ended(&team, known, &gateway, &clock).await;
    let out = Rule::always(Operation::Submit, FaultKind::status(402));
    gateway.vendor.set_faults(Faults::of([out]));

    let admitted = team.start(&person("grace")).await.id();
    let failed = ended(&team, admitted, &gateway, &clock).await;
    assert_eq!(failed.body["status"], "error");
    assert_eq!(failed.errors(), [("insufficient_credits", "/leads/0")]);
    assert_eq!(failed.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    let (reasons, is_open) = remarks(&gateway).await;
    assert!(is_open && reasons.contains("402"), "{reasons}");

    let posts = gateway.vendor.posts_received();
    let refused = team.post(BATCHES, &person("grace")).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    assert!((1..=60).contains(&refused.header("retry-after").unwrap().parse().unwrap()));
    assert_eq!(team.start(&person("ada")).await.body["status"], "completed");
    assert_eq!(gateway.vendor.posts_received(), posts, "nothing was sent");

    clock.advance(Duration::from_mins(1));
    let probe = team.start(&person("grace")).await.id();
    assert_eq!(team.post(BATCHES, &person("alan")).await.status, 402, "one request a minute");
    assert_eq!(ended(&team, probe, &gateway, &clock).await.body["status"], "error");

    gateway.vendor.set_faults(Faults::default());
    clock.advance(Duration::from_mins(1));
    let probe = team.start(&person("grace")).await.id();
    assert_eq!(ended(&team, probe, &gateway, &clock).await.body["status"], "completed");
    assert_eq!(remarks(&gateway).await, ("[]".to_owned(), false));
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_or_address_that_the_vendor_refuses_makes_jobs_wait() {
    for status in [401, 403, 404, 405] {
        let (gateway, clock) = with_clock().await;
        let team = gateway.team("sales", 100).await;
        let refused = Rule::always(Operation::Submit, FaultKind::status(status));
        gateway.vendor.set_faults(Faults::of([refused]));
        let id = team.start(&person("ada")).await.id();
        eventually("operators are told", async || remarks(&gateway).await.1).await;
        let (reasons, _) = remarks(&gateway).await;
        assert!(reasons.contains(&status.to_string()), "{reasons}");
        assert!(reasons.contains("vendor.api_key"), "it says what to look at: {reasons}");
        assert!(!team.read(id).await.has_ended());
        assert_eq!(gateway.sums().await.email.reserved, 0.5, "nothing is lost");
        // What the vendor says of the gateway's key is nothing that a caller is told.
        let later = team.start(&person("grace")).await.id();
        assert_eq!(team.post("/gateway/v1/estimates", &person("alan")).await.status, 200);

        gateway.vendor.set_faults(Faults::default());
        for id in [id, later] {
            assert_eq!(ended(&team, id, &gateway, &clock).await.body["status"], "completed");
        }
        assert_eq!(remarks(&gateway).await, ("[]".to_owned(), false));
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_key_that_is_refused_only_when_reading_makes_the_answer_wait() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Read, FaultKind::status(401))]));
    let id = team.start(&person("ada")).await.id();
    eventually("operators are told", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        remarks(&gateway).await.1
    })
    .await;
    gateway.vendor.set_faults(Faults::default());
    assert_eq!(ended(&team, id, &gateway, &clock).await.body["status"], "completed");
    assert_eq!(remarks(&gateway).await, ("[]".to_owned(), false));
    gateway.finish().await;
}

#[tokio::test]
async fn the_vendor_is_left_alone_for_as_long_as_it_asks() {
    let (gateway, clock) = with_clock().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let FaultKind::Status(busy) = FaultKind::status(429) else { unreachable!() };
    let busy = FaultKind::Status(Failure { retry_after_seconds: Some(90), ..busy });
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, busy).times(1)]));
    let waits = sales.start(&person("ada")).await.id();
    eventually("it was turned away", async || gateway.vendor.posts_received() == 1).await;
    // It waits again once all replicas know how long the vendor asked to be left alone.
    let (operator, batch) = (gateway.operator(), format!("/admin/v1/batches/{waits}"));
    eventually("it waits again", async || operator.get(&batch).await.body["state"] == "queued")
        .await;
    let after = sales.read(waits).await.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!(after >= 1, "{after}");

    let other = growth.start(&person("grace")).await.id();
    for _ in 0..80 {
        clock.advance(Duration::from_secs(1));
        gateway.app.gateway.look_now();
        growth.read(other).await;
    }
    assert_eq!(gateway.vendor.posts_received(), 1, "nobody asks, whoever was turned away");

    for (team, id) in [(&sales, waits), (&growth, other)] {
        assert_eq!(ended(team, id, &gateway, &clock).await.body["status"], "completed");
    }
    assert_eq!(gateway.vendor.posts_received(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_vendor_that_is_down_fails_no_post_and_is_asked_when_it_is_back() {
    let address = free();
    let base_url = format!("vendor.base_url=http://{address}");
    let gateway = TestGateway::with(Setup::with_settings(&[&base_url])).await;
    let team = gateway.team("sales", 100).await;
    let id = team.start(&person("ada")).await.id();
    let failed =
        "tollgate_vendor_request_duration_seconds_count{operation=\"submit\",outcome=\"not_sent\"}";
    eventually("the vendor was tried", async || {
        Scrape::of(&gateway.operator()).await.value(failed).is_some()
    })
    .await;
    assert!(!team.read(id).await.has_ended());
    vendor::serve(TcpListener::bind(address).await.unwrap(), &gateway.vendor);
    assert_eq!(team.ended(id).await.body["status"], "completed");
    assert_eq!(gateway.vendor.posts_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn reading_never_asks_the_vendor() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let id = team.enrich(&person("ada")).await.id();
    let asked = async || {
        let scrape = Scrape::of(&gateway.operator()).await;
        scrape.sum("tollgate_vendor_request_duration_seconds_count")
    };
    let before = asked().await;
    assert!(before >= 2.0, "sent and read: {before}");
    for _ in 0..50 {
        team.read(id).await;
    }
    assert_eq!(asked().await, before);
    gateway.finish().await;
}
