//! Paths that an operator prices: each call is reserved, made once, and booked by what came of it.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use super::before;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::recorder::{Recorder, Reply};
use crate::support::wait::eventually;

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
        let left = answer.header("tollgate-credits-remaining");
        assert_eq!(left, Some("email=9, phone=9"), "nothing is set aside any more");
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

#[tokio::test]
async fn a_packed_body_is_counted_and_sent_unpacked() {
    let per_title = "routes.\"/people/search\"={ email = 1, per = \"/titles\" }";
    let vendor = Recorder::with([Reply::whole(200, "", b"{}")]).await;
    let gateway = before(&vendor, &[per_title]).await;
    let team = gateway.team("sales", 9).await;
    let body = json!({"titles": ["cto", "ceo"]}).to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(body.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let send = async |encoding: &str, body: &[u8]| {
        let request = team.request(Method::POST, SEARCH).header("content-encoding", encoding);
        let request = request.header("content-type", "application/json");
        team.send(request.body(body.to_vec())).await
    };
    let answer = send("gzip", &packed).await;
    assert_eq!(answer.header("tollgate-credits-spent"), Some("email=2, phone=0"), "{answer:?}");
    let [received] = &vendor.received()[..] else { panic!("it is sent once") };
    assert_eq!(String::from_utf8(received.body.clone()).unwrap(), body);
    assert!(received.header("content-encoding").is_empty());
    assert_eq!(send("br", &packed).await.errors(), [("unsupported_media_type", "")]);
    assert_eq!(send("gzip", b"no gzip").await.errors(), [("unreadable_body", "")]);
    assert_eq!(gateway.at_rest().await.email.spent, 2.0);
    gateway.stop().await;
}

#[tokio::test]
async fn calls_have_so_many_places_also_where_their_callers_have_hung_up() {
    let vendor = Recorder::with((0..3).map(|_| Reply::then_silence(""))).await;
    let gateway = before(&vendor, &[PRICED, "server.calls_max=4", "vendor.timeout=60s"]).await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    let mut hanging = JoinSet::new();
    for team in [&sales, &sales, &growth] {
        let team = team.clone();
        hanging.spawn(async move { search(&team, &[]).await });
    }
    eventually("three hang", async || vendor.received().len() == 3).await;
    hanging.shutdown().await;
    let leads = json!({"leads": [{"email": "ada@x.example"}]});
    for _ in 0..5 {
        assert_eq!(sales.post("/gateway/v1/estimates", &leads).await.status, 200);
        let refused = search(&sales, &[]).await;
        assert_eq!((refused.status, refused.errors()), (503, vec![("service_unavailable", "")]));
        assert_eq!(refused.header("retry-after"), Some("2"), "half of them are not one team's");
    }
    assert_eq!(gateway.sums().await.email.reserved, 3.0, "nothing was set aside for them");
    // The vendor breaks all three off.
    drop(vendor);
    assert_eq!(gateway.at_rest().await.email.unresolved, 3.0);
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_too_long_to_be_read_leaves_the_call_unresolved() {
    let long = vec![b'x'; 8 * 1024 * 1024 + 1];
    let vendor = Recorder::with([Reply::whole(200, "", &long)]).await;
    let gateway = before(&vendor, &[PRICED]).await;
    let team = gateway.team("sales", 9).await;
    assert_eq!(search(&team, &[]).await.errors(), [("unresolved", "")]);
    assert_eq!(gateway.at_rest().await.email.unresolved, 1.0);
    gateway.stop().await;
}
