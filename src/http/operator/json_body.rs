//! An operator's body.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;

use super::details::ProblemDetails;
use crate::http::body;
use crate::http::pace::Pace;

/// Far more than a team with all its quotas takes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A body that calls itself JSON.
pub(super) struct JsonBody(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ProblemDetails;

    async fn from_request(request: Request, _: &S) -> Result<Self, ProblemDetails> {
        let (parts, body) = request.into_parts();
        // Operators are few, and their bodies small.
        Ok(Self(body::take(&parts.headers, body, BODY_BYTES_MAX, Pace::ANY, |_| Ok(())).await?))
    }
}
