//! What the store keeps of requests: nothing of one that is refused, hardly anything of one that is
//! trimmed to nothing, and nothing new once only the reserve is left.

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{Faults, Operation};

use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::redis::Server;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// Leads of some 600 bytes each.
fn long_leads(count: usize) -> Value {
    let long = "x".repeat(500);
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}"), "title": long});
    json!({"leads": (0..count).map(lead).collect::<Vec<_>>()})
}

fn person(n: usize) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

/// How many bytes a Redis has written to its append-only file.
async fn written(redis: &Server) -> u64 {
    redis.info("aof_current_size").await
}

async fn trimming(team: &Client, body: &Value) -> Answer {
    let request = team.json(Method::POST, BATCHES, body).header("tollgate-on-quota", "trim");
    team.send(request).await
}

#[tokio::test]
async fn a_refused_request_writes_nothing_of_its_leads() {
    let gateway = TestGateway::with(Setup::default().on(Store::Redis)).await;
    let redis = gateway.redis().unwrap();
    let team = gateway.team("sales", 0).await;
    let before = written(redis).await;
    let refused = team.post(BATCHES, &long_leads(2_000)).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    let email = |n| json!({"email": format!("reachable-{n}-{n:0>40}@x.example")});
    let emails: Vec<_> = (0..2_000).map(email).collect();
    let refused = team.post("/email-validations", &json!({"emails": emails})).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    let bytes = written(redis).await - before;
    assert!(bytes < 20_000, "{bytes} bytes were written");
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_that_is_trimmed_to_nothing_keeps_nothing_but_its_answer() {
    const LEADS: usize = 2_000;
    let gateway = TestGateway::with(Setup::default().on(Store::Redis)).await;
    let redis = gateway.redis().unwrap();
    let team = gateway.team("sales", 0).await;
    let before = written(redis).await;
    let trimmed = trimming(&team, &long_leads(LEADS)).await;
    assert_eq!((trimmed.status, &trimmed.body["status"]), (202, &json!("error")), "{trimmed:?}");
    assert_eq!(trimmed.results().len(), 100);
    assert_eq!(trimmed.results()[1]["linkedin_url"], json!("linkedin.com/in/reachable-1"));
    let bytes = written(redis).await - before;
    assert!(bytes < 20_000, "{bytes} bytes were written");

    let last = format!("{}?page[after]={}", batch(trimmed.id()), LEADS - 50);
    let last = team.get(&last).await;
    assert_eq!((last.status, last.results().len(), last.errors().len()), (200, 50, 50), "{last:?}");
    assert_eq!(last.results()[0]["linkedin_url"], Value::Null, "nothing is kept of a lead");
    let operator = gateway.operator();
    let shown = operator.get(&format!("/admin/v1/batches/{}", trimmed.id())).await;
    assert_eq!(shown.body["slots"][0]["why"], json!("insufficient_credits"), "{shown:?}");
    gateway.finish().await;
}

#[tokio::test]
async fn new_work_is_refused_before_the_store_is_full_and_what_was_admitted_ends() {
    let setup = Setup::with_settings(&["store.reserve=32MiB"]).on(Store::Redis);
    let gateway = TestGateway::with(setup).await;
    let redis = gateway.redis().unwrap();
    let (team, operator) = (gateway.team("sales", 1_000).await, gateway.operator());
    gateway.vendor.set_faults(held(Operation::Submit));
    let admitted = team.start(&long_leads(50)).await.id();
    let max = redis.used_memory().await + (16 << 20);
    let () = redis.ask(&["CONFIG", "SET", "maxmemory", &max.to_string()]).await;

    let mut refused = None;
    eventually("only the reserve is left", async || {
        let answer = team.post(BATCHES, &person(900)).await;
        let is_refused = answer.status == 503;
        refused = Some(answer);
        is_refused
    })
    .await;
    let refused = refused.unwrap();
    assert_eq!(refused.errors(), [("store_full", "")]);
    assert_eq!(refused.header("retry-after"), Some("30"), "{refused:?}");
    let emails = json!({"emails": [{"email": "reachable-1@x.example"}]});
    let validation = team.post("/email-validations", &emails).await;
    assert_eq!((validation.status, validation.errors()), (503, vec![("store_full", "")]));
    let look_up = team.get("/people/find?linkedin_url=linkedin.com/in/reachable-901").await;
    assert_eq!((look_up.status, look_up.errors()), (503, vec![("store_full", "")]));

    let ready = operator.get("/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert!(ready.text.contains("store.reserve"), "{ready:?}");
    let scrape = Scrape::of(&operator).await;
    assert_eq!(scrape.value("tollgate_store_headroom_bytes"), Some(0.0));
    gateway.team("growth", 10).await;
    gateway.vendor.set_faults(Faults::default());
    let ended = team.ended(admitted).await;
    assert_eq!(ended.results().len(), 50, "{ended:?}");

    redis.make_room().await;
    eventually("there is room again", async || {
        team.post(BATCHES, &person(902)).await.status == 202
    })
    .await;
    gateway.finish().await;
}
