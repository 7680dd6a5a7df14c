//! How old an answer may be, as callers and operators say it through the front door.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::clock::ManualClock;

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

fn ada() -> Value {
    json!({"leads": [{"linkedin_url": "linkedin.com/in/ada-reachable"}], "reveal_email": true})
}

/// Asks for Ada with this `Cache-Control`.
async fn ask(team: &Client, path: &str, cache_control: &str) -> Answer {
    let request = team.request(Method::POST, path).header("cache-control", cache_control);
    let request = request.header("content-type", "application/json");
    team.send(request.body(ada().to_string())).await
}

/// Has Ada enriched while the clock goes on.
async fn enrich(gateway: &TestGateway, clock: &Arc<ManualClock>, team: &Client) {
    let accepted = team.start(&ada()).await;
    ended(gateway, clock, team, accepted.id()).await;
}

async fn ended(gateway: &TestGateway, clock: &Arc<ManualClock>, team: &Client, id: u64) {
    eventually("the batch ends", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        team.read(id).await.has_ended()
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_for_a_new_answer_is_sent_and_pays_nothing_twice() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    team.enrich(&ada()).await;
    let estimate = ask(&team, "/gateway/v1/estimates", "no-cache").await;
    assert_eq!(estimate.body["leads"]["fresh"], 1, "{estimate:?}");
    assert_eq!(estimate.body["credits"]["email"]["worst"], 0);

    let anew = ask(&team, BATCHES, "no-cache").await;
    assert_eq!((anew.status, &anew.body["status"]), (202, &json!("queued")), "{anew:?}");
    assert_eq!(anew.header("tollgate-credits-reserved"), Some("email=0, phone=0"));
    let ended = team.ended(anew.id()).await;
    assert!(ended.body["results"][0]["result"]["email"].is_string(), "{ended:?}");
    assert_eq!(gateway.vendor.posts_received(), 2);
    assert_eq!(gateway.at_rest().await.email.spent, 1.5);

    let known = team.start(&ada()).await;
    assert_eq!(known.body["status"], "completed", "without the header it is known");
    gateway.finish().await;
}

#[tokio::test]
async fn an_answer_is_taken_from_what_is_known_up_to_the_age_that_is_asked() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    enrich(&gateway, &clock, &team).await;
    clock.advance(Duration::from_mins(10));
    for (cache_control, is_known) in
        [("max-age=3600", true), ("no-store", true), ("max-age=60", false), ("max-age=x", false)]
    {
        let answer = ask(&team, BATCHES, cache_control).await;
        assert_eq!(answer.body["status"] == "completed", is_known, "{cache_control}: {answer:?}");
        ended(&gateway, &clock, &team, answer.id()).await;
        clock.advance(Duration::from_mins(10));
    }
    clock.advance(Duration::from_hours(25));
    let answer = ask(&team, BATCHES, "max-age=999999").await;
    assert_eq!(answer.body["status"], "queued", "never beyond cache.person_ttl");
    ended(&gateway, &clock, &team, answer.id()).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_policy_bounds_the_age_whatever_a_caller_asks() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    enrich(&gateway, &clock, &team).await;
    clock.advance(Duration::from_mins(31));
    let path = "/admin/v1/teams/sales";
    let put = gateway.operator().put(path, &json!({"policies": {"max_age": "30m"}})).await;
    assert_eq!((put.status, &put.body["policies"]["max_age"]), (200, &json!("30m")), "{put:?}");
    let answer = ask(&team, BATCHES, "max-age=86400").await;
    assert_eq!(answer.body["status"], "queued", "{answer:?}");
    ended(&gateway, &clock, &team, answer.id()).await;
    assert_eq!(gateway.vendor.posts_received(), 2);
    gateway.finish().await;
}

#[tokio::test]
async fn an_estimate_says_what_its_expectation_rests_on() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1000).await;
    let body = |from: usize| {
        let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/somebody-nobody-{n}")});
        json!({"leads": (from..from + 100).map(lead).collect::<Vec<_>>()})
    };
    let assumed = team.post("/gateway/v1/estimates", &body(100)).await;
    let none = json!({"person_found": null, "email_revealed": null, "phone_revealed": null});
    assert_eq!(assumed.body["basis"], none, "{assumed:?}");
    assert_eq!(assumed.body["credits"]["email"], json!({"worst": 50, "expected": 42.5}));
    team.enrich(&body(0)).await;
    let observed = team.post("/gateway/v1/estimates", &body(100)).await;
    assert_eq!(observed.body["basis"]["person_found"], 100, "{observed:?}");
    assert_eq!(observed.body["credits"]["email"], json!({"worst": 50, "expected": 0}));
    gateway.finish().await;
}
