//! Problems as operators are told: RFC 9457 problem details.

use axum::Json;
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;

use crate::http::problem::Problem;
use crate::http::wire::fault::Fault;

/// A problem as RFC 9457 says.
pub(super) struct ProblemDetails(pub(super) Problem);

impl<P: Into<Problem>> From<P> for ProblemDetails {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultShown<'a>>,
}

#[derive(Serialize)]
struct FaultShown<'a> {
    code: &'a str,
    detail: &'a str,
    pointer: &'a str,
}

impl<'a> From<&'a Fault> for FaultShown<'a> {
    fn from(fault: &'a Fault) -> Self {
        Self { code: fault.code, detail: &fault.detail, pointer: &fault.pointer }
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let Self(Problem { kind, detail, faults, headers }) = self;
        let details = Details {
            r#type: format!("urn:tollgate:problem:{}", kind.code),
            title: kind.title,
            status: kind.status.as_u16(),
            code: kind.code,
            detail: &detail,
            errors: faults.iter().map(FaultShown::from).collect(),
        };
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (kind.status, AppendHeaders(headers), media_type, Json(details)).into_response()
    }
}
