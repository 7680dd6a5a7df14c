//! Estimates: what an enrichment would cost now.

use axum::Json;
use axum::extract::State;

use super::cache_control::MaxAge;
use super::envelope::Envelope;
use super::json_body::JsonBody;
use crate::gateway::{Caller, Gateway};
use crate::http::wire::estimate::EstimateShown;

/// `POST /gateway/v1/estimates`.
pub(super) async fn estimate(
    caller: Caller,
    State(gateway): State<Gateway>,
    max_age: MaxAge,
    body: JsonBody,
) -> Result<Json<EstimateShown>, Envelope> {
    let ask = body.enrichment(max_age)?;
    Ok(Json(gateway.estimate(&caller, ask).await?.into()))
}
