//! The ledger: corrections of a team's books.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::details::ProblemDetails;
use super::json_body::JsonBody;
use crate::gateway::Gateway;
use crate::http::idempotency_key::key;
use crate::http::problem::{INVALID_HEADER, Problem};
use crate::http::wire::adjustment::{self, AdjustmentShown};

/// `POST /admin/v1/ledger/adjustments`.
pub(super) async fn adjust(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AdjustmentShown>), ProblemDetails> {
    let named = key(&headers).and_then(|key| {
        let missing = "Idempotency-Key: missing; give each adjustment its own key, so that it is \
                       booked once even if it is sent again";
        key.ok_or_else(|| missing.to_owned())
    });
    let key = named.map_err(|wrong| INVALID_HEADER.says(wrong))?;
    let correction = adjustment::parse(&body).map_err(Problem::with_faults)?;
    let entry = gateway.adjust(correction.clone(), &key).await?;
    Ok((StatusCode::CREATED, Json(AdjustmentShown::of(entry, &correction))))
}
