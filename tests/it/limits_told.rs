//! What callers are told of their team's quotas: in the lists of the draft, and as usage.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::asking::batch;
use crate::support::client::Answer;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

/// At 16:00 on 24 November, by UTC, as the clock of these tests stands.
const POLICY: &str = r#""email-month";q=10;qu="credits";w=2592000, "email-day";q=9;qu="credits";w=86400, "phone-total";q=5;qu="credits""#;

fn quotas() -> Value {
    json!([
        {"unit": "email", "period": "month", "limit": 10.5},
        {"unit": "email", "period": "day", "limit": 9, "action": "warn"},
        {"unit": "phone", "period": "total", "limit": 5},
    ])
}

fn ada() -> Value {
    json!({"leads": [{"linkedin_url": "linkedin.com/in/ada-reachable"}], "reveal_email": true})
}

fn told(answer: &Answer) -> [Option<&str>; 2] {
    ["ratelimit-policy", "ratelimit"].map(|name| answer.header(name))
}

#[tokio::test]
async fn every_quota_is_told_in_whole_credits_and_with_its_reset() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team_with("sales", quotas()).await;
    let estimated = team.post("/gateway/v1/estimates", &ada()).await;
    let before = r#""email-month";r=10;t=547200, "email-day";r=9;t=28800, "phone-total";r=5"#;
    assert_eq!(told(&estimated), [Some(POLICY), Some(before)]);

    let accepted = team.start(&ada()).await;
    let after = r#""email-month";r=9;t=547200, "email-day";r=7;t=28800, "phone-total";r=5"#;
    let limits =
        r#", "open-batches";q=5000;qu="batches", "leads-per-day";q=1000000;qu="leads";w=86400"#;
    let left = r#", "open-batches";r=4999, "leads-per-day";r=999999;t=28800"#;
    let [told_policy, told_left] = told(&accepted).map(Option::unwrap);
    assert_eq!(told_policy, [POLICY, limits].concat());
    assert_eq!(told_left, [after, left].concat());
    let read = team.get(&batch(accepted.id())).await;
    assert_eq!(told(&read), [Some(POLICY), Some(after)]);
    assert_eq!(read.header("tollgate-credits-remaining"), Some("email=7.5, phone=5"));
    let canceled = team.cancel(accepted.id()).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    assert_eq!(told(&canceled)[0], Some(POLICY));
    // What was sent before it was cancelled is still answered, and for that time has to pass.
    eventually("nothing is reserved", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        gateway.sums().await.email.reserved == 0.0
    })
    .await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_team_without_quotas_is_told_of_none() {
    let gateway = TestGateway::start().await;
    let team = gateway.team_with("sales", json!([])).await;
    let ended = team.enrich(&ada()).await;
    assert_eq!(told(&ended), [None, None]);
    gateway.finish().await;
}

#[tokio::test]
async fn a_team_sees_its_own_usage_as_its_operator_does() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    sales.enrich(&ada()).await;
    growth.enrich(&ada()).await;
    for (team, name, spent) in [(&sales, "sales", 1.5), (&growth, "growth", 0.0)] {
        let usage = team.get("/gateway/v1/usage").await;
        assert_eq!(usage.status, 200, "{usage:?}");
        assert_eq!(usage.body["totals"]["email"]["spent"].as_f64(), Some(spent));
        assert_eq!(usage.body, gateway.usage(name).await);
    }
    let nobody = gateway.caller("tg_0");
    let refused = nobody.send(nobody.request(Method::GET, "/gateway/v1/usage")).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    gateway.finish().await;
}
