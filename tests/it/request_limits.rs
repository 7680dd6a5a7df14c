//! How many requests a team may make in a minute and at once: what is more is refused with 429, and
//! another team notices nothing.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox::{Faults, Operation};

use crate::support::asking::batch;
use crate::support::client::Answer;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

const USAGE: &str = "/gateway/v1/usage";

/// A request that was refused since its team makes too many.
const REFUSED: &str = "tollgate_admissions_total{decision=\"refused\",reason=\"too_many_requests\",\
                       team=\"sales\"}";

async fn put(gateway: &TestGateway, policies: Value) {
    let put = gateway.operator().put("/admin/v1/teams/sales", &json!({"policies": policies})).await;
    assert_eq!(put.status, 200, "{put:?}");
}

fn is_refused(answer: &Answer) -> bool {
    assert!([200, 429].contains(&answer.status), "{answer:?}");
    answer.status == 429
}

#[tokio::test]
async fn requests_beyond_those_of_a_minute_are_refused_and_cancellations_pass() {
    let gateway = TestGateway::start().await;
    let (team, other) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    let person = json!({"leads": [{"linkedin_url": "linkedin.com/in/reachable-1"}]});
    let own = team.enrich(&person).await.id();
    put(&gateway, json!({"requests_per_minute": 1})).await;

    let first = team.get(USAGE).await;
    let told = ["ratelimit-policy", "ratelimit"].map(|name| first.header(name));
    assert_eq!(told, [Some("\"requests\";q=1;w=60"), Some("\"requests\";r=0;t=60")]);
    let mut refused = None;
    eventually("the minute's request is used up", async || {
        let answer = team.get(USAGE).await;
        let is_refused = is_refused(&answer);
        refused = Some(answer);
        is_refused
    })
    .await;
    let refused = refused.unwrap();
    assert_eq!(refused.errors(), [("too_many_requests", "")]);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{refused:?}");
    assert!(refused.header("ratelimit").unwrap().starts_with("\"requests\";r=0;t="));
    assert!(Scrape::of(&gateway.operator()).await.value(REFUSED).unwrap() >= 1.0);

    assert_eq!(team.cancel(own).await.status, 200);
    let others = other.get(USAGE).await;
    assert_eq!((others.status, others.header("ratelimit")), (200, None));
    put(&gateway, json!({})).await;
    assert_eq!(team.get(&batch(own)).await.status, 200, "it holds from the next request on");
    gateway.finish().await;
}

#[tokio::test]
async fn the_settings_limit_a_team_without_a_policy_and_quotas_are_told_beside_it() {
    let setup = Setup::with_settings(&["limits.requests_per_minute=600"]);
    let gateway = TestGateway::with(setup).await;
    let team =
        gateway.team_with("sales", json!([{"unit": "email", "period": "total", "limit": 9}]));
    let team = team.await;
    let person = json!({"leads": [{"linkedin_url": "linkedin.com/in/reachable-1"}]});
    let estimated = team.post("/gateway/v1/estimates", &person).await;
    let policy = "\"email-total\";q=9;qu=\"credits\", \"requests\";q=600;w=60";
    assert_eq!(estimated.header("ratelimit-policy"), Some(policy), "{estimated:?}");
    let limit = estimated.header("ratelimit").unwrap();
    assert_eq!(limit, "\"email-total\";r=9, \"requests\";r=599;t=1");
    gateway.finish().await;
}

#[tokio::test]
async fn requests_at_once_are_limited_by_a_policy() {
    let setup = Setup::with_settings(&["server.find_wait=5m"]);
    let gateway = TestGateway::with(setup).await;
    let (team, other) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    put(&gateway, json!({"requests_at_once": 1})).await;
    gateway.vendor.set_faults(held(Operation::Find));
    let mut waiting = JoinSet::new();
    let caller = team.clone();
    waiting.spawn(async move {
        caller.get("/people/find?linkedin_url=linkedin.com/in/reachable-1").await
    });
    eventually("it waits", async || gateway.vendor.look_ups_received() == 1).await;
    let refused = team.get(USAGE).await;
    assert_eq!((refused.status, refused.errors()), (429, vec![("too_many_requests", "")]));
    assert_eq!(refused.header("retry-after"), Some("1"), "{refused:?}");
    assert_eq!(other.get(USAGE).await.status, 200);
    gateway.vendor.set_faults(Faults::default());
    for answer in waiting.join_all().await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    eventually("its place is free", async || !is_refused(&team.get(USAGE).await)).await;
    gateway.finish().await;
}
