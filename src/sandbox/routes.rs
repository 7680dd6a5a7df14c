//! The vendor's endpoints, and the sandbox's own.

use std::time::Duration;

use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, header};
use tokio::sync::watch;
use tower_http::decompression::RequestDecompressionLayer;

use super::answer::{
    Answer, Error, MALFORMED, NOT_FOUND, TOO_LARGE, UNAUTHORIZED, WRONG_MEDIA_TYPE, WRONG_METHOD,
};
use super::batch::Ending;
use super::bill::Bill;
use super::desk::Desk;
use super::elsewhere;
use super::fault::{self, FaultKind, Faults, Operation, Rule};
use super::look_up::LookUp;
use super::page::Page;
use super::submission::{Submission, parse_cancellation};
use super::{Options, Sandbox, validation};

/// The maximum size of a body, uncompressed: enough for more leads than a batch may have.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) fn router(sandbox: Sandbox) -> Router {
    let vendor = Router::new()
        .route("/people/enrichment-requests", post(submit))
        .route("/people/enrichment-requests/{id}", get(read).patch(cancel))
        .route("/people/find", get(find))
        .route("/email-validations", post(validate))
        .route("/email-validations/{id}", get(read_validation).patch(cancel_validation))
        .merge(elsewhere::router())
        .route_layer(middleware::from_fn_with_state(sandbox.clone(), authorize));
    Router::new()
        .merge(vendor)
        .route("/sandbox/bill", get(bill))
        .route("/sandbox/faults", get(faults).post(set_faults))
        .fallback(async || Answer::from(NOT_FOUND.says("There is no such endpoint.")))
        .method_not_allowed_fallback(async || {
            Answer::from(WRONG_METHOD.says("The endpoint does not support this method."))
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(RequestDecompressionLayer::new())
        .with_state(sandbox)
}

async fn submit(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    sandbox.at_desk(|desk, _| desk.count_post());
    let act = |ending| {
        let body = json_body(&headers, body)?;
        let submission = Submission::parse(&body, sandbox.options.leads_max);
        let submission = submission.map_err(|errors| Answer::refused(&errors))?;
        let taken = sandbox.at_desk(|desk, now| desk.submit(submission, ending, now));
        taken.map_err(|errors| Answer::refused(&errors))
    };
    under_faults(&sandbox, Operation::Submit, act).await
}

async fn read(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let act = |_| {
        let id = batch_id(&id)?;
        sandbox.at_desk(|desk, now| {
            let page = Page::parse(query.as_deref().unwrap_or_default(), desk.page_size())?;
            Ok(desk.read(id, page, now)?)
        })
    };
    under_faults(&sandbox, Operation::Read, act).await
}

async fn find(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Response {
    sandbox.at_desk(|desk, _| desk.count_look_up());
    let act = |_| {
        let look_up = LookUp::parse(query.as_deref().unwrap_or_default());
        let look_up = look_up.map_err(|errors| Answer::refused(&errors))?;
        Ok(sandbox.at_desk(|desk, now| desk.look_up(look_up, now))?)
    };
    under_faults(&sandbox, Operation::Find, act).await
}

async fn cancel(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let act = |_| {
        let id = batch_id(&id)?;
        let body = json_body(&headers, body)?;
        parse_cancellation(&body).map_err(|errors| Answer::refused(&errors))?;
        Ok(sandbox.at_desk(|desk, now| desk.cancel(id, now))?)
    };
    under_faults(&sandbox, Operation::Cancel, act).await
}

async fn validate(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    sandbox.at_desk(|desk, _| desk.count_post());
    let act = |ending| {
        let body = json_body(&headers, body)?;
        let emails = validation::parse(&body, sandbox.options.leads_max);
        let emails = emails.map_err(|errors| Answer::refused(&errors))?;
        Ok(sandbox.at_desk(|desk, now| desk.validate(emails, ending, now))?)
    };
    under_faults(&sandbox, Operation::Submit, act).await
}

async fn read_validation(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let act = |_| {
        sandbox.at_desk(|desk, now| {
            let page = Page::parse(query.as_deref().unwrap_or_default(), desk.page_size())?;
            Ok(desk.read_validation(&id, page, now)?)
        })
    };
    under_faults(&sandbox, Operation::Read, act).await
}

async fn cancel_validation(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let act = |_| {
        let body = json_body(&headers, body)?;
        parse_cancellation(&body).map_err(|errors| Answer::refused(&errors))?;
        Ok(sandbox.at_desk(|desk, now| desk.cancel_validation(&id, now))?)
    };
    under_faults(&sandbox, Operation::Cancel, act).await
}

async fn bill(State(sandbox): State<Sandbox>) -> Json<Bill> {
    Json(sandbox.bill())
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Faults> {
    Json(sandbox.faults())
}

async fn set_faults(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(faults) => {
            sandbox.set_faults(faults);
            Json(sandbox.faults()).into_response()
        }
        Err(error) => Answer::from(MALFORMED.says(&error.to_string())).into_response(),
    }
}

/// Processes a request unless a fault prevents it, and answers as the faults allow.
pub(super) async fn under_faults(
    sandbox: &Sandbox,
    operation: Operation,
    act: impl FnOnce(Ending) -> Result<Answer, Answer>,
) -> Response {
    if let Err(too_many) = sandbox.at_desk(Desk::let_through) {
        return too_many.into_response();
    }
    let (mut faults, replaced) = sandbox.at_desk(|desk, _| {
        let concerns = |rule: &Rule| rule.concerns(operation) && !rule.kind.is_about_results();
        (desk.faults.draw(concerns), sandbox.replaced.subscribe())
    });
    if let Some(refusal) = fault::refusal(&faults) {
        delay(&faults, replaced).await;
        return refusal;
    }
    let answer = act(ending(&faults)).unwrap_or_else(|refused| refused);
    if answer.lists_results_at_rest() {
        faults.extend(sandbox.at_desk(|desk, _| {
            desk.faults.draw(|rule| rule.concerns(operation) && rule.kind.is_about_results())
        }));
    }
    delay(&faults, replaced).await;
    fault::spoil(answer, &faults)
}

/// Waits as long as the faults delay the answer.
async fn delay(faults: &[FaultKind], mut replaced: watch::Receiver<()>) {
    tokio::time::sleep(latency(faults)).await;
    if faults.contains(&FaultKind::Held) {
        // The sandbox is part of every request's state, so the sender exists.
        let _ = replaced.changed().await;
    }
}

fn ending(faults: &[FaultKind]) -> Ending {
    let mut endings = faults.iter().filter_map(|fault| match fault {
        FaultKind::EndsInError(ending) => Some(Ending::Error(*ending)),
        FaultKind::NeverEnds => Some(Ending::Never),
        _ => None,
    });
    endings.next_back().unwrap_or(Ending::Completed)
}

fn latency(faults: &[FaultKind]) -> Duration {
    let latencies = faults.iter().map(|fault| match fault {
        FaultKind::LatencyMs(ms) => Duration::from_millis(*ms),
        _ => Duration::ZERO,
    });
    latencies.fold(Duration::ZERO, Duration::saturating_add)
}

async fn authorize(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    if is_authorized(&sandbox.options, request.headers()) {
        next.run(request).await
    } else {
        Answer::from(UNAUTHORIZED.says("Missing or unknown API key.")).into_response()
    }
}

fn is_authorized(options: &Options, headers: &HeaderMap) -> bool {
    let header = headers.get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
    let Some((scheme, key)) = header.and_then(|header| header.split_once(' ')) else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer")
        && options
            .api_key
            .as_ref()
            .map_or(!key.trim().is_empty(), |expected| key.trim() == expected)
}

/// The body, if the request says that it is JSON.
fn json_body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, Error> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|header| header.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_json = ["application/json", "application/vnd.amp+json"]
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known));
    if !is_json {
        return Err(WRONG_MEDIA_TYPE.says("Send application/json or application/vnd.amp+json."));
    }
    body.map_err(|rejection| match rejection.status() {
        status if status == http::StatusCode::PAYLOAD_TOO_LARGE => {
            TOO_LARGE.says("The request is too large.")
        }
        _ => MALFORMED.says("The request could not be read."),
    })
}

fn batch_id(id: &str) -> Result<u64, Error> {
    id.parse().map_err(|_| NOT_FOUND.says("There is no such enrichment request."))
}
