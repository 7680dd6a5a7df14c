//! Limits of a team that the store keeps, over all replicas: what is more is refused with 429, and another
//! team notices nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::clock::ManualClock;

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::redis::Server;
use crate::support::wait::eventually;

fn leads(first: usize, count: usize) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"leads": (first..first + count).map(lead).collect::<Vec<_>>()})
}

async fn put(gateway: &TestGateway, policies: Value) {
    let put = gateway.operator().put("/admin/v1/teams/sales", &json!({"policies": policies})).await;
    assert_eq!(put.status, 200, "{put:?}");
}

/// What a refusal by a limit says.
fn detail(refused: &Answer) -> &str {
    assert_eq!((refused.status, refused.errors()), (429, vec![("limit_reached", "")]));
    refused.body["_errors"][0]["detail"].as_str().unwrap()
}

async fn named(team: &Client, key: &str, body: &Value) -> Answer {
    let request = team.json(Method::POST, BATCHES, body).header("idempotency-key", key);
    team.send(request).await
}

/// Moves the clock until nothing is reserved any more.
async fn all_is_answered(gateway: &TestGateway, clock: &ManualClock) {
    eventually("all is answered", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        gateway.sums().await.email.reserved == 0.0
    })
    .await;
}

/// How many bytes a Redis has written to its append-only file.
async fn written(redis: &Server) -> u64 {
    redis.info("aof_current_size").await
}

#[tokio::test]
async fn more_leads_than_a_day_allows_are_refused_until_midnight() {
    let (mut setup, clock) = Setup::with_clock();
    setup.settings = vec!["limits.leads_per_day=3".to_owned()];
    let gateway = TestGateway::with(setup).await;
    let (team, other) = (gateway.team("sales", 99).await, gateway.team("growth", 99).await);
    let first = team.post(BATCHES, &leads(0, 2)).await;
    assert_eq!(first.status, 202, "{first:?}");
    let told = first.header("ratelimit").unwrap();
    assert!(told.contains("\"leads-per-day\";r=1;t=28800"), "{told}");

    let refused = team.post(BATCHES, &leads(2, 2)).await;
    let detail = detail(&refused);
    assert!(detail.starts_with("Team sales has 2 leads submitted today, and 2 more"), "{detail}");
    assert!(detail.contains("limit of 3, by the setting limits.leads_per_day"), "{detail}");
    assert_eq!(refused.header("retry-after"), Some("28800"));
    let policy = refused.header("ratelimit-policy").unwrap();
    assert!(policy.starts_with("\"leads-per-day\";q=3;qu=\"leads\";w=86400"), "{policy}");
    let left = refused.header("ratelimit").unwrap();
    assert!(left.starts_with("\"leads-per-day\";r=1;t=28800"), "{left}");
    let emails = json!({"emails": [{"email": "a@x.example"}, {"email": "b@x.example"}]});
    assert_eq!(team.post("/email-validations", &emails).await.status, 429);
    let found = "/people/find?linkedin_url=linkedin.com/in/reachable-9";

    assert_eq!(other.post(BATCHES, &leads(2, 3)).await.status, 202);
    let scrape = Scrape::of(&gateway.operator()).await;
    let counted =
        "tollgate_admissions_total{decision=\"refused\",reason=\"limit_reached\",team=\"sales\"}";
    assert!(scrape.value(counted).unwrap() >= 1.0);
    let gauge = |name| scrape.value(&format!("{name}{{limit=\"leads_per_day\",team=\"sales\"}}"));
    assert_eq!(gauge("tollgate_team_limit"), Some(3.0));
    assert_eq!(gauge("tollgate_team_limit_used"), Some(2.0));

    put(&gateway, json!({"leads_per_day": 4})).await;
    assert_eq!(team.post(BATCHES, &leads(2, 2)).await.status, 202, "a policy goes first");
    assert_eq!(team.get(found).await.status, 429);
    clock.advance(Duration::from_hours(8));
    assert_eq!(team.post(BATCHES, &leads(4, 4)).await.status, 202, "it is another day");
    all_is_answered(&gateway, &clock).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_request_that_exceeds_a_limit_writes_nothing_of_its_leads() {
    let gateway = TestGateway::with(Setup::default().on(Store::Redis)).await;
    let redis = gateway.redis().unwrap();
    let team = gateway.team("sales", 9_999).await;
    put(&gateway, json!({"kept_bytes": 10_000})).await;
    let small = team.enrich(&leads(0, 2)).await;
    assert_eq!(small.body["status"], "completed", "{small:?}");
    let before = written(redis).await;
    for _ in 0..3 {
        let refused = team.post(BATCHES, &leads(10, 2_000)).await;
        assert!(detail(&refused).contains("bytes in the store"), "{refused:?}");
        assert_eq!(refused.header("retry-after"), None, "nobody knows when");
    }
    let bytes = written(redis).await - before;
    assert!(bytes < 20_000, "{bytes} bytes were written");
    gateway.finish().await;
}

#[tokio::test]
async fn open_batches_and_remembered_keys_are_limited() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 99).await;
    put(&gateway, json!({"open_batches": 1, "idempotency_keys": 1})).await;
    let first = named(&team, "one", &leads(0, 1)).await;
    assert_eq!(first.status, 202, "{first:?}");
    let refused = team.post(BATCHES, &leads(1, 1)).await;
    assert!(detail(&refused).contains("1 batches in progress"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("5"));
    let again = named(&team, "one", &leads(0, 1)).await;
    assert_eq!((again.status, again.id()), (202, first.id()), "a retry is no new batch");
    let refused = named(&team, "two", &leads(0, 1)).await;
    assert!(detail(&refused).contains("Idempotency-Key"), "{refused:?}");
    eventually("it has ended", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        team.read(first.id()).await.has_ended()
    })
    .await;
    assert_eq!(team.post(BATCHES, &leads(1, 1)).await.status, 202, "the first has ended");
    all_is_answered(&gateway, &clock).await;
    gateway.finish().await;
}
