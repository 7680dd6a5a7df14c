//! What operators meet before the gateway is asked: the token, paths, methods, panics.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, header};
use axum::routing::delete;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::json_body::JsonBody;
use super::paths::{KeyPath, TeamPath};
use super::*;
use crate::http::wire::team;

const TOKEN: &str = "correct-horse-battery";

async fn put(
    TeamPath(name): TeamPath,
    JsonBody(body): JsonBody,
) -> Result<&'static str, ProblemDetails> {
    team::parse(&body, &name).map_err(Problem::with_faults)?;
    Ok("0")
}

async fn send_to(admin: &Admin, request: Builder, body: &'static str) -> Reply {
    let metrics = Arc::new(Metrics::new());
    let guesses = Guesses::new(Door::Operators, TrustedProxies::default(), Arc::clone(&metrics));
    let gate = Gate { token: TokenDigest::of(admin), guesses };
    let behind = Router::new()
        .route("/teams/{team}", axum::routing::put(put))
        .route("/teams/{team}/keys/{id}", delete(async |path: KeyPath| Json(path.id)));
    let routes = Router::new()
        .route("/panic", get(async || -> Infallible { panic!("insides") }))
        .merge(behind_token(behind, gate));
    let edge = edged(routes, Hosts::of(&[]), metrics);
    let answer = edge.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn send(request: Builder, body: &'static str) -> Reply {
    send_to(&Admin { token: Some(TOKEN.into()) }, request, body).await
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], self.status);
        assert!(self.headers.contains_key("x-request-id"));
        (self.status, self.body["code"].as_str().unwrap())
    }
}

fn bearing(request: Builder, token: &str) -> Builder {
    request.header(header::AUTHORIZATION, format!("Bearer {token}"))
}

fn put_sales() -> Builder {
    bearing(Request::put("/teams/sales"), TOKEN)
}

#[tokio::test]
async fn only_the_token_opens_the_admin_api() {
    assert_eq!(send(put_sales(), "{}").await.status, 200);
    let longer = format!("{TOKEN}y");
    for wrong in ["correct-horse-batter", &longer, "CORRECT-HORSE-BATTERY", "tg_a_b"] {
        let reply = send(bearing(Request::put("/teams/sales"), wrong), "{}").await;
        assert_eq!(reply.problem(), (401, "unauthorized"), "{wrong}");
    }
    let reply = send(Request::put("/teams/sales"), "not even JSON").await;
    assert_eq!(reply.problem(), (401, "unauthorized"));
    assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"tollgate\"");
}

#[tokio::test]
async fn without_a_token_nobody_is_let_in_and_the_setting_is_named() {
    for token in ["", TOKEN] {
        let request = bearing(Request::put("/teams/sales"), token);
        let reply = send_to(&Admin { token: None }, request, "{}").await;
        assert_eq!(reply.problem(), (403, "admin_disabled"));
        assert!(reply.body["detail"].as_str().unwrap().contains("admin.token"));
    }
}

#[tokio::test]
async fn every_fault_of_a_body_is_listed_with_its_place() {
    let reply = send(put_sales(), r#"{"paused":1,"quotas":[{"unit":"email","limit":5}]}"#).await;
    assert_eq!(
        reply.body,
        json!({
            "type": "urn:tollgate:problem:invalid_request",
            "title": "Invalid Request",
            "status": 400,
            "code": "invalid_request",
            "detail": "The request is invalid; each fault is listed with its place",
            "errors": [
                {
                    "code": "missing_field",
                    "detail": "Missing field from request: period",
                    "pointer": "/quotas/0/period",
                },
                {
                    "code": "type_error",
                    "detail": "Expected a boolean, found a number",
                    "pointer": "/paused",
                },
            ],
        })
    );
    assert_eq!(reply.problem(), (400, "invalid_request"));
}

#[tokio::test]
async fn a_name_that_no_team_can_have_is_told_why() {
    let reply = send(bearing(Request::put("/teams/Sales%20EU"), TOKEN), "{}").await;
    assert_eq!(reply.problem(), (400, "invalid_request"));
    assert!(reply.body["detail"].as_str().unwrap().contains("1 to 64 of a-z"), "{}", reply.body);
}

#[tokio::test]
async fn a_key_is_found_by_the_end_of_its_path() {
    let reply = send(bearing(Request::delete("/teams/sales/keys/k%2F1"), TOKEN), "").await;
    assert_eq!((reply.status, reply.body), (200, json!("k/1")));
}

#[tokio::test]
async fn paths_methods_and_panics_are_problems_too() {
    let nowhere = send(Request::get("/console"), "").await;
    assert_eq!(nowhere.problem(), (404, "not_found"));
    let method = send(bearing(Request::patch("/teams/sales"), TOKEN), "").await;
    assert_eq!(method.problem(), (405, "method_not_allowed"));
    assert_eq!(method.headers["allow"], "PUT");
    let panicked = send(Request::get("/panic"), "").await;
    assert_eq!(panicked.problem(), (500, "internal_server_error"));
    assert!(!panicked.body.to_string().contains("insides"));
}

#[tokio::test]
async fn a_body_is_small_and_json() {
    let csv = put_sales().header(header::CONTENT_TYPE, "text/csv");
    assert_eq!(send(csv, "{}").await.problem(), (415, "unsupported_media_type"));
    let large: &'static str = Box::leak(" ".repeat(64 * 1024 + 1).into_boxed_str());
    assert_eq!(send(put_sales(), large).await.problem(), (413, "payload_too_large"));
}
