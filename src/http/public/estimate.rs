//! Estimates: what an enrichment would cost now.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::ask_headers::AskHeaders;
use super::envelope::Envelope;
use super::headers;
use super::leads_body::{LeadsBody, Place};
use crate::gateway::{Caller, Estimate, Gateway};
use crate::http::wire::estimate::EstimateShown;

/// `POST /gateway/v1/estimates`.
pub(super) async fn estimate(
    _place: Place,
    caller: Caller,
    State(gateway): State<Gateway>,
    headers: AskHeaders,
    body: LeadsBody,
) -> Result<Estimated, Envelope> {
    let ask = body.enrichment(headers)?;
    Ok(Estimated(gateway.estimate(&caller, ask).await?))
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
