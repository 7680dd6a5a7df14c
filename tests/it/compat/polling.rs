//! Batches that are polled: how often, until when, and what is read of them meanwhile.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate::sandbox::{ErrorEnding, FaultKind, Faults, Operation, Rule};

use super::scripts::Program;
use super::{SOON, gateway, reachable};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// How often batches were read.
const POLLS: &str = "tollgate_http_request_duration_seconds_count{method=\"GET\",\
                     route=\"/people/enrichment-requests/{id}\"";

#[tokio::test]
async fn one_lead_a_post_is_polled_until_it_is_completed() {
    for program in Program::ALL {
        let gateway = gateway().await;
        let team = gateway.team("sales", 100).await;
        let nobody = json!({"email": "nobody@x.example"});
        let removed = json!({"email": "removed@x.example"});
        let again = json!({"email": "grace.reachable@x.example"});
        let leads = [reachable("ada"), reachable("grace"), nobody, removed, again];
        let batches = program.run("one_by_one", &team, &[SOON], &leads).await;
        let told: Vec<_> = batches.iter().map(|batch| &batch["results"][0]["status"]).collect();
        let found = "enriched";
        assert_eq!(told, [found, found, "not_found", "gdpr_removed", found], "{program:?}");
        for batch in [&batches[0], &batches[1], &batches[4]] {
            let person = &batch["results"][0]["result"];
            assert!(person["email"].is_string(), "{person}");
            assert_eq!(person["phone_numbers"].as_array().map(Vec::len), Some(1), "{person}");
        }
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_batch_that_the_vendor_fails_on_reaches_an_end_too() {
    for program in [Program::Curl, Program::Httpx] {
        let gateway = gateway().await;
        let team = gateway.team("sales", 100).await;
        let ends_in_error = FaultKind::EndsInError(ErrorEnding::WithoutResults);
        gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, ends_in_error)]));
        let batches = program.run("one_by_one", &team, &[SOON], &[reachable("ada")]).await;
        assert_eq!(batches[0]["status"], "error", "{program:?}");
        gateway.at_rest().await;
        gateway.finish_in_doubt().await;
    }
}

#[tokio::test]
async fn retry_after_is_a_whole_number_until_the_end() {
    for program in Program::PYTHON {
        let gateway = gateway().await;
        let team = gateway.team("sales", 100).await;
        gateway.vendor.set_faults(held(Operation::Submit));
        let leads = ["ada", "grace"].map(reachable);
        let is_polled = async {
            eventually("the batch is polled", async || {
                let scrape = Scrape::of(&gateway.operator()).await;
                scrape.sum(POLLS) > 0.0
            })
            .await;
            gateway.vendor.set_faults(Faults::default());
        };
        let script = program.run("retry_after", &team, &["0.01"], &leads);
        let (printed, ()) = tokio::join!(script, is_polled);
        let waits = printed[0]["waits"].as_array().unwrap();
        assert!(!waits.is_empty() && waits.iter().all(Value::is_u64), "{waits:?}");
        assert_eq!(printed[0]["batch"]["results"][1]["result"]["name"], "Grace Reachable");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn results_are_read_while_the_batch_is_processed() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    let leads = ["ada", "grace", "alan"].map(reachable);
    let known = team.start(&json!({"leads": [leads[1]]})).await.id();
    let time_passes = || {
        clock.advance(Duration::from_secs(1));
        gateway.app.gateway.look_now();
    };
    eventually("one is known", async || {
        time_passes();
        team.read(known).await.has_ended()
    })
    .await;

    gateway.vendor.set_faults(Faults { processing_ms: Some(60_000), ..Faults::default() });
    let id = team.start(&json!({"leads": leads})).await.id();
    let row = |n: usize, name: &str| json!({"asked": leads[n]["linkedin_url"], "found": name});
    let (ada, grace, alan) =
        (row(0, "Ada Reachable"), row(1, "Grace Reachable"), row(2, "Alan Reachable"));
    for (status, found) in [("processing", vec![&grace]), ("completed", vec![&ada, &grace, &alan])]
    {
        eventually(status, async || {
            time_passes();
            team.read(id).await.body["status"] == status
        })
        .await;
        for program in Program::PYTHON {
            let rows = program.run("peek", &team, &[&id.to_string()], &[]).await;
            assert_eq!(rows.iter().collect::<Vec<_>>(), found, "{status}, {program:?}");
        }
    }
    gateway.finish().await;
}
