//! The operators' side, through the front door.

mod adjusting;
mod batches;
mod canceling;
mod erasing;
mod evidence;
mod resolving;
mod teams;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::batch;
use crate::support::client::{Answer, Client};
use crate::support::gateway::TestGateway;
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

/// Where operators see batches.
const LIST: &str = "/admin/v1/batches";

/// What is not answered is unresolved at once.
const HOLD: &str = "vendor.on_no_answer=hold";

/// A problem as RFC 9457 says: its code, and the code and place of each fault.
fn problem(answer: &Answer) -> (&str, Vec<(&str, &str)>) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let code = answer.body["code"].as_str().unwrap();
    assert_eq!(answer.body["type"], format!("urn:tollgate:problem:{code}"));
    assert_eq!(answer.body["status"], json!(answer.status));
    assert!(answer.body["title"].is_string() && answer.body["detail"].is_string());
    let faults = answer.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fault = |fault| -> (&str, &str) {
        let fault: &Value = fault;
        assert!(fault["detail"].is_string());
        (fault["code"].as_str().unwrap(), fault["pointer"].as_str().unwrap())
    };
    (code, faults.iter().map(fault).collect())
}

/// These people, with their emails: each costs one and a half.
fn people(names: &[&str]) -> Value {
    let lead = |name: &&str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    let leads: Vec<_> = names.iter().map(lead).collect();
    json!({"leads": leads, "reveal_email": true})
}

/// The path of one batch, for operators.
fn path(id: u64) -> String {
    format!("{LIST}/{id}")
}

/// The ids of the batches in a state, as they are listed.
async fn listed(operator: &Client, query: &str) -> Vec<u64> {
    let page = operator.get(&format!("{LIST}{query}")).await;
    assert_eq!(page.status, 200, "{page:?}");
    let batches = page.body["batches"].as_array().unwrap();
    batches.iter().map(|batch| batch["id"].as_u64().unwrap()).collect()
}

/// How many batches the metrics count as unresolved.
async fn gauge(gateway: &TestGateway) -> Option<f64> {
    let scrape = Scrape::of(&gateway.operator()).await;
    scrape.value("tollgate_batches{state=\"unresolved\"}")
}

/// Has a batch asked for whose next submission fails so, and waits until it is unresolved.
async fn lost(gateway: &TestGateway, team: &Client, kind: FaultKind, names: &[&str]) -> u64 {
    let rule = Rule::always(Operation::Submit, kind);
    gateway.vendor.set_faults(Faults::of([rule]));
    let id = team.start(&people(names)).await.id();
    let operator = gateway.operator();
    eventually("it is unresolved", async || {
        operator.get(&path(id)).await.body["state"] == "unresolved"
    })
    .await;
    gateway.vendor.set_faults(Faults::default());
    id
}

/// Resolves a batch.
async fn resolve(operator: &Client, id: u64, body: &Value) -> Answer {
    operator.post(&format!("{}/resolve", path(id)), body).await
}

fn charged() -> Value {
    json!({"outcome": "charged", "reason": "it is on the vendor's bill"})
}

fn not_charged() -> Value {
    json!({"outcome": "not_charged", "reason": "it is not on the vendor's bill"})
}

/// A POST with a key of its own.
async fn post_once(operator: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let request = operator.json(Method::POST, path, body).header("idempotency-key", key);
    operator.send(request).await
}
