//! Another secret: what the old one sealed is read, nobody is paid for again, and who was forgotten
//! stays so.

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::support::asking::BATCHES;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};

const FIRST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECOND: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const THIRD: &str = "0123456789abcdeffedcba98765432100123456789abcdeffedcba9876543210";

fn people(names: &[&str]) -> serde_json::Value {
    let leads: Vec<_> =
        names.iter().map(|name| json!({"email": format!("reachable.{name}@x.example")})).collect();
    json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true})
}

/// A gateway under one secret after another.
async fn rotate(store: &str, further: &[&str]) {
    let (vendor, door) = vendor::start(taking(Duration::from_millis(30))).await;
    let first = format!("security.secret={FIRST}");
    let settings: Vec<_> = further.iter().copied().chain([first.as_str()]).collect();
    let mut process = Process::on(door, store, &settings).await;
    let team = process.team("sales").await;
    let before = team.enrich(&people(&["ada", "bob"])).await;
    assert_eq!(before.body["status"], "completed");
    let erased = json!({"email": "reachable.bob@x.example"});
    assert_eq!(process.operator().post("/admin/v1/persons/erase", &erased).await.status, 200);
    let paid = vendor.bill().entries.len();
    process.terminate().await;

    for (secret, retired) in [(SECOND, FIRST.to_owned()), (THIRD, format!("{SECOND},{FIRST}"))] {
        process.set(&format!("security.secret={secret}"));
        process.set(&format!("security.retired_secrets={retired}"));
        process.start_again().await;
        let read = team.get(&format!("{BATCHES}/{}", before.id())).await;
        assert_eq!(read.results()[0], before.results()[0], "it is read as before");
        let again = team.enrich(&people(&["ada", "bob"])).await;
        assert_eq!(again.header("tollgate-credits-spent"), Some("email=0, phone=0"), "{again:?}");
        assert_eq!(again.results()[0]["email"], before.results()[0]["email"]);
        assert_eq!(again.results()[1]["status"], "gdpr_removed", "{again:?}");
        assert_eq!(vendor.bill().entries.len(), paid, "nobody is paid for again");
        process.terminate().await;
    }
    // Who is asked for under the latest secret is read under it.
    process.start_again().await;
    let new = team.enrich(&people(&["eve"])).await;
    assert_eq!(new.results()[0]["status"], "enriched");
    process.balance(&vendor).await;
    process.terminate().await;

    // Without the first, nobody would be recognised.
    process.set(&format!("security.retired_secrets={SECOND}"));
    process.launch();
    assert!(!process.exit().await.success());
    assert!(process.output().contains("under another security.secret"), "{}", process.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_store_goes_on_under_another_secret() {
    let data = TempDir::new().unwrap();
    rotate(&format!("embedded:{}", data.path().join("books").display()), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_goes_on_under_another_secret() {
    let server = Server::start().await;
    rotate(&server.url(), &["store.durability=single"]).await;
}
