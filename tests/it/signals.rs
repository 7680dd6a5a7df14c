//! Signals: which of them stop the processes, when, and what is left behind.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::asking::BATCHES;
use crate::support::client::connections;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::process::{Process, signal};
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_is_logged_and_ignored() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &[]).await;
    let team = gateway.team("sales").await;
    for count in 1..=2 {
        gateway.signal("HUP");
        eventually("it is logged", async || {
            gateway.output().matches("SIGHUP is ignored").count() == count
        })
        .await;
    }
    let ended = team.enrich(&json!({"leads": [{"email": "reachable@x.example"}]})).await;
    assert_eq!(ended.body["status"], "completed");
    gateway.balance(&judge).await;
    assert!(gateway.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_takes_connections_until_balancers_have_seen_it() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let settings =
        ["server.shutdown_delay=10m", "server.shutdown_grace=11m", "server.health_path=/healthz"];
    let mut gateway = Process::start(address, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    gateway.signal("TERM");
    eventually("it reports that it is not ready", async || {
        gateway.operator().get("/readyz").await.text.contains("shutting down")
    })
    .await;
    let health = format!("{}/healthz", team.base_url());
    let told = connections().get(&health).send().await.unwrap();
    assert_eq!(told.status(), 503);
    // Each on a connection of its own.
    let newcomer =
        || crate::support::client::Client::new(connections(), gateway.callers, &team.key);
    let body = json!({"leads": [{"email": "reachable@x.example"}], "reveal_email": true});
    let accepted = newcomer().start(&body).await;
    let ended = newcomer().ended(accepted.id()).await;
    assert_eq!(ended.body["status"], "completed", "what comes in meanwhile is done as ever");
    gateway.balance(&judge).await;
    assert!(gateway.terminate().await.success(), "told twice, it stops at once");
    assert!(gateway.output().contains("stopping at once"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_by_itself_after_the_delay_and_at_once_for_somebody_at_a_terminal() {
    let (_judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    for (delay, name) in [("100ms", "TERM"), ("10m", "INT")] {
        let data = tempfile::tempdir().unwrap();
        let delay = format!("server.shutdown_delay={delay}");
        let settings = [delay.as_str(), "server.shutdown_grace=11m"];
        let mut gateway = Process::start(address, data.path(), &settings).await;
        gateway.signal(name);
        assert!(gateway.exit().await.success(), "{name}");
        assert!(!gateway.output().contains("stopping at once"), "{name}");
    }
}

/// A demo whose folder lies in this one.
fn demo(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.arg("demo").env("TMPDIR", folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn count_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_removes_its_folder_whatever_ends_it() {
    for name in ["INT", "TERM", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = demo(folder.path());
        let mut welcome = [0; 64];
        demo.stdout.as_mut().unwrap().read_exact(&mut welcome).unwrap();
        assert_eq!(count_in(folder.path()), 1, "{name}");
        signal(name, demo.id());
        let mut status = None;
        eventually("the demo ends", async || {
            status = demo.try_wait().unwrap();
            status.is_some()
        })
        .await;
        assert!(status.unwrap().success(), "{name}");
        assert_eq!(count_in(folder.path()), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_fails_removes_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo(folder.path());
    // Its output is closed.
    drop(demo.stdout.take());
    let mut status = None;
    eventually("the demo ends", async || {
        status = demo.try_wait().unwrap();
        status.is_some()
    })
    .await;
    assert_eq!(status.unwrap().code(), Some(1));
    assert_eq!(count_in(folder.path()), 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_time_that_is_set() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.idle_timeout=200ms"])).await;
    let mut stream = TcpStream::connect(gateway.app.operators).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && !text.contains("connection: close"), "{text}");
    gateway.finish().await;
}

#[tokio::test]
async fn a_health_path_answers_without_a_key_and_nothing_is_passed_on_there() {
    let gateway =
        TestGateway::with(Setup::with_settings(&["server.health_path=/contacts/health"])).await;
    let team = gateway.team("sales", 10).await;
    let url = format!("{}/contacts/health", team.base_url());
    for method in [Method::GET, Method::HEAD] {
        let answer = connections().request(method, &url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(connections().post(&url).send().await.unwrap().status(), 405);
    let without = TestGateway::start().await;
    let nobody = format!("http://{}/healthz", without.app.callers);
    assert_eq!(connections().get(&nobody).send().await.unwrap().status(), 401);
    assert_eq!(team.get(BATCHES).await.status, 405);
    without.finish().await;
    gateway.finish().await;
}
