//! Problems as callers are told: in the vendor's envelope.

use axum::Json;
use axum::response::{AppendHeaders, IntoResponse, Response};

use crate::http::problem::Problem;
use crate::http::wire::envelope::{ErrorEntry, ErrorEnvelope};

/// A problem in the vendor's envelope.
pub struct Envelope(pub(super) Problem);

impl<P: Into<Problem>> From<P> for Envelope {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let Self(Problem { kind, detail, faults, headers }) = self;
        let errors = if faults.is_empty() {
            vec![ErrorEntry { code: kind.code, title: kind.title, detail: &detail, source: None }]
        } else {
            faults.iter().map(ErrorEntry::from).collect()
        };
        (kind.status, AppendHeaders(headers), Json(ErrorEnvelope::of(errors))).into_response()
    }
}
