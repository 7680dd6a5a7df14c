//! The vendor's other paths: passed on as they come, or made through the books, where the operator
//! says so; refused where not.
//!
//! A path is judged before a byte of its body is read.

mod body;
mod priced;

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method as Asked, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use self::body::Bounded;
use super::envelope::Envelope;
use super::media_type::Naming;
use super::{Bounds, Edge};
use crate::domain::route::{Access, Method, Taken, VendorPath};
use crate::gateway::{Caller, Passage, Passed, PassedHeaders};
use crate::http::access::RouteLabel;
use crate::http::problem::{INVALID_HEADER, INVALID_PATH, Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::http::retry_after::retry_after;

/// Whatever is none of the gateway's own endpoints.
pub(super) async fn pass(State(edge): State<Edge>, request: Request) -> Response {
    if request.method() == Asked::OPTIONS && request.uri().path() == "*" {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, methods())]).into_response();
    }
    let naming = Naming::of(request.headers());
    let (mut parts, body) = request.into_parts();
    let told = |refused: Envelope| naming.name(refused.into_response());
    let (caller, taken) = match route(&edge, &mut parts).await {
        Ok(taken) => taken,
        Err(refused) => return told(refused),
    };
    let answered = match &taken.route.access {
        Access::Priced(price) => {
            priced::call(&edge, &caller, price, Request::from_parts(parts, body)).await
        }
        Access::Free | Access::ReadOnly | Access::Refused => {
            pass_on(&edge, &caller, taken, parts, body).await.map(shown)
        }
    };
    let mut response = answered.unwrap_or_else(|problem| told(problem.into()));
    response.extensions_mut().insert(RouteLabel(Arc::from(taken.route.pattern.to_string())));
    response
}

/// Who asks, and the route that the request takes.
async fn route<'e>(edge: &'e Edge, parts: &mut Parts) -> Result<(Caller, Taken<'e>), Envelope> {
    let caller = Caller::from_request_parts(parts, edge).await?;
    let path = path_of(&parts.uri)?;
    let method = method_of(&parts.method)?;
    refuse_overrides(parts)?;
    let taken = edge.gateway.route(&caller, method, &path)?;
    Ok((caller, taken))
}

fn path_of(uri: &Uri) -> Result<VendorPath, Problem> {
    VendorPath::of(uri.path())
        .map_err(|why| INVALID_PATH.says(format!("The path is not forwarded: {why}")))
}

/// Headers and parameters by which some servers take a request for one by another method than the one
/// that its route was chosen by.
const METHOD_HEADERS: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];
const METHOD_PARAMETERS: [&str; 4] =
    ["_method", "x-http-method-override", "x-http-method", "x-method-override"];

/// Forms: the vendor's API takes JSON, and of a form some servers read the method in its fields.
const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

fn refuse_overrides(parts: &Parts) -> Result<(), Problem> {
    if METHOD_HEADERS.iter().any(|name| parts.headers.contains_key(*name)) {
        let detail = "Headers that name another method are not forwarded; use that method itself";
        return Err(INVALID_HEADER.says(detail));
    }
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut named = url::form_urlencoded::parse(query).map(|(name, _)| name.to_ascii_lowercase());
    if named.any(|name| METHOD_PARAMETERS.contains(&name.as_str())) {
        let detail =
            "Parameters that name another method are not forwarded; use that method itself";
        return Err(INVALID_PATH.says(detail));
    }
    let types = parts.headers.get_all(header::CONTENT_TYPE).iter();
    let is_form = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        FORMS.contains(&text.split(';').next().unwrap_or_default().trim())
    };
    if types.into_iter().any(is_form) {
        return Err(UNSUPPORTED_MEDIA_TYPE.says("Forms are not forwarded; send JSON"));
    }
    Ok(())
}

fn method_of(asked: &Asked) -> Result<Method, Problem> {
    asked
        .as_str()
        .parse()
        .map_err(|_| Problem::no_such_method().with_header(header::ALLOW, methods()))
}

/// Every method that is passed on.
fn methods() -> HeaderValue {
    let names = Method::ALL.map(Method::name).join(", ");
    HeaderValue::from_str(&names).expect("names of methods fit in a header")
}

async fn pass_on(
    edge: &Edge,
    caller: &Caller,
    taken: Taken<'_>,
    parts: Parts,
    body: Body,
) -> Result<Passed, Problem> {
    let target = parts.uri.into_parts().path_and_query.expect("a path was seen in it");
    let Bounds { body_bytes_max, pace, .. } = edge.bounds;
    let (body, broken) = Bounded::within(body_bytes_max, pace, body)?;
    let headers = PassedHeaders::of_request(&parts.headers, !body.is_end_stream());
    let passage = Passage { method: parts.method, target, headers, body };
    edge.gateway.pass(caller, taken, passage).await.map_err(|refusal| {
        // Where the caller's own body broke off, the vendor is not to blame.
        broken.problem().unwrap_or_else(|| refusal.into())
    })
}

fn shown(passed: Passed) -> Response {
    let Passed { status, headers, retry_after: wait, body } = passed;
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = HeaderMap::from(headers);
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait));
    }
    response
}
