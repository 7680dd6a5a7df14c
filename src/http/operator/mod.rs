//! What operators reach: health and metrics for everybody who reaches the listener, and the admin
//! API for those who hold the token.

mod batches;
mod details;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod health;
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
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::details::ProblemDetails;
use self::token::TokenDigest;
use super::problem::Problem;
use super::{access, target};
use crate::config::Admin;
use crate::gateway::Gateway;
use crate::telemetry::metrics::Metrics;

/// What is served on `server.admin_listen`.
pub fn operator_router(gateway: Gateway, metrics: Arc<Metrics>, admin: &Admin) -> Router {
    let admin_api = Router::new()
        .route("/admin/v1/teams", get(teams::list))
        .route("/admin/v1/teams/{team}", get(teams::show).put(teams::put).delete(teams::close))
        .route("/admin/v1/teams/{team}/keys", post(keys::make).get(keys::list))
        .route("/admin/v1/teams/{team}/keys/{id}", delete(keys::revoke))
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
        .merge(behind_token(admin_api, TokenDigest::of(admin)));
    target::in_one_form(edged(routes, metrics).with_state(gateway), |_| true)
}

/// Lets nobody near a route without the token: no handler can forget to ask.
fn behind_token<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    token: TokenDigest,
) -> Router<S> {
    routes.route_layer(from_fn_with_state(token, token::ask))
}

/// What all routes have in common, the outermost last.
fn edged<S: Clone + Send + Sync + 'static>(routes: Router<S>, metrics: Arc<Metrics>) -> Router<S> {
    routes
        .fallback(async || ProblemDetails(Problem::no_such_path()))
        .method_not_allowed_fallback(async || ProblemDetails(Problem::no_such_method()))
        .layer(from_fn(refuse_foreign_targets))
        .layer(CatchPanicLayer::custom(tell_of_panic))
        .layer(from_fn_with_state(metrics, access::record))
}

async fn refuse_foreign_targets(request: Request, next: Next) -> Result<Response, ProblemDetails> {
    target::check(request.uri())?;
    Ok(next.run(request).await)
}

fn tell_of_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request ended in a panic, which is a bug");
    ProblemDetails(Problem::internal()).into_response()
}
