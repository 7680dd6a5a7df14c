//! Health and metrics, which need no token: nothing here tells of a team more than its name.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::gateway::{Gateway, Readiness};
use crate::telemetry::metrics::CONTENT_TYPE;

/// `GET /livez`: the process answers, whatever it depends on.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: whether the gateway is fit to serve, and why not.
pub(super) async fn ready(State(gateway): State<Gateway>) -> impl IntoResponse {
    told(gateway.readiness().await)
}

/// `GET /metrics`.
pub(super) async fn metrics(State(gateway): State<Gateway>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], gateway.metrics().await)
}

/// What is amiss is told even where the gateway is fit to serve all the same.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct ReadinessShown {
    ready: bool,
    reasons: Vec<String>,
}

fn told(readiness: Readiness) -> (StatusCode, Json<ReadinessShown>) {
    let (status, ready, reasons) = match readiness {
        Readiness::Ready(reasons) => (StatusCode::OK, true, reasons),
        Readiness::NotReady(reasons) => (StatusCode::SERVICE_UNAVAILABLE, false, reasons),
    };
    (status, Json(ReadinessShown { ready, reasons }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_not_ready_says_why() {
        let reasons = vec!["the store is away: disk full".to_owned()];
        let (status, Json(shown)) = told(Readiness::NotReady(reasons.clone()));
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(shown, ReadinessShown { ready: false, reasons });
        let (status, Json(shown)) = told(Readiness::Ready(vec!["the vendor is out".to_owned()]));
        assert_eq!((status, shown.ready, shown.reasons.len()), (StatusCode::OK, true, 1));
    }
}
