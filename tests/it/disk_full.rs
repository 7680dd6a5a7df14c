//! The embedded store's disk is full for a while: nothing that costs is sent meanwhile, the gateway
//! reports it, and serves again without a restart once there is room.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate::disk::Disk;

use crate::support::asking::{BATCHES, batch};
use crate::support::faulty_disk::FaultyDisk;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

/// After how many writes the disk is full: from the admission of a batch to after its end.
const FULL_AFTER: [u64; 14] = [0, 1, 2, 4, 6, 9, 12, 16, 20, 25, 30, 40, 60, 90];

/// How far the gateway's clock moves between two looks.
const STEP: Duration = Duration::from_millis(500);

fn person(n: usize) -> Value {
    json!({"reveal_email": true, "leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

async fn gateway_on(faulty: &FaultyDisk, setup: Setup) -> TestGateway {
    let again = faulty.clone();
    let disk = Disk::open_backends(move || again.plug_in_again()).unwrap();
    TestGateway::with(Setup { store: Store::Embedded, disk: Some(disk), ..setup }).await
}

#[tokio::test]
async fn a_gateway_whose_disk_is_full_sends_nothing_and_serves_again_once_there_is_room() {
    let faulty = FaultyDisk::new(1);
    let gateway = gateway_on(&faulty, Setup::default()).await;
    let team = gateway.team("sales", 100).await;
    let first = team.enrich(&person(0)).await;
    let sent = gateway.vendor.bill().posts_received;

    faulty.fill_in(0);
    let refused = team.post(BATCHES, &person(1)).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let refused = team.post(BATCHES, &person(2)).await;
    assert_eq!((refused.status, refused.header("tollgate-outcome")), (503, None), "{refused:?}");
    let operator = gateway.operator();
    let ready = operator.get("/readyz").await;
    assert_eq!(ready.status, 503, "{ready:?}");
    let reason = ready.body["reasons"][0].as_str().unwrap();
    assert!(reason.contains("the disk is full; free some space"), "{reason}");
    assert_eq!(operator.get("/livez").await.status, 200);
    assert_eq!(Scrape::of(&operator).await.value("tollgate_store_up").unwrap(), 0.0);
    assert_eq!(gateway.vendor.bill().posts_received, sent);

    faulty.make_room();
    eventually("it is ready", async || operator.get("/readyz").await.status == 200).await;
    let again = team.read(first.id()).await;
    assert_eq!(again.results(), first.results());
    for n in 1..4 {
        team.enrich_retrying(&person(n)).await;
    }
    gateway.finish().await;
}

#[tokio::test]
async fn wherever_in_the_life_of_a_batch_the_disk_is_full_the_books_equal_the_bill() {
    let faulty = FaultyDisk::new(1);
    let (setup, clock) = Setup::with_clock();
    let gateway = gateway_on(&faulty, setup).await;
    let team = gateway.team("sales", 100).await;
    let operator = gateway.operator();
    for (n, writes) in FULL_AFTER.into_iter().enumerate() {
        faulty.fill_in(writes);
        let accepted = team.post(BATCHES, &person(n)).await;
        assert!([202, 503].contains(&accepted.status), "{accepted:?}");
        gateway
            .eventually_by(&clock, STEP, "the disk is full", async || {
                operator.get("/readyz").await.status == 503
            })
            .await;
        faulty.make_room();
        let id = team.start_retrying(&person(n)).await.id();
        gateway
            .eventually_by(&clock, STEP, "the batch ends", async || {
                team.insist_on(&batch(id)).await.has_ended()
            })
            .await;
    }
    gateway
        .eventually_by(&clock, STEP, "no reservation is open", async || {
            let sums = gateway.sums().await;
            sums.email.reserved == 0.0 && sums.phone.reserved == 0.0
        })
        .await;
    gateway.finish().await;
}
