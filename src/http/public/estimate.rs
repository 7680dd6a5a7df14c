//! Estimates: what an enrichment would cost now.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::ask_headers::AskHeaders;
use super::envelope::Envelope;
use super::headers;
use super::leads_body::Place;
use crate::gateway::{Estimate, Gateway};
use crate::http::wire::estimate::EstimateShown;

/// `POST /gateway/v1/estimates`.
pub(super) async fn estimate(
    place: Place,
    State(gateway): State<Gateway>,
    headers: AskHeaders,
    request: Request,
) -> Result<Estimated, Envelope> {
    let body = place.receive(request).await?;
    let (body, ask) = body.parsed(|body| body.enrichment(headers)).await?;
    Ok(Estimated(gateway.estimate(&body.caller, ask).await?))
}

/// An estimate, with what is left of the quotas.
pub(super) struct Estimated(Estimate);

impl IntoResponse for Estimated {
    fn into_response(self) -> Response {
        let Self(estimate) = self;
        let mut headers = HeaderMap::new();
        headers::tell_remaining(&estimate.remaining, &mut headers);
        (headers, Json(EstimateShown::from(estimate))).into_response()
    }
}
