//! Usage: what the calling team has used, as operators see it.

use axum::Json;
use axum::extract::State;

use super::envelope::Envelope;
use crate::gateway::{Caller, Gateway};
use crate::http::wire::usage::UsageShown;

/// `GET /gateway/v1/usage`.
pub(super) async fn usage(
    caller: Caller,
    State(gateway): State<Gateway>,
) -> Result<Json<UsageShown>, Envelope> {
    Ok(Json(gateway.own_usage(&caller).await?.into()))
}
