//! Two things at once: a cancellation and a refusal, a kill and a setting, many pages and a vendor
//! that fails now and then.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::gateway::TestGateway;
use crate::support::people::plain;
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// The vendor holds its answers to submissions back.
fn held_submit() -> Rule {
    Rule::always(Operation::Submit, FaultKind::Held)
}

#[tokio::test]
async fn a_batch_cancelled_while_its_attempt_is_refused_is_not_sent_again() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let refused = Rule::always(Operation::Submit, FaultKind::status(429));
    gateway.vendor.set_faults(Faults::of([held_submit(), refused]));
    let body = json!({"leads": [plain(1)], "reveal_email": true});
    let accepted = team.post("/people/enrichment-requests", &body).await;
    eventually("the attempt is under way", async || gateway.vendor.posts_received() == 1).await;
    let path = format!("/people/enrichment-requests/{}", accepted.id());
    let canceled = team.patch(&path, &json!({"status": "canceled"})).await;
    assert_eq!(canceled.body["status"], "canceled", "{canceled:?}");
    gateway.vendor.set_faults(Faults::default());
    let sums = gateway.at_rest().await;
    assert_eq!((sums.email.spent, sums.email.unresolved), (0.0, 0.0));
    assert_eq!(gateway.vendor.leads_received(), Vec::<String>::new());
    gateway.finish().await;
}

#[tokio::test]
async fn who_joined_a_batch_that_was_cancelled_unsent_is_answered_all_the_same() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let refused = Rule::always(Operation::Submit, FaultKind::status(429)).times(1);
    gateway.vendor.set_faults(Faults::of([held_submit(), refused]));
    let body = json!({"leads": [plain(1)], "reveal_email": true});
    let first = sales.post("/people/enrichment-requests", &body).await;
    eventually("the attempt is under way", async || gateway.vendor.posts_received() == 1).await;
    let second = growth.post("/people/enrichment-requests", &body).await;
    assert!(second.header("tollgate-leads").unwrap().contains("joined=1"), "{second:?}");
    let path = format!("/people/enrichment-requests/{}", first.id());
    sales.patch(&path, &json!({"status": "canceled"})).await;
    gateway.vendor.set_faults(Faults::default());
    let answered = growth.ended(second.id()).await;
    assert_eq!(answered.body["results"][0]["status"], "enriched", "{answered:?}");
    gateway.at_rest().await;
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(0));
    gateway.finish().await;
}

#[tokio::test]
async fn what_a_joined_batch_was_spared_stands_on_its_answer() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    gateway.vendor.set_faults(Faults::of([held_submit()]));
    let reachable = json!({"linkedin_url": "linkedin.com/in/ada-reachable"});
    let body = json!({"leads": [reachable], "reveal_email": true});
    sales.post("/people/enrichment-requests", &body).await;
    let joined = growth.start(&body).await.id();
    gateway.vendor.set_faults(Faults::default());
    let joined = growth.ended(joined).await;
    assert_eq!(joined.header("tollgate-credits-avoided"), Some("email=1.5, phone=0"));
    assert_eq!(joined.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_hold_a_kill_while_a_post_is_under_way_sends_nothing_again() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &["vendor.on_no_answer=hold"]).await;
    let team = gateway.team("sales").await;
    judge.set_faults(Faults::of([held_submit()]));
    let body = json!({"leads": [plain(1)], "reveal_email": true});
    let accepted = team.post("/people/enrichment-requests", &body).await;
    eventually("the vendor took it", async || judge.posts_received() == 1).await;
    gateway.kill();
    gateway.start_again().await;
    let ended = team.ended(accepted.id()).await;
    assert_eq!(ended.body["_errors"][0]["code"], "unresolved", "{ended:?}");
    let usage = gateway.operator().get("/admin/v1/teams/sales/usage").await;
    assert_eq!(usage.body["totals"]["email"]["unresolved"], json!(1.5));
    assert_eq!(usage.body["totals"]["email"]["reserved"], json!(0));
    assert_eq!(judge.posts_received(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_many_pages_comes_home_though_many_reads_fail() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1_000_000).await;
    let failing = [
        Rule::always(Operation::Read, FaultKind::status(429)).by_chance(0.2, 1),
        Rule::always(Operation::Read, FaultKind::status(500)).by_chance(0.1, 2),
        Rule::always(Operation::Read, FaultKind::CutAfter).by_chance(0.1, 3),
    ];
    gateway.vendor.set_faults(Faults::of(failing));
    let leads: Vec<_> = (0..1_500).map(plain).collect();
    let answer = team.enrich(&json!({"leads": leads, "reveal_email": true})).await;
    assert_eq!(answer.body["status"], "completed", "{answer:?}");
    let reads = reads_of(&gateway).await;
    assert!(reads < 60, "fifteen pages took {reads} reads");
    gateway.finish().await;
}

/// How often the vendor was asked for a page.
async fn reads_of(gateway: &TestGateway) -> u64 {
    let operator = gateway.operator();
    let metrics = operator.send(operator.request(Method::GET, "/metrics")).await.text;
    let name = "tollgate_vendor_request_duration_seconds_count{operation=\"read\"";
    let counts = metrics.lines().filter(|line| line.starts_with(name));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}
