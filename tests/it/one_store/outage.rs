//! A vendor that does not answer, in front of several replicas: they count together, and one of them
//! goes and sees.

use std::time::{Duration, Instant};

use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{OneStore, people, post};
use crate::support::metrics::Scrape;
use crate::support::vendor::taking;
use crate::support::wait::eventually;

/// By the server's clock.
const QUIET: Duration = Duration::from_secs(1);

/// More than are under way at once.
const BATCHES: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_count_an_outage_together_and_one_of_them_probes() {
    let settings = ["vendor.quiet_period=1s"];
    let store = OneStore::with(3, taking(Duration::from_millis(30)), &settings).await;
    let callers = store.team("sales").await;
    store.vendor.set_faults(Faults::of([Rule::always(Operation::Any, FaultKind::status(500))]));
    let mut batches = Vec::new();
    for (n, caller) in callers.iter().enumerate() {
        batches.push((n, post(caller, &people(n, 1)).await.id()));
    }
    for gateway in &store.gateways.replicas {
        eventually("the replica knows", async || {
            let scrape = Scrape::of(&gateway.operator()).await;
            scrape.value("tollgate_vendor_circuit_open") == Some(1.0)
        })
        .await;
    }
    let (opened, before) = (Instant::now(), store.vendor.posts_received());
    let probes = || store.vendor.posts_received() - before;
    eventually("it was tried more often than a job has attempts", async || {
        let n = batches.len();
        if n < BATCHES {
            let caller = n % callers.len();
            batches.push((caller, post(&callers[caller], &people(n, 1)).await.id()));
        }
        // Intervals double: by now 1, 2 and 4 seconds are over.
        probes() >= 4
    })
    .await;
    let most = opened.elapsed().as_secs() / QUIET.as_secs() + 1;
    assert!(probes() <= most, "{} probes in {:?}", probes(), opened.elapsed());

    store.vendor.set_faults(Faults::default());
    for (caller, id) in batches {
        assert_eq!(callers[caller].ended(id).await.body["status"], "completed");
    }
    store.balance().await;
}
