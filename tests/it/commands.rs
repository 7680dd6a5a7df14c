//! The commands, as processes of their own.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule, Sandbox};

use crate::support::gateway::credits;
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// A gateway in a process of its own, in front of a vendor that is quick.
async fn running() -> (Process, Sandbox, TempDir) {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let gateway = Process::start(address, data.path(), &[]).await;
    (gateway, judge, data)
}

fn people(count: usize) -> Value {
    let lead = |n: usize| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"leads": (0..count).map(lead).collect::<Vec<_>>(), "reveal_email": true})
}

/// Runs `tollgate check` on these settings, with nothing else around.
fn check(settings: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tollgate.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    let output = command.arg("check").arg("--config").arg(&file).output().unwrap();
    let folder = folder.path().display().to_string();
    let (out, err) = texts(&output);
    (output.status.code(), out.replace(&folder, "…"), err.replace(&folder, "…"))
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn check_prints_what_is_in_force_with_secrets_masked() {
    let settings = "[vendor]\napi_key = \"vendor-secret\"\ntimeout = \"20s\"\n\
                    [admin]\ntoken = \"an-operators-secret\"\n";
    let (code, out, err) = check(settings);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("timeout = \"20s\"  # …/tollgate.toml:3"), "{out}");
    assert!(out.contains("api_key = \"<redacted>\"") && out.contains("token = \"<redacted>\""));
    assert!(!out.contains("-secret") && !err.contains("-secret"), "{out}{err}");
}

#[test]
fn check_tells_every_fault_with_its_place() {
    let settings = "[vendor]\ntimeout = \"soon\"\napi_kee = \"x\"\n\
                    [server]\nlisten = \"nowhere\"\n[prices]\nwindow_margin = \"25h\"\n";
    let (code, out, err) = check(settings);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    for part in [
        "tollgate.toml:2",
        "vendor.timeout",
        "tollgate.toml:3",
        "vendor.api_key",
        "tollgate.toml:5",
        "server.listen",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_store_is_told_so() {
    let (gateway, _, _data) = running().await;
    for (command, code) in [("audit", 2), ("serve", 1)] {
        let refused = gateway.run_elsewhere(command);
        assert_eq!(refused.status.code(), Some(code), "{command}");
        let (_, err) = texts(&refused);
        assert!(err.contains("is in use by another process"), "{command}: {err}");
    }
    let team = gateway.team("sales").await;
    assert_eq!(team.enrich(&people(1)).await.body["status"], "completed", "the first goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_told_with_its_setting() {
    let (gateway, _, _data) = running().await;
    let refused = gateway.run("serve");
    assert_eq!(refused.status.code(), Some(1));
    let (_, err) = texts(&refused);
    assert!(err.contains("server.listen") && err.contains(&gateway.callers.to_string()), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_reads_the_books_of_a_gateway_that_has_stopped() {
    let (mut gateway, judge, _data) = running().await;
    let team = gateway.team("sales").await;
    team.enrich(&people(5)).await;
    assert!(gateway.terminate().await.success());
    let audit = gateway.run("audit");
    let (out, err) = texts(&audit);
    assert!(audit.status.success() && out.contains(" 0 mismatches"), "{out}{err}");
    assert_eq!(credits(judge.bill().email), 7.5);
}

#[test]
fn audit_of_a_store_that_is_not_there_says_so_and_makes_none() {
    let elsewhere = tempfile::tempdir().unwrap();
    let store = elsewhere.path().join("none");
    let mut audit = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    audit.arg("audit").arg("--set").arg(format!("store.url=embedded:{}", store.display()));
    let output = audit.args(["--set", "vendor.api_key=sandbox"]).output().unwrap();
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("the audit failed") && err.contains("none/tollgate.redb"), "{err}");
    assert!(!store.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_teams_keys_batches_and_books() {
    let (mut gateway, judge, _data) = running().await;
    let team = gateway.team("sales").await;
    let before = team.enrich(&people(5)).await;
    let operator = gateway.operator();
    let usage = operator.get("/admin/v1/teams/sales/usage").await.body;
    assert!(gateway.terminate().await.success());
    gateway.start_again().await;
    assert_eq!(operator.get("/admin/v1/teams/sales/usage").await.body, usage);
    assert_eq!(team.read(before.id()).await.text, before.text);
    let known = team.start(&people(5)).await;
    assert_eq!(known.body["status"], "completed", "what is known stays known");
    assert_eq!(judge.posts_received(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_finishes_what_was_begun_and_goes_on_at_the_next_start() {
    let (mut gateway, judge, _data) = running().await;
    let team = gateway.team("sales").await;
    let slow = Rule::always(Operation::Submit, FaultKind::LatencyMs(700));
    judge.set_faults(Faults { processing_ms: Some(2_000), ..Faults::of([slow]) });
    let id = team.start(&people(3)).await.id();
    eventually("it was sent, and not answered yet", async || judge.posts_received() == 1).await;
    assert!(gateway.terminate().await.success(), "exit code 0");
    assert!(gateway.output().contains("stopped"), "it says so");
    gateway.start_again().await;
    assert_eq!(team.ended(id).await.body["status"], "completed");
    assert_eq!(judge.posts_received(), 1, "it was not sent again");
    let audit = gateway.operator().get("/admin/v1/audit").await.body;
    assert_eq!(audit["mismatches"], json!(0));
}

#[test]
fn settings_that_cannot_work_end_a_start_with_code_2() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["serve", "--set", "vendor.timeout=never", "--set", "admin.token=short"]);
    let output = command.output().unwrap();
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("vendor.timeout") && err.contains("admin.token"), "{err}");
    assert!(!err.contains("short\""), "a secret is not repeated: {err}");
}
