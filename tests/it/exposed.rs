//! What strangers reach, and what a vendor's or a caller's odd words may do: heads, hosts, wrong keys,
//! codes, caches, methods by another name.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::client::{Client, connections};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::recorder::{Recorder, Reply};
use crate::support::vendor::{self, taking};

const JSON: &str = "content-type: application/json\r\n";

/// Longer than anything takes that is answered at all.
const LATE: Duration = Duration::from_mins(2);

async fn before(vendor: &Recorder) -> TestGateway {
    let contacts = "routes.\"/contacts/*\"=free";
    TestGateway::with(Setup::with_settings(&[contacts, &vendor.setting()])).await
}

#[tokio::test]
async fn a_stranger_makes_no_listener_keep_more_than_a_small_head() {
    let gateway = TestGateway::start().await;
    for address in [gateway.app.callers, gateway.app.operators] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nx: {}", "x".repeat(40_000));
        // The rest may find the connection closed.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = String::new();
        let read = timeout(LATE, stream.read_to_string(&mut answer)).await;
        let _ = read.expect("it is answered before its head is whole");
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn operators_are_served_by_address_and_by_the_names_that_are_listed() {
    let setup = Setup::with_settings(&["server.admin_hosts=tollgate.example, prometheus"]);
    let gateway = TestGateway::with(setup).await;
    let operator = gateway.operator();
    for path in ["/livez", "/readyz", "/metrics", "/admin/v1/teams", "/nowhere"] {
        for host in ["evil.example", "evil.example:8081", "localhost.evil.example"] {
            let request = operator.request(Method::GET, path).header("host", host);
            let answer = operator.send(request).await;
            let told = (answer.status, answer.body["code"].as_str());
            assert_eq!(told, (421, Some("host_not_allowed")), "{path} of {host}: {answer:?}");
        }
        let plain = operator.get(path).await;
        assert_eq!(plain.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(plain.header("x-frame-options"), Some("DENY"), "{path}");
        for host in ["10.1.2.3:8081", "[2001:db8::1]:8081", "localhost", "TOLLGATE.example:1"] {
            let request = operator.request(Method::GET, path).header("host", host);
            assert_eq!(operator.send(request).await.status, plain.status, "{path} of {host}");
        }
    }
    gateway.finish().await;
}

#[tokio::test]
async fn wrong_keys_and_tokens_are_counted_by_listener() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1).await;
    let wrong = format!("{}0", &team.key[..team.key.len() - 1]);
    let wrong = if wrong == team.key { format!("{}1", &wrong[..wrong.len() - 1]) } else { wrong };
    for key in [&wrong, "tg_0", "", "x"] {
        assert_eq!(gateway.caller(key).get("/gateway/v1/usage").await.status, 401);
    }
    let operators = gateway.app.operators;
    let guesser = Client::new(connections(), operators, "not-the-operators-token");
    assert_eq!(guesser.get("/admin/v1/teams").await.status, 401);
    let scrape = Scrape::of(&gateway.operator()).await;
    for (listener, refused) in [("callers", 4.0), ("operators", 1.0)] {
        let series = format!("tollgate_refused_keys_total{{listener=\"{listener}\"}}");
        assert_eq!(scrape.value(&series), Some(refused), "{series} in {}", scrape.text);
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_code_of_the_vendors_that_is_none_is_repeated_to_nobody() {
    let body = br#"{"object":"error","_errors":[{"code":"ada@x.example 555-1234"}]}"#;
    let vendor = Recorder::with([Reply::whole(422, JSON, body)]).await;
    let gateway = before(&vendor).await;
    let team = gateway.team("sales", 9).await;
    let emails = json!({"emails": [{"email": "grace@x.example"}]});
    let refused = team.post("/email-validations", &emails).await;
    assert_eq!((refused.status, refused.errors()), (422, vec![("vendor_refused", "")]));
    assert!(refused.text.contains("its code is undocumented_code"), "{}", refused.text);
    assert!(!refused.text.contains("ada@") && !refused.text.contains("1234"), "{}", refused.text);
    gateway.stop().await;
}

#[tokio::test]
async fn no_shared_cache_may_keep_what_is_forwarded() {
    let said = format!("{JSON}cache-control: public, max-age=600\r\nvary: accept\r\n");
    let vendor = Recorder::with([Reply::whole(200, &said, b"{}")]).await;
    let gateway = before(&vendor).await;
    let team = gateway.team("sales", 1).await;
    let answer = team.get("/contacts").await;
    assert_eq!(answer.header("cache-control"), Some("private, max-age=600"));
    assert_eq!(answer.header("vary"), Some("accept"));
    gateway.finish().await;
}

#[tokio::test]
async fn another_method_or_another_reading_of_a_path_is_not_forwarded() {
    let vendor = Recorder::with([Reply::whole(201, JSON, b"{}")]).await;
    let gateway = before(&vendor).await;
    let team = gateway.team("sales", 1).await;
    for (path, headers, status) in [
        ("/contacts/7?_method=DELETE", vec![], 400),
        ("/contacts/7?a=b&%5Fmethod=delete", vec![], 400),
        ("/contacts/7", vec![("x-http-method-override", "DELETE")], 400),
        ("/contacts/7", vec![("X-HTTP-Method", "DELETE")], 400),
        ("/contacts/7", vec![("content-type", "application/x-www-form-urlencoded")], 415),
        ("/contacts/7", vec![("content-type", "Multipart/Form-Data; boundary=x")], 415),
        ("/contacts/%FF", vec![], 400),
        ("/contacts/%EF%BC%8E%EF%BC%8E/people", vec![], 400),
        ("/contact%C5%BF/7", vec![], 400),
    ] {
        let mut request = team.request(Method::POST, path).body("_method=DELETE");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = team.send(request).await;
        assert_eq!(answer.status, status, "{path} {headers:?}: {answer:?}");
    }
    assert!(vendor.received().is_empty());
    // What has no type is not taken for a form.
    let untyped = team.request(Method::POST, "/contacts/7").body("_method=DELETE");
    assert_eq!(team.send(untyped).await.status, 201);
    assert_eq!(vendor.received()[0].header("content-type"), ["application/octet-stream"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_callers_leave_files_for_operators_and_the_vendor() {
    const FILES: usize = 400;
    let (vendor, door) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = TempDir::new().unwrap();
    let store = format!("embedded:{}", data.path().display());
    let mut process = Process::not_yet(door, &store, &[]).with_files_max(FILES);
    process.start_again().await;
    let team = process.team("sales").await;
    let mut idle = Vec::new();
    for _ in 0..FILES {
        idle.push(TcpStream::connect(process.callers).await.unwrap());
    }
    let operator = process.operator();
    let ready = timeout(LATE, operator.get("/readyz")).await;
    assert_eq!(ready.expect("operators are served").status, 200);
    drop(idle);
    let people = json!({"leads": [{"email": "reachable.1@x.example"}]});
    assert_eq!(team.enrich_retrying(&people).await.body["status"], "completed");
    assert!(process.output().contains("this process may open 400 files"), "{}", process.output());
    process.balance(&vendor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_writes_no_secrets_to_disk() {
    let (_vendor, door) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = TempDir::new().unwrap();
    let process = Process::start(door, data.path(), &[]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
}
