//! A vendor whose own credits are out, in front of several replicas: told to one, known to all.

use std::time::Duration;

use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{OneStore, people, post};
use crate::support::metrics::Scrape;
use crate::support::vendor::taking;
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_was_told_of_the_vendors_credits_every_replica_heeds() {
    let store = OneStore::start(3, taking(Duration::from_millis(30))).await;
    let callers = store.team("sales").await;
    let known = callers[0].enrich_retrying(&people(0, 1)).await;
    assert_eq!(known.body["status"], "completed", "{known:?}");
    let out = Rule::always(Operation::Submit, FaultKind::status(402));
    store.vendor.set_faults(Faults::of([out]));
    let failed = callers[0].enrich_retrying(&people(1, 1)).await;
    assert_eq!(failed.errors(), [("insufficient_credits", "/leads/0")], "{failed:?}");

    for (gateway, caller) in store.gateways.replicas.iter().zip(&callers) {
        eventually("the replica knows", async || {
            let scrape = Scrape::of(&gateway.operator()).await;
            scrape.value("tollgate_vendor_circuit_open") == Some(1.0)
        })
        .await;
        let refused = post(caller, &people(2, 1)).await;
        assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
        assert!((1..=60).contains(&refused.header("retry-after").unwrap().parse().unwrap()));
        let cached = caller.enrich_retrying(&people(0, 1)).await;
        assert_eq!(cached.body["status"], "completed", "what is known is answered: {cached:?}");
    }
    assert_eq!(store.vendor.posts_received(), 2, "none of them asked again");
    store.balance().await;
}
