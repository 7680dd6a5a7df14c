//! What callers reach: the vendor's endpoints, and the gateway's own beside them.
//!
//! Nothing that the gateway adds stands in a body of the vendor's: it stands in headers.

mod ask_headers;
mod batch;
mod batch_path;
mod cache_control;
mod caller;
mod envelope;
mod estimate;
mod find;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod headers;
mod json_body;
mod leads_body;
mod look_up_query;
mod media_type;
mod page;
mod pass;
mod rate_limit;
#[cfg(test)]
mod tests;
mod usage;
mod validation;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::envelope::Envelope;
use super::guesses::Guesses;
use super::pace::Pace;
use super::peer::TrustedProxies;
use super::problem::Problem;
use super::room::Room;
use super::{access, target};
use crate::config::Server;
use crate::domain::route::VendorPath;
use crate::gateway::Gateway;
use crate::telemetry::metrics::{Door, Metrics};

/// How much one request may bring, and how much there is room for in all.
#[derive(Clone, Debug)]
struct Bounds {
    body_bytes_max: usize,
    leads_max: usize,
    field_chars_max: usize,
    pace: Pace,
    room: Room,
}

#[derive(Clone, FromRef)]
struct Edge {
    gateway: Gateway,
    bounds: Bounds,
    guesses: Guesses,
}

/// What is served on `server.listen`.
pub fn public_router(gateway: Gateway, metrics: Arc<Metrics>, server: &Server) -> Router {
    let proxies = TrustedProxies(server.trusted_proxies.clone());
    let guesses = Guesses::new(Door::Callers, proxies, Arc::clone(&metrics));
    let bounds = Bounds {
        body_bytes_max: server.body_bytes_max,
        leads_max: server.leads_max,
        field_chars_max: server.lead_field_chars_max,
        pace: Pace { grace: server.body_grace, rate_min: server.body_rate_min },
        room: Room::new(server),
    };
    let routes = Router::new()
        .route("/people/enrichment-requests", post(batch::start))
        .route("/people/enrichment-requests/{id}", get(batch::read).patch(batch::cancel))
        .route("/email-validations", post(validation::start))
        .route("/email-validations/{id}", get(validation::read).patch(validation::cancel))
        .route("/people/find", get(find::find))
        .route("/gateway/v1/estimates", post(estimate::estimate))
        .route("/gateway/v1/usage", get(usage::usage));
    let routes = match &server.health_path {
        Some(path) => routes.route(path, get(health)),
        None => routes,
    };
    let routes = edged(own(routes).fallback(pass::pass), metrics);
    target::in_one_form(routes.with_state(Edge { gateway, bounds, guesses }), is_own)
}

/// Whether callers' requests are taken, for balancers; they bring no key.
async fn health(State(gateway): State<Gateway>) -> (StatusCode, &'static str) {
    if gateway.is_leaving() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}

fn is_own(path: &str) -> bool {
    VendorPath::of(path).is_ok_and(|path| path.is_the_gateways())
}

/// What the gateway's own endpoints have in common, the outermost last. What is passed on has none
/// of it, since it is left as it came.
fn own<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .method_not_allowed_fallback(async || Envelope(Problem::no_such_method()))
        .layer(CatchPanicLayer::custom(tell_of_panic))
        .layer(from_fn(media_type::answer_as_asked))
}

/// What all have in common, the outermost last.
fn edged<S: Clone + Send + Sync + 'static>(routes: Router<S>, metrics: Arc<Metrics>) -> Router<S> {
    routes
        .layer(from_fn(refuse_foreign_targets))
        .layer(from_fn(rate_limit::tell_requests))
        .layer(CatchPanicLayer::custom(tell_of_panic))
        .layer(from_fn_with_state(metrics, access::record))
}

async fn refuse_foreign_targets(request: Request, next: Next) -> Result<Response, Envelope> {
    target::check(request.uri())?;
    Ok(next.run(request).await)
}

fn tell_of_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked, which is a bug");
    Envelope(Problem::internal()).into_response()
}
