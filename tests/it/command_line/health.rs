//! `tollgate health`: for containers.

use std::time::Duration;

use serde_json::json;

use super::run;
use crate::support::gateway::TestGateway;
use crate::support::ports::free;
use crate::support::process::Process;
use crate::support::vendor::{self, taking};

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_the_address_of_the_settings() {
    let (_vendor, address) = vendor::start(taking(Duration::ZERO)).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &[]).await;
    let alive = gateway.run("health");
    assert!(alive.status.success(), "{alive:?}");
    assert_eq!(String::from_utf8(alive.stdout).unwrap(), "alive\n");
    assert!(gateway.terminate().await.success());
    let gone = gateway.run("health");
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    assert_eq!(gone.stdout, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_token_and_no_other_setting_where_it_has_a_url() {
    let gateway = TestGateway::start().await;
    let url = format!("http://{}", gateway.app.operators);
    let alive = run(&["health", "--url", &url, "--json"], &[]);
    assert_eq!((alive.code, &alive.json()["alive"]), (0, &json!(true)));
    let gone = run(&["health", "--url", &format!("http://{}", free()), "--json"], &[]);
    assert_eq!((gone.code, &gone.problem()["code"]), (1, &json!("unreachable")));
    gateway.finish().await;
}

#[test]
fn health_with_wrong_settings_ends_with_2() {
    assert_eq!(run(&["health", "--set", "vendor.timeout=never"], &[]).code, 2);
}
