//! Email validations: asked for, read and cancelled, with the vendor's object for an answer.

use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::ask_headers::AskHeaders;
use super::caller::Uncounted;
use super::envelope::Envelope;
use super::json_body::Cancellation;
use super::leads_body::Place;
use super::{headers, page};
use crate::domain::uuid::Uuid;
use crate::gateway::{Caller, Gateway, PageAsk, Refusal, ValidationPage};
use crate::http::wire::validation::ValidationShown;

/// `POST /email-validations`.
pub(super) async fn start(
    place: Place,
    State(gateway): State<Gateway>,
    headers: AskHeaders,
    request: Request,
) -> Result<OnePage, Envelope> {
    let body = place.receive(request).await?;
    let (body, ask) = body.parsed(|body| body.validation(headers)).await?;
    let caller = body.caller.clone();
    // The vendor is waited for, which must keep no turn from requests that wait for no vendor.
    let page = gateway.validate(&caller, ask, body.end_turn()).await?;
    Ok(OnePage { status: StatusCode::ACCEPTED, page, ask: page::FIRST })
}

/// `GET /email-validations/{id}`.
pub(super) async fn read(
    caller: Caller,
    State(gateway): State<Gateway>,
    ValidationPath(name): ValidationPath,
    ask: PageAsk,
) -> Result<OnePage, Envelope> {
    let page = gateway.validation(&caller, name, ask).await?;
    Ok(OnePage { status: StatusCode::OK, page, ask })
}

/// `PATCH /email-validations/{id}`.
pub(super) async fn cancel(
    Uncounted(caller): Uncounted,
    State(gateway): State<Gateway>,
    ValidationPath(name): ValidationPath,
    _: Cancellation,
) -> Result<OnePage, Envelope> {
    let page = gateway.cancel_validation(&caller, name).await?;
    Ok(OnePage { status: StatusCode::OK, page, ask: page::FIRST })
}

/// The id at the end of a path. What is no UUID names no validation.
pub(super) struct ValidationPath(Uuid);

impl<S: Send + Sync> FromRequestParts<S> for ValidationPath {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        let name = path.and_then(|Path(text)| text.parse().ok());
        name.map(Self).ok_or_else(|| Refusal::NoSuchValidation.into())
    }
}

/// One page of a validation, as it was asked for.
pub(super) struct OnePage {
    status: StatusCode,
    page: ValidationPage,
    ask: PageAsk,
}

impl IntoResponse for OnePage {
    fn into_response(self) -> Response {
        let Self { status, page, ask } = self;
        let headers = headers::of_page(&page.account, page.is_replay, page.retry_after);
        (status, headers, Json(ValidationShown::of(&page, ask))).into_response()
    }
}
