//! A vendor whose answers do not end: they are read up to a bound and no further, what they left
//! unknown is unresolved and shown, and everything else goes on.

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

/// Every page of every answer holds so many results that nobody asked for, and names another page.
fn endless(results: u32) -> Faults {
    Faults::of([Rule::always(Operation::Read, FaultKind::ResultsEndless(results))])
}

fn person(name: &str) -> Value {
    let lead = json!({"linkedin_url": format!("linkedin.com/in/reachable-{name}")});
    json!({"leads": [lead], "reveal_email": true})
}

/// How many pages of answers that had ended the gateway has read.
async fn pages_read(gateway: &TestGateway) -> f64 {
    let scrape = Scrape::of(&gateway.operator()).await;
    let of = |outcome: &str| {
        let series = "tollgate_vendor_request_duration_seconds_count";
        scrape.sum(&format!("{series}{{operation=\"read\",outcome=\"{outcome}\"}}"))
    };
    of("ended") + of("no_answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_read_up_to_a_bound_and_its_job_is_unresolved() {
    for results in [40, 30_000] {
        let store = Store::Embedded;
        let gateway = TestGateway::with(Setup { store, ..Setup::default() }).await;
        let team = gateway.team("sales", 100).await;
        gateway.vendor.set_faults(endless(results));
        let id = team.start(&person("ada")).await.id();
        let ended = team.ended(id).await;
        assert_eq!(ended.errors(), [("unresolved", "/leads/0")], "{ended:?}");
        let pages = pages_read(&gateway).await;
        assert!(pages <= 4.0, "it read {pages} pages of {results} results");
        let ready = gateway.operator().get("/readyz").await;
        let reasons = ready.body["reasons"].to_string();
        assert!(
            ready.status == 200 && reasons.contains("answers to 1 jobs cannot be parsed"),
            "{ready:?}"
        );

        // Nobody reads it again at a start, and the next batch is answered.
        let gateway = gateway.restarted(&[], |_| {}).await;
        assert_eq!(pages_read(&gateway).await, 0.0);
        gateway.vendor.set_faults(Faults::default());
        let next = gateway.team("growth", 100).await.enrich(&person("grace")).await;
        assert_eq!(next.body["results"][0]["status"], "enriched", "{next:?}");
        let word = json!({"outcome": "charged", "reason": "it is on the vendor's bill"});
        let path = format!("/admin/v1/batches/{id}/resolve");
        let resolved = gateway.operator().post(&path, &word).await;
        assert_eq!(resolved.status, 200, "{resolved:?}");
        gateway.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_whose_answer_has_no_end_ends_without_verdicts_and_is_paid() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    gateway.vendor.set_faults(endless(30_000));
    let body = json!({"emails": [{"email": "ada@x.example"}]});
    let accepted = team.post("/email-validations", &body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let path = format!("/email-validations/{}", accepted.body["id"].as_str().unwrap());
    eventually("it has ended", async || team.get(&path).await.has_ended()).await;
    let ended = team.get(&path).await;
    assert!(!ended.errors().is_empty(), "{ended:?}");
    assert!(pages_read(&gateway).await <= 4.0);
    gateway.vendor.set_faults(Faults::default());
    gateway.finish().await;
}
