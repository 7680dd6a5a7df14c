//! Persons: erased.

use axum::Json;
use axum::extract::{RawQuery, State};

use super::details::ProblemDetails;
use super::json_body::JsonBody;
use super::query::{invalid, parameters};
use crate::gateway::{Erasing, Gateway};
use crate::http::problem::Problem;
use crate::http::wire::erasure::{self, ErasureShown};

/// `POST /admin/v1/persons/erase`.
pub(super) async fn erase(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    JsonBody(body): JsonBody,
) -> Result<Json<ErasureShown>, ProblemDetails> {
    let [preview] = parameters(query.as_deref(), ["preview"])?;
    let erasing = match preview.as_deref() {
        None | Some("false") => Erasing::Now,
        Some("true") => Erasing::Preview,
        Some(_) => return Err(invalid("preview", "it must be true or false").into()),
    };
    let named = erasure::parse(&body).map_err(Problem::with_faults)?;
    Ok(Json(gateway.erase_person(named, erasing).await?.into()))
}
