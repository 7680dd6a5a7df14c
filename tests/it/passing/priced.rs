//! Paths that an operator prices: each call is reserved, made once, and booked by what came of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};

/// The sandbox charges an email credit for each request.
const PRICED: &str = "routes.\"/people/search\"={ email = 1 }";

const SEARCH: &str = "/people/search";

fn titles() -> Value {
    json!({"titles": ["cto"]})
}

async fn search(team: &Client, headers: &[(&str, &str)]) -> Answer {
    let request = team.request(Method::POST, SEARCH).header("content-type", "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    team.send(request.body(titles().to_string())).await
}

fn once(kind: FaultKind) -> Faults {
    Faults::of([Rule::always(Operation::Elsewhere, kind).times(1)])
}

#[tokio::test]
async fn a_caller_bounds_what_a_call_may_cost() {
    let gateway = TestGateway::with(Setup::with_settings(&[PRICED])).await;
    let team = gateway.team("sales", 9).await;
    let refused = search(&team, &[("tollgate-max-credits", "email=0.5")]).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    let detail = refused.body["_errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("the 0.5 that Tollgate-Max-Credits allows"), "{detail}");
    for (name, value) in [("tollgate-max-credits", "one"), ("tollgate-on-quota", "trim")] {
        let refused = search(&team, &[(name, value)]).await;
        assert_eq!((refused.status, refused.errors()), (400, vec![("invalid_header", "")]));
    }
    assert!(gateway.vendor.bill().entries.is_empty());
    let headers = [("tollgate-max-credits", "email=1"), ("tollgate-on-quota", "refuse")];
    assert_eq!(search(&team, &headers).await.status, 201);
    gateway.finish().await;
}

#[tokio::test]
async fn what_the_quota_refuses_uses_up_no_look_at_the_vendors_credits() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(Setup { settings: vec![PRICED.to_owned()], ..setup }).await;
    let (sales, broke) = (gateway.team("sales", 9).await, gateway.team("broke", 0).await);
    gateway.vendor.set_faults(once(FaultKind::status(402)));
    for _ in 0..2 {
        let refused = search(&sales, &[]).await;
        assert_eq!((refused.status, refused.header("retry-after")), (402, Some("60")));
    }
    clock.advance(Duration::from_mins(1));
    let refused = search(&broke, &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (402, None), "it is the quota");
    assert_eq!(search(&sales, &[]).await.status, 201, "one may go and see");
    gateway.finish().await;
}

#[tokio::test]
async fn a_call_that_is_not_answered_is_unresolved() {
    for kind in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::status(503)] {
        let gateway = TestGateway::with(Setup::with_settings(&[PRICED])).await;
        let team = gateway.team("sales", 9).await;
        gateway.vendor.set_faults(once(kind));
        let answer = search(&team, &[]).await;
        assert_eq!((answer.status, answer.errors()), (504, vec![("unresolved", "")]), "{kind:?}");
        let sums = gateway.at_rest().await;
        assert_eq!((sums.email.unresolved, sums.email.spent), (1.0, 0.0), "{kind:?}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_the_vendor_refuses_is_told_and_costs_nothing() {
    let gateway = TestGateway::with(Setup::with_settings(&[PRICED])).await;
    let team = gateway.team("sales", 9).await;
    for status in [400, 404, 422] {
        gateway.vendor.set_faults(once(FaultKind::status(status)));
        let answer = search(&team, &[]).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    }
    for status in [401, 403] {
        gateway.vendor.set_faults(once(FaultKind::status(status)));
        let answer = search(&team, &[]).await;
        assert_eq!((answer.status, answer.errors()), (502, vec![("vendor_refuses_key", "")]));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn too_many_calls_are_the_gateways_to_wait_for() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(Setup { settings: vec![PRICED.to_owned()], ..setup }).await;
    let team = gateway.team("sales", 9).await;
    let wait =
        Failure { code: 429.try_into().unwrap(), retry_after_seconds: Some(60), taken: false };
    gateway.vendor.set_faults(once(FaultKind::Status(wait)));
    for _ in 0..2 {
        let answer = search(&team, &[]).await;
        assert_eq!((answer.status, answer.errors()), (503, vec![("service_unavailable", "")]));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((55..=65).contains(&wait), "{wait}");
    }
    clock.advance(Duration::from_secs(61));
    assert_eq!(search(&team, &[]).await.status, 201);
    gateway.finish().await;
}

#[tokio::test]
async fn a_paused_team_makes_no_calls() {
    let gateway = TestGateway::with(Setup::with_settings(&[PRICED])).await;
    let team = gateway.team("sales", 9).await;
    let paused = json!({"name": "sales", "paused": true, "quotas": []});
    assert_eq!(gateway.operator().put("/admin/v1/teams/sales", &paused).await.status, 200);
    let refused = search(&team, &[]).await;
    assert_eq!((refused.status, refused.errors()), (403, vec![("team_paused", "")]));
    assert!(gateway.vendor.bill().entries.is_empty());
    gateway.finish().await;
}
