//! `tollgate doctor`: the live parts, each with a remedy where it is at fault.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule, Sandbox};

use super::{Ran, run};
use crate::support::gateway::settings;
use crate::support::gateways::SECRET;
use crate::support::ports::free;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};

/// Runs the doctor on a store and a vendor, with further settings.
fn doctor(vendor: std::net::SocketAddr, store: &str, further: &[&str]) -> Ran {
    let settings = settings(vendor, store);
    let all = settings.iter().map(String::as_str).chain(further.iter().copied());
    let flags: Vec<_> = all.flat_map(|setting| ["--set", setting]).collect();
    run(&[&["doctor", "--json"], &flags[..]].concat(), &[])
}

/// What was found of this level, of one part.
fn found(document: &Value, part: &str, level: &str) -> Vec<String> {
    let checks = document["checks"].as_array().unwrap().iter();
    let these = checks.filter(|check| check["part"] == part && check["level"] == level);
    these.map(|check| check["what"].as_str().unwrap().to_owned()).collect()
}

fn has(found: &[String], what: &str) -> bool {
    found.iter().any(|found| found.contains(what))
}

async fn vendor_of() -> (Sandbox, std::net::SocketAddr) {
    vendor::start(taking(Duration::ZERO)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_redis_and_vendor_are_well_and_the_store_stays_empty() {
    let (sandbox, vendor) = vendor_of().await;
    let redis = Server::start().await;
    let ran = doctor(vendor, &redis.url_as_documented(), &[SECRET]);
    let document = ran.json();
    assert_eq!((ran.code, &document["ok"]), (0, &json!(true)), "{ran:?}");
    let well = found(&document, "store", "ok");
    for what in [
        "connected to",
        "it is Redis",
        "it accepts writes",
        "maxmemory-policy is noeviction",
        "appendonly is yes",
        "its clock and this machine's differ by less",
        "all commands of the gateway are permitted",
        "scripts run and return",
        "there is no ledger in it yet",
    ] {
        assert!(has(&well, what), "{what}: {well:?}");
    }
    assert!(has(&found(&document, "vendor", "ok"), "accepts the key"), "{document}");
    assert_eq!(sandbox.posts_received(), 0);
    let again = doctor(vendor, &redis.url_as_documented(), &[SECRET]).json();
    assert!(has(&found(&again, "store", "ok"), "there is no ledger in it yet"), "none were made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_may_forget_is_at_fault_with_the_line_that_mends_it() {
    let (_, vendor) = vendor_of().await;
    let redis = Server::start().await;
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    redis.ask::<()>(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    let ran = doctor(vendor, &redis.url_as_documented(), &[SECRET]);
    let document = ran.json();
    assert_eq!((ran.code, &document["ok"]), (1, &json!(false)));
    let faults = found(&document, "store", "fault");
    assert!(has(&faults, "maxmemory-policy is allkeys-lru"), "{faults:?}");
    assert!(has(&faults, "appendfsync is everysec"), "{faults:?}");
    let remedies = document["checks"].as_array().unwrap().iter().map(|check| &check["remedy"]);
    let mended = remedies.filter_map(Value::as_str).any(|remedy| remedy.contains("CONFIG SET"));
    assert!(mended, "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_not_there_and_a_missing_secret_are_at_fault() {
    let (_, vendor) = vendor_of().await;
    let nowhere = doctor(vendor, &format!("redis://{}", free()), &[SECRET]);
    assert_eq!(nowhere.code, 1, "{nowhere:?}");
    assert_eq!(found(&nowhere.json(), "store", "fault").len(), 1, "{nowhere:?}");
    let redis = Server::start().await;
    let open = doctor(vendor, &redis.url_as_documented(), &[]);
    assert_eq!((open.code, open.out.as_str()), (2, ""), "the settings are wrong: {open:?}");
    assert!(open.err.contains("security.secret"), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_of_a_running_gateway_are_left_alone() {
    let (_, vendor) = vendor_of().await;
    let data = tempfile::tempdir().unwrap();
    let store = format!("embedded:{}", data.path().join("books").display());
    let before = doctor(vendor, &store, &[]);
    assert_eq!(before.code, 0, "{before:?}");
    assert!(has(&found(&before.json(), "store", "ok"), "the first start creates it"));
    assert!(!data.path().join("books").exists(), "it makes none");
    let mut gateway = Process::on(vendor, &store, &[]).await;
    let during = doctor(vendor, &store, &[]);
    assert!(has(&found(&during.json(), "store", "ok"), "open in a running process"), "{during:?}");
    assert!(gateway.terminate().await.success());
    let after = doctor(vendor, &store, &[]);
    assert!(has(&found(&after.json(), "store", "ok"), "can be opened"), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_refuses_the_key_or_does_not_answer_is_at_fault() {
    let options = tollgate::sandbox::Options {
        api_key: Some("another".to_owned()),
        ..taking(Duration::ZERO)
    };
    let (_, stranger) = vendor::start(options).await;
    let refused = doctor(stranger, "memory:", &[]);
    assert_eq!(refused.code, 1);
    assert!(has(&found(&refused.json(), "vendor", "fault"), "refuses the key"), "{refused:?}");
    assert!(!refused.out.contains("\"sandbox\""), "no key is printed");
    let nowhere = doctor(free(), "memory:", &[]);
    assert_eq!(nowhere.code, 1);
    assert!(has(&found(&nowhere.json(), "vendor", "fault"), "cannot be reached"), "{nowhere:?}");

    let (sandbox, ill) = vendor_of().await;
    sandbox.set_faults(Faults::of([Rule::always(Operation::Elsewhere, FaultKind::status(503))]));
    let doubtful = doctor(ill, "memory:", &[]);
    assert_eq!(doubtful.code, 0, "a warning is no fault: {doubtful:?}");
    assert!(has(&found(&doubtful.json(), "vendor", "warning"), "503"), "{doubtful:?}");
    assert!(has(&found(&doubtful.json(), "store", "warning"), "memory:"), "{doubtful:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_a_line_for_each_check_and_the_export_is_tried() {
    let (_, vendor) = vendor_of().await;
    let flags = settings(vendor, "memory:");
    let flags: Vec<_> = flags.iter().flat_map(|setting| ["--set", setting]).collect();
    let missing = ["--set", "ledger.export_dir=/nowhere/export"];
    let ran = run(&[&["doctor"], &flags[..], &missing].concat(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert!(ran.out.lines().any(|line| line.starts_with("ok       vendor: ")), "{}", ran.out);
    assert!(
        ran.out.lines().any(|line| line.starts_with("fault    export: /nowhere")),
        "{}",
        ran.out
    );
    assert_eq!(run(&["doctor", "--set", "vendor.timeout=never"], &[]).code, 2);
}
