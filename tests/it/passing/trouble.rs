//! A vendor that refuses, hurries, hangs or breaks off while something is passed on: the caller is
//! told the truth, and nobody else waits.

use serde_json::json;
use tokio::net::TcpListener;

use super::{before, exchange};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::recorder::{Recorder, Reply};
use crate::support::wait::eventually;

const ESTIMATES: &str = "/gateway/v1/estimates";

/// What the vendor is given before it counts as silent.
const SOON: &str = "vendor.timeout=400ms";

fn status(status: u16) -> Reply {
    Reply::whole(status, "content-type: application/json\r\n", br#"{"object":"theirs"}"#)
}

async fn circuit(gateway: &TestGateway) -> Option<f64> {
    Scrape::of(&gateway.operator()).await.value("tollgate_vendor_circuit_open")
}

#[tokio::test]
async fn a_key_that_the_vendor_refuses_is_not_the_callers() {
    let vendor = Recorder::with([status(401), status(200)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let answer = team.get("/contacts").await;
    assert_eq!((answer.status, answer.errors()), (502, vec![("vendor_refuses_key", "")]));
    assert_eq!(answer.header("www-authenticate"), None);
    let ready = gateway.operator().get("/readyz").await;
    assert!(ready.text.contains("API key or URL (401)"), "{ready:?}");
    assert_eq!(circuit(&gateway).await, Some(1.0));
    assert_eq!(team.get("/contacts").await.status, 200);
    assert_eq!(circuit(&gateway).await, Some(0.0));
    gateway.finish().await;
}

#[tokio::test]
async fn a_path_that_is_not_for_the_account_says_nothing_of_the_key() {
    let vendor = Recorder::with([status(403)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let answer = team.get("/contacts").await;
    assert_eq!((answer.status, answer.body), (403, json!({"object": "theirs"})));
    assert_eq!(circuit(&gateway).await, Some(0.0));
    gateway.finish().await;
}

#[tokio::test]
async fn a_paused_team_has_nothing_passed_on() {
    let vendor = Recorder::with([status(200)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    for (paused, told) in [(true, 403), (false, 200)] {
        let put = json!({"name": "sales", "paused": paused});
        assert_eq!(gateway.operator().put("/admin/v1/teams/sales", &put).await.status, 200);
        let answer = team.get("/contacts").await;
        assert_eq!(answer.status, told, "{answer:?}");
        assert_eq!(vendor.received().len(), usize::from(!paused));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn too_many_requests_are_the_gateways_to_wait_for() {
    let too_many = || Reply::whole(429, "retry-after: 240\r\n", b"");
    let vendor = Recorder::with([too_many(), too_many()]).await;
    let allowed = "routes.\"/users\"={ access = \"free\", requests_per_minute = 60 }";
    let gateway = before(&vendor, &[allowed]).await;
    let team = gateway.team("sales", 100).await;
    for (path, asked) in [("/users", 1), ("/users", 1), ("/contacts", 2), ("/tasks", 2)] {
        let answer = team.get(path).await;
        assert_eq!((answer.status, answer.errors()), (503, vec![("service_unavailable", "")]));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((230..=242).contains(&wait), "{wait}");
        assert_eq!(vendor.received().len(), asked, "{path}: the vendor is left alone");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_vendor_that_does_not_say_how_long_is_left_alone_for_a_while_and_then_asked_again() {
    let vendor = Recorder::with([Reply::whole(429, "", b""), status(200)]).await;
    let (setup, clock) = Setup::with_clock();
    let settings = vec![vendor.setting()];
    let gateway = TestGateway::with(Setup { settings, ..setup }).await;
    let team = gateway.team("sales", 100).await;
    let told = team.get("/contacts").await;
    assert_eq!((told.status, told.header("retry-after")), (503, Some("2")), "{told:?}");
    assert_eq!(team.get("/contacts").await.status, 503, "the time stands still");
    assert_eq!(vendor.received().len(), 1);
    clock.advance(std::time::Duration::from_secs(2));
    assert_eq!(team.get("/contacts").await.status, 200);
    gateway.finish().await;
}

#[tokio::test]
async fn everything_else_of_the_vendors_passes_as_it_is() {
    let statuses = [400, 402, 404, 405, 409, 418, 451, 500, 503];
    let vendor = Recorder::with(statuses.map(status)).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    for status in statuses {
        let answer = team.get("/contacts").await;
        assert_eq!((answer.status, answer.body), (status, json!({"object": "theirs"})));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_vendor_that_never_answers_is_given_up() {
    let vendor =
        Recorder::with([Reply::then_silence(""), Reply::then_silence("HTTP/1.1 200")]).await;
    let gateway = before(&vendor, &[SOON]).await;
    let team = gateway.team("sales", 100).await;
    for _ in 0..2 {
        let answer = team.get("/contacts").await;
        assert_eq!((answer.status, answer.errors()), (504, vec![("vendor_timeout", "")]));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_vendor_that_is_away_is_told_apart() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = format!("vendor.base_url=http://{nobody}");
    let gateway = TestGateway::with(Setup::with_settings(&[&address])).await;
    let team = gateway.team("sales", 100).await;
    let answer = team.get("/contacts").await;
    assert_eq!((answer.status, answer.errors()), (502, vec![("vendor_unreachable", "")]));
    let cut = Recorder::with([Reply::bytes("HTTP/1.1 200 X\r\ncontent-")]).await;
    let behind = before(&cut, &[]).await;
    let team = behind.team("sales", 100).await;
    let answer = team.get("/contacts").await;
    assert_eq!((answer.status, answer.errors()), (502, vec![("vendor_unreachable", "")]));
    behind.finish().await;
    gateway.finish().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_made_to_look_whole() {
    let measured = "HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n12345";
    let chunked = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n";
    let vendor = Recorder::with([
        Reply::bytes(measured),
        Reply::bytes(chunked),
        Reply::then_silence(measured),
        Reply::then_silence(chunked),
    ])
    .await;
    let gateway = before(&vendor, &[SOON]).await;
    let team = gateway.team("sales", 100).await;
    let key = &team.key;
    let request =
        format!("GET /contacts HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\r\n");
    for number in 0..4 {
        // It ends without being asked to, since the gateway cuts it.
        let answer = exchange(&gateway, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{number}: {answer}");
        assert!(!answer.ends_with("0\r\n\r\n") && answer.contains("12345"), "{number}: {answer}");
        let is_whole = answer.contains("content-length: 5\r\n");
        assert!(!is_whole, "{number}: {answer}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn while_the_vendor_hangs_nobody_else_waits() {
    let vendor = Recorder::with([Reply::then_silence(""), Reply::then_silence("")]).await;
    let gateway = before(&vendor, &["vendor.timeout=60s"]).await;
    let team = gateway.team("sales", 100).await;
    let hanging = [team.clone(), team.clone()].map(|team| {
        let asking = async move { team.get("/contacts").await };
        tokio_util::task::AbortOnDropHandle::new(tokio_util::task::TaskTracker::new().spawn(asking))
    });
    eventually("both hang", async || vendor.received().len() == 2).await;
    let leads = json!({"leads": [{"email": "ada@x.example"}]});
    assert_eq!(team.post(ESTIMATES, &leads).await.status, 200);
    assert_eq!(team.get("/companies/find").await.status, 403);
    assert_eq!(gateway.operator().get("/readyz").await.status, 200);
    assert!(hanging.iter().all(|asking| !asking.is_finished()));
    drop(hanging);
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_that_its_caller_cuts_never_arrives_whole() {
    let vendor = Recorder::with([status(200), status(200)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let key = &team.key;
    let request = format!(
        "POST /contacts HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         content-length: 10\r\n\r\n12345"
    );
    let mut stream = tokio::net::TcpStream::connect(gateway.app.callers).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(team.get("/contacts").await.status, 200);
    assert_eq!(vendor.received().len(), 1, "only the request that came whole");
    gateway.finish().await;
}
