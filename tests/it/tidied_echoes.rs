//! Echoes in other words than were sent: the same lead is recognised, and its answer is not lost.

use serde_json::json;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::gateway::TestGateway;

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_that_the_vendor_has_tidied_is_the_same_lead() {
    let gateway = TestGateway::start().await;
    let tidied = Rule::always(Operation::Read, FaultKind::EchoTidied);
    gateway.vendor.set_faults(Faults::of([tidied]));
    let team = gateway.team("sales", 100).await;
    let url = "https://www.linkedin.com/in/Ada-reachable/?utm_source=share&utm_medium=ios";
    let leads = json!([
        {"linkedin_url": url},
        {"email": "Grace.Reachable@X.example"},
        {"name": "Alan   Turing", "company_domain": "https://Bletchley.example/about"},
    ]);
    let ended = team.enrich(&json!({"leads": leads, "reveal_email": true})).await;
    assert_eq!((&ended.body["status"], ended.errors()), (&json!("completed"), vec![]), "{ended:?}");
    assert_eq!(ended.results()[0]["status"], "enriched");
    assert_eq!(ended.results()[0]["linkedin_url"], url, "the caller's own words are echoed");
    let usage = gateway.usage("sales").await;
    assert_eq!(usage["totals"]["email"]["unresolved"], json!(0), "{usage}");
    gateway.finish().await;
}
