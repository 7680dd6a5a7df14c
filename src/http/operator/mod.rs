//! What operators reach: health and metrics for everybody who reaches the listener, and the admin
//! API for those who hold the token.

mod batches;
mod details;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod health;
mod hosts;
mod json_body;
mod keys;
mod ledger;
mod list;
mod paths;
mod persons;
mod query;
mod reports;
mod teams;
#[cfg(test)]
mod tests;
mod token;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use tower::util::MapResponseLayer;
use tower_http::catch_panic::CatchPanicLayer;

use self::details::ProblemDetails;
use self::hosts::Hosts;
use self::token::{Gate, TokenDigest};
use super::guesses::Guesses;
use super::peer::TrustedProxies;
use super::problem::Problem;
use super::{access, target};
use crate::config::{Admin, Server};
use crate::gateway::Gateway;
use crate::telemetry::metrics::{Door, Metrics};

/// What is served on `server.admin_listen`.
pub fn operator_router(
    gateway: Gateway,
    metrics: Arc<Metrics>,
    admin: &Admin,
    server: &Server,
) -> Router {
    let proxies = TrustedProxies(server.trusted_proxies.clone());
    let guesses = Guesses::new(Door::Operators, proxies, Arc::clone(&metrics));
    let gate = Gate { token: TokenDigest::of(admin), guesses };
    let admin_api = Router::new()
        .route("/admin/v1/teams", get(teams::list))
        .route("/admin/v1/teams/{team}", get(teams::show).put(teams::put).delete(teams::close))
        .route("/admin/v1/teams/{team}/keys", post(keys::make).get(keys::list))
        .route("/admin/v1/teams/{team}/keys/{id}", patch(keys::change).delete(keys::revoke))
        .route("/admin/v1/teams/{team}/usage", get(reports::usage))
        .route("/admin/v1/batches", get(batches::list))
        .route("/admin/v1/batches/{id}", get(batches::show))
        .route("/admin/v1/batches/{id}/cancel", post(batches::cancel))
        .route("/admin/v1/batches/{id}/resolve", post(batches::resolve))
        .route("/admin/v1/ledger/adjustments", post(ledger::adjust))
        .route("/admin/v1/persons/erase", post(persons::erase))
        .route("/admin/v1/audit", get(reports::audit));
    let routes = Router::new()
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(behind_token(admin_api, gate));
    let hosts = Hosts::of(&server.admin_hosts);
    target::in_one_form(edged(routes, hosts, metrics).with_state(gateway), |_| true)
}

/// Lets nobody near a route without the token: no handler can forget to ask.
fn behind_token<S: Clone + Send + Sync + 'static>(routes: Router<S>, gate: Gate) -> Router<S> {
    routes.route_layer(from_fn_with_state(gate, token::ask))
}

/// What all routes have in common, the outermost last.
fn edged<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    hosts: Hosts,
    metrics: Arc<Metrics>,
) -> Router<S> {
    routes
        .fallback(async || ProblemDetails(Problem::no_such_path()))
        .method_not_allowed_fallback(async || ProblemDetails(Problem::no_such_method()))
        .layer(from_fn(refuse_foreign_targets))
        .layer(from_fn_with_state(hosts, hosts::check))
        .layer(MapResponseLayer::new(harden))
        .layer(CatchPanicLayer::custom(tell_of_panic))
        .layer(from_fn_with_state(metrics, access::record))
}

/// What an answer says to a browser, which has no business here but for the console.
fn harden(mut response: Response) -> Response {
    const SAID: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in SAID {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn refuse_foreign_targets(request: Request, next: Next) -> Result<Response, ProblemDetails> {
    target::check(request.uri())?;
    Ok(next.run(request).await)
}

fn tell_of_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked, which is a bug");
    ProblemDetails(Problem::internal()).into_response()
}
