//! Tests of the sandbox over HTTP, with a manual clock.

mod asking;
mod billing;
mod faults;
mod looking_up;
mod shapes;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{FaultKind, Faults, Operation, Options, Rule, Sandbox};

const BATCHES: &str = "/people/enrichment-requests";
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// A sandbox whose batches take ten seconds, and its clock.
struct Vendor {
    sandbox: Sandbox,
    now: Arc<AtomicI64>,
}

/// A completely read answer.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    /// Null if it was not JSON.
    body: Value,
}

impl Vendor {
    fn start() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let now = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&now);
        let clock = Arc::new(move || clock.load(Ordering::Relaxed));
        let processing = Duration::from_secs(10);
        Self { sandbox: Sandbox::new(Options { now: clock, processing, ..options }), now }
    }

    fn struck_by(kind: FaultKind) -> Self {
        let vendor = Self::start();
        vendor.sandbox.set_faults(Faults::of([Rule::always(Operation::Any, kind)]));
        vendor
    }

    fn advance(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    /// Submits emails with both reveals and waits until they are finished; returns the batch's
    /// path.
    async fn enrich(&self, emails: &[&str]) -> String {
        let leads: Vec<Value> = emails.iter().map(|email| json!({ "email": email })).collect();
        let reply = self.submit(&revealing(&json!(leads))).await;
        self.advance(10 * SECOND);
        format!("{BATCHES}/{}", reply.body["id"])
    }

    async fn submit(&self, body: &Value) -> Reply {
        self.send("POST", BATCHES, Body::from(body.to_string())).await
    }

    async fn read(&self, path: &str) -> Reply {
        self.send("GET", path, Body::empty()).await
    }

    async fn cancel(&self, path: &str) -> Reply {
        self.send("PATCH", path, Body::from(r#"{"status":"canceled"}"#)).await
    }

    async fn send(&self, method: &str, path: &str, body: Body) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer key")
            .header("content-type", "application/json")
            .body(body);
        self.answer(request.unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Reply {
        let response = self.sandbox.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Reply { status: head.status, headers: head.headers, body }
    }
}

impl Reply {
    fn results(&self) -> &[Value] {
        self.body["results"].as_array().map_or(&[], Vec::as_slice)
    }

    fn result_ids(&self) -> Vec<u64> {
        self.results().iter().filter_map(|result| result["id"].as_u64()).collect()
    }

    fn code(&self) -> Option<&str> {
        self.body["_errors"][0]["code"].as_str()
    }
}

fn revealing(leads: &Value) -> Value {
    json!({ "leads": leads, "reveal_email": true, "reveal_phone_numbers": true })
}
