//! The sandbox's answers: a status, a JSON body, and `Retry-After`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

/// An answer before it is written, so that faults can still change it.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after_seconds: Option<u64>,
    pub(super) body: Value,
}

/// A kind of error: its status, code and title in the vendor's envelope.
#[derive(Clone, Copy)]
pub(super) struct ErrorKind {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
}

/// One entry of the vendor's error envelope.
pub(super) struct Error {
    kind: ErrorKind,
    detail: String,
    pub(super) pointer: Option<String>,
}

pub(super) const MISSING_FIELD: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "missing_field", "Missing Field");
pub(super) const UNKNOWN_FIELD: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "unknown_field", "Unknown Field");
pub(super) const INVALID_TYPE: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "invalid_type", "Invalid Type");
pub(super) const INVALID_LEAD: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "invalid_lead", "Invalid Lead");
pub(super) const TOO_MANY: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "too_many_leads", "Too Many Leads");
pub(super) const INVALID_PAGE: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "invalid_page", "Invalid Page");
pub(super) const MALFORMED: ErrorKind =
    ErrorKind::new(StatusCode::BAD_REQUEST, "bad_request", "Bad Request");
pub(super) const UNAUTHORIZED: ErrorKind =
    ErrorKind::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized");
pub(super) const NO_CREDITS: ErrorKind =
    ErrorKind::new(StatusCode::PAYMENT_REQUIRED, "insufficient_credits", "Insufficient Credits");
pub(super) const NOT_FOUND: ErrorKind =
    ErrorKind::new(StatusCode::NOT_FOUND, "not_found", "Not Found");
pub(super) const PERSON_NOT_FOUND: ErrorKind =
    ErrorKind::new(StatusCode::NOT_FOUND, "person_not_found", "Person Not Found");
pub(super) const LEGAL_REASONS: ErrorKind = ErrorKind::new(
    StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
    "unavailable_for_legal_reasons",
    "Unavailable For Legal Reasons",
);
pub(super) const WRONG_METHOD: ErrorKind =
    ErrorKind::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
pub(super) const TOO_LARGE: ErrorKind =
    ErrorKind::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "Payload Too Large");
pub(super) const WRONG_MEDIA_TYPE: ErrorKind = ErrorKind::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "unsupported_media_type",
    "Unsupported Media Type",
);
pub(super) const RATE_LIMITED: ErrorKind =
    ErrorKind::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Rate Limited");
pub(super) const INTERNAL: ErrorKind = ErrorKind::new(
    StatusCode::INTERNAL_SERVER_ERROR,
    "internal_server_error",
    "Internal Server Error",
);

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, retry_after_seconds: None, body }
    }

    /// The vendor's error envelope, under the status of the first error.
    pub(super) fn refused(errors: &[Error]) -> Self {
        let status = errors.first().map_or(INTERNAL.status, |error| error.kind.status);
        let entries: Vec<Value> = errors.iter().map(Error::entry).collect();
        let body = json!({ "object": "error", "_errors": entries });
        Self { status, retry_after_seconds: None, body }
    }

    /// Whether it lists results that are final.
    pub(super) fn lists_results_at_rest(&self) -> bool {
        let is_running = matches!(self.body["status"].as_str(), Some("queued" | "processing"));
        let results = self.body["results"].as_array();
        !is_running && results.is_some_and(|results| !results.is_empty())
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        Self::refused(&[error])
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl ErrorKind {
    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title }
    }

    /// An error without a place in the request.
    pub(super) fn says(self, detail: &str) -> Error {
        Error { kind: self, detail: detail.to_owned(), pointer: None }
    }

    /// An error of the value at a JSON pointer.
    pub(super) fn at(self, pointer: &str, detail: &str) -> Error {
        Error { pointer: Some(pointer.to_owned()), ..self.says(detail) }
    }

    /// The default error of a status.
    pub(super) fn of(status: StatusCode) -> Self {
        let usual = [
            MALFORMED,
            UNAUTHORIZED,
            NO_CREDITS,
            NOT_FOUND,
            WRONG_METHOD,
            TOO_LARGE,
            WRONG_MEDIA_TYPE,
            INTERNAL,
            Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
            RATE_LIMITED,
            Self::new(StatusCode::BAD_GATEWAY, "bad_gateway", "Bad Gateway"),
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
        ];
        let unusual = Self::new(status, "error", "Error");
        usual.into_iter().find(|kind| kind.status == status).unwrap_or(unusual)
    }
}

impl Error {
    #[cfg(test)]
    pub(super) fn code(&self) -> &'static str {
        self.kind.code
    }

    /// The vendor's error object.
    pub(super) fn entry(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("code".to_owned(), json!(self.kind.code));
        entry.insert("title".to_owned(), json!(self.kind.title));
        entry.insert("detail".to_owned(), json!(self.detail));
        if let Some(pointer) = &self.pointer {
            entry.insert("source".to_owned(), json!({ "pointer": pointer }));
        }
        Value::Object(entry)
    }
}
