//! Each fault has its effect, and on the wire if it is about the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroUsize;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinSet, spawn_blocking};

use super::super::{ErrorEnding, Failure, NextLink, serve};
use super::*;

const TWO: [&str; 2] = ["ada.reachable@x.example", "grace.reachable@x.example"];

/// Reads one finished batch of two leads under a fault.
async fn read_under(kind: FaultKind) -> Reply {
    let vendor = Vendor::struck_by(kind);
    let path = vendor.enrich(&TWO).await;
    vendor.read(&path).await
}

/// All bytes of the answer to a submission over a real connection.
async fn bytes_under(kind: FaultKind) -> (Vendor, String) {
    let vendor = Vendor::struck_by(kind);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    let sandbox = vendor.sandbox.clone();
    server.spawn(serve(listener, sandbox, async { drop(stopped.await) }));
    let body = r#"{"leads":[{"email":"ada@x.example"}]}"#;
    let request = format!(
        "POST {BATCHES} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer key\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // A reset is one way to close a connection; the bytes before it count.
        drop(connection.read_to_end(&mut bytes));
        String::from_utf8(bytes).unwrap()
    });
    let bytes = exchange.await.unwrap();
    stop.send(()).unwrap();
    server.join_next().await.unwrap().unwrap().unwrap();
    (vendor, bytes)
}

fn promised_and_sent(bytes: &str) -> (usize, usize) {
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), body.len())
}

#[tokio::test]
async fn a_cut_before_sends_nothing_and_accepts_nothing() {
    let (vendor, bytes) = bytes_under(FaultKind::CutBefore).await;
    assert_eq!(bytes, "");
    assert_eq!((vendor.sandbox.leads_received().len(), vendor.sandbox.posts_received()), (0, 1));
}

#[tokio::test]
async fn one_refused_lead_refuses_its_whole_batch() {
    let vendor = Vendor::start();
    let refused_leads = vec![TWO[1].to_owned()];
    vendor.sandbox.set_faults(Faults { refused_leads, ..Faults::default() });
    let leads = json!([{"email": TWO[0]}, {"email": TWO[1]}]);
    let refused = vendor.submit(&revealing(&leads)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, Some("invalid_lead")));
    assert_eq!(refused.body["_errors"][0]["source"]["pointer"], "/leads/1");
    vendor.enrich(&TWO[..1]).await;
    assert_eq!(vendor.sandbox.leads_received(), TWO[..1]);
}

#[tokio::test]
async fn a_cut_after_accepts_the_batch_and_truncates_the_answer() {
    let (vendor, bytes) = bytes_under(FaultKind::CutAfter).await;
    assert!(bytes.starts_with("HTTP/1.1 202 "), "{bytes}");
    let (promised, sent) = promised_and_sent(&bytes);
    assert!(sent < promised && sent > 0, "{sent} of {promised}");
    assert_eq!(vendor.sandbox.leads_received(), ["ada@x.example"]);
}

#[tokio::test]
async fn a_malformed_answer_is_complete_http_and_invalid_json() {
    let (vendor, bytes) = bytes_under(FaultKind::Malformed).await;
    assert!(bytes.starts_with("HTTP/1.1 202 "), "{bytes}");
    let (promised, sent) = promised_and_sent(&bytes);
    assert_eq!(promised, sent);
    let (_, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert!(serde_json::from_str::<Value>(body).is_err(), "{body}");
    assert_eq!(vendor.sandbox.leads_received().len(), 1);
}

#[tokio::test]
async fn without_faults_an_answer_is_complete() {
    let (_, bytes) = bytes_under(FaultKind::LatencyMs(0)).await;
    let (promised, sent) = promised_and_sent(&bytes);
    assert_eq!(promised, sent);
    assert!(bytes.contains(r#""status":"queued""#), "{bytes}");
}

#[tokio::test]
async fn a_failing_status_accepts_nothing_unless_configured() {
    for (taken, leads) in [(false, 0), (true, 2)] {
        let (code, retry_after_seconds) = (StatusCode::TOO_MANY_REQUESTS, Some(3));
        let vendor =
            Vendor::struck_by(FaultKind::Status(Failure { code, retry_after_seconds, taken }));
        let reply =
            vendor.submit(&json!({ "leads": [{ "email": TWO[0] }, { "email": TWO[1] }] })).await;
        assert_eq!((reply.status, &reply.headers["retry-after"]), (code, &"3".parse().unwrap()));
        assert_eq!(vendor.sandbox.leads_received().len(), leads);
    }
    let reply = Vendor::struck_by(FaultKind::status(429)).submit(&json!({})).await;
    assert_eq!((reply.code(), reply.headers.get("retry-after")), (Some("rate_limited"), None));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_answer_does_not_delay_its_batch() {
    let vendor = Vendor::struck_by(FaultKind::LatencyMs(250));
    let begun = tokio::time::Instant::now();
    let leads = json!({ "leads": [{ "email": TWO[0] }] });
    let mut submission = Box::pin(vendor.submit(&leads));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut submission).await;
    assert!(early.is_err());
    assert_eq!(vendor.sandbox.leads_received(), [TWO[0]]);
    assert_eq!(submission.await.status, StatusCode::ACCEPTED);
    assert_eq!(begun.elapsed(), Duration::from_millis(250));
}

#[tokio::test(start_paused = true)]
async fn a_held_answer_is_sent_when_the_faults_are_replaced_and_its_batch_is_accepted_at_once() {
    let vendor = Vendor::struck_by(FaultKind::Held);
    let leads = json!({ "leads": [{ "email": TWO[0] }] });
    let mut submission = Box::pin(vendor.submit(&leads));
    let early = tokio::time::timeout(Duration::from_hours(1), &mut submission).await;
    assert!(early.is_err());
    assert_eq!(vendor.sandbox.leads_received(), [TWO[0]]);
    vendor.sandbox.set_faults(Faults::default());
    assert_eq!(submission.await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_batch_may_be_accepted_without_an_id() {
    let vendor = Vendor::struck_by(FaultKind::NoId);
    let reply = vendor.submit(&json!({ "leads": [{ "email": TWO[0] }] })).await;
    assert_eq!((reply.status, reply.body.get("id")), (StatusCode::ACCEPTED, None));
    assert_eq!(vendor.read("/people/enrichment-requests/1").await.body["id"], 1);
}

#[tokio::test]
async fn results_may_be_missing_or_too_many_or_out_of_order() {
    assert_eq!(read_under(FaultKind::ResultsMissing).await.result_ids(), [2]);
    assert_eq!(read_under(FaultKind::ResultsExtra).await.result_ids(), [1, 2, 3]);
    let reversed = read_under(FaultKind::ResultsOutOfOrder).await;
    assert_eq!(reversed.result_ids(), [2, 1]);
    assert_eq!(reversed.results()[0]["email"], TWO[1]);
}

#[tokio::test]
async fn more_results_may_be_missing_than_exist() {
    let vendor = Vendor::start();
    let rule = Rule::always(Operation::Read, FaultKind::ResultsMissing);
    vendor.sandbox.set_faults(Faults::of([rule; 3]));
    let path = vendor.enrich(&TWO).await;
    let reply = vendor.read(&path).await;
    assert_eq!((reply.status, reply.results().len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn an_echo_may_contradict_the_lead() {
    let reply = read_under(FaultKind::EchoContradicts).await;
    let echoes: Vec<&Value> = reply.results().iter().map(|result| &result["email"]).collect();
    assert_eq!(echoes, ["stranger@elsewhere.example", TWO[1]]);
}

#[tokio::test]
async fn a_fault_of_results_applies_only_to_results() {
    let vendor = Vendor::start();
    let rule = Rule::always(Operation::Read, FaultKind::ResultsMissing).times(1);
    vendor.sandbox.set_faults(Faults::of([rule]));
    vendor.submit(&json!({ "leads": [{ "email": TWO[0] }, { "email": TWO[1] }] })).await;
    let mut results = Vec::new();
    for _ in 0..4 {
        results.push(vendor.read("/people/enrichment-requests/1").await.results().len());
        vendor.advance(6 * SECOND);
    }
    assert_eq!(results, [0, 1, 1, 2]);
}

#[tokio::test]
async fn a_batch_may_end_in_error_with_and_without_results_charged_and_not() {
    for (ending, listed, charged) in [
        (ErrorEnding::WithResults, 1, 3),
        (ErrorEnding::WithoutResults, 0, 0),
        (ErrorEnding::ChargedWithoutResults, 0, 6),
    ] {
        let vendor = Vendor::struck_by(FaultKind::EndsInError(ending));
        let path = vendor.enrich(&TWO).await;
        let reply = vendor.read(&path).await;
        assert_eq!((&reply.body["status"], reply.results().len()), (&json!("error"), listed));
        assert_eq!(vendor.sandbox.bill().email.halves(), charged, "{ending:?}");
    }
}

#[tokio::test]
async fn a_batch_may_never_end() {
    let vendor = Vendor::struck_by(FaultKind::NeverEnds);
    let path = vendor.enrich(&TWO).await;
    vendor.advance(48 * HOUR);
    let reply = vendor.read(&path).await;
    assert_eq!((&reply.body["status"], reply.result_ids()), (&json!("processing"), vec![1]));
    assert_eq!(
        (reply.headers.contains_key("retry-after"), vendor.sandbox.bill().email.halves()),
        (true, 3)
    );
}

#[tokio::test]
async fn faults_are_set_shown_and_replaced_over_http() {
    let vendor = Vendor::start();
    let faults = json!({
        "rules": [{ "operation": "submit", "kind": "cut_before", "times": 1 }],
        "processing_ms": 0,
        "page_size": 1,
    });
    let set = vendor.send("POST", "/sandbox/faults", Body::from(faults.to_string())).await;
    let shown = vendor.read("/sandbox/faults").await.body;
    assert_eq!((set.status, &set.body), (StatusCode::OK, &shown));
    assert_eq!(shown["rules"], faults["rules"]);
    vendor
        .send("POST", "/sandbox/faults", Body::from(r#"{"processing_ms":0,"page_size":1}"#))
        .await;
    vendor.submit(&json!({ "leads": [{ "email": TWO[0] }, { "email": TWO[1] }] })).await;
    let reply = vendor.read("/people/enrichment-requests/1").await;
    assert_eq!((&reply.body["status"], reply.result_ids()), (&json!("completed"), vec![1]));
    let wrong = vendor.send("POST", "/sandbox/faults", Body::from(r#"{"latency":1}"#)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(vendor.read("/sandbox/faults").await.body["processing_ms"], 0);
}

#[tokio::test]
async fn the_rate_applies_to_all_operations_together() {
    let vendor = Vendor::start();
    let requests_per_minute = NonZeroUsize::new(2);
    vendor.sandbox.set_faults(Faults { requests_per_minute, ..Faults::default() });
    let path = vendor.enrich(&TWO).await;
    assert_eq!(vendor.read(&path).await.status, StatusCode::OK);
    let refused = vendor.cancel(&path).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::TOO_MANY_REQUESTS, Some("rate_limited"))
    );
    assert_eq!(refused.headers["retry-after"], "50");
    vendor.advance(50 * SECOND);
    assert_eq!(vendor.read(&path).await.status, StatusCode::OK);
    assert_eq!(vendor.sandbox.turned_away(), 1);
}

#[tokio::test]
async fn undocumented_statuses_and_other_forms_of_links() {
    let failed = read_under(FaultKind::UndocumentedStatus).await;
    assert_eq!(failed.body["status"], "failed");
    let vendor = Vendor::struck_by(FaultKind::NextLink(NextLink::ByNumber));
    let path = vendor.enrich(&TWO).await;
    let first = vendor.read(&format!("{path}?page[size]=1")).await;
    let next = first.body["_links"]["next"]["href"].as_str().unwrap().to_owned();
    assert!(next.ends_with("?page[number]=2&page[size]=1"), "{next}");
    assert_eq!(vendor.read(&next).await.result_ids(), [2]);
}
