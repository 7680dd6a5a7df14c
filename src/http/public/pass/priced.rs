//! Priced paths: what a request costs at most is counted in its body, and it goes through the books.
//!
//! Unlike what is free, it is taken in whole before it is sent, and unpacked: nobody pays for half a
//! request, and what is sent is what was counted.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::domain::route::Price;
use crate::gateway::{self, Call, CallAnswered, Caller, holding};
use crate::http::body;
use crate::http::problem::Problem;
use crate::http::public::ask_headers;
use crate::http::public::headers::{tell_costs, tell_of_replay, tell_remaining};
use crate::http::public::{Bounds, Edge};
use crate::http::wire::items;

/// Has a request made that may cost as much as its route says.
pub(super) async fn call(
    edge: &Edge,
    caller: &Caller,
    price: &Price,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (most, marks) = ask_headers::read(&parts.headers)?.untrimmed()?;
    let Bounds { body_bytes_max, pace, ref room, .. } = edge.bounds;
    let turned_away = |refusal| edge.gateway.turn_away(&caller.team, refusal);
    let place = room.place(&caller.team).map_err(turned_away)?;
    let mut held = room.hold(&caller.team);
    let more = |bytes| Ok(held.grow(bytes).map_err(turned_away)?);
    let body = body::take(&parts.headers, body, body_bytes_max, pace, more).await?;
    let items = match &price.per {
        Some(pointer) => items::count(&body, pointer).map_err(Problem::with_faults)?,
        None => 1,
    };
    let request = gateway::Request {
        path_and_query: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
        accept: parts.headers.get(header::ACCEPT).cloned(),
        method: parts.method,
        // Its caller may hang up, and it goes on.
        body: holding(body, (place, held)),
    };
    let call = Call { request, price: price.worst_case(items), most, marks };
    Ok(shown(edge.gateway.call(caller, call).await?))
}

fn shown(answered: CallAnswered) -> Response {
    let CallAnswered { answer, reserved, spent, remaining, is_replay } = answered;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    tell_costs(&reserved, &spent, headers);
    if let Some(remaining) = &remaining {
        tell_remaining(remaining, headers);
    }
    if is_replay {
        tell_of_replay(headers);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = answer.content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}
