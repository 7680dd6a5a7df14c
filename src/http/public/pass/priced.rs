//! Priced paths: what a request costs at most is counted in its body, and it goes through the books.
//!
//! Unlike what is free, it is taken in whole before it is sent: nobody pays for half a request.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::Value;

use crate::domain::route::Price;
use crate::gateway::{Call, CallAnswered, Caller, Request};
use crate::http::body;
use crate::http::problem::{INVALID_REQUEST, Problem};
use crate::http::public::ask_headers;
use crate::http::public::headers::{tell_costs, tell_remaining};
use crate::http::public::{Bounds, Edge};

/// Has a request made that may cost as much as its route says.
pub(super) async fn call(
    edge: &Edge,
    caller: &Caller,
    price: &Price,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    let (most, _) = ask_headers::read(&parts.headers)?.untrimmed()?;
    let Bounds { body_bytes_max, ref room, .. } = edge.bounds;
    let (_place, mut held) = (room.place()?, room.hold());
    let body = body::take(&parts.headers, body, body_bytes_max, |bytes| held.more(bytes)).await?;
    let items = match &price.per {
        Some(pointer) => items_at(pointer, &body)?,
        None => 1,
    };
    let request = Request {
        path_and_query: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
        accept: parts.headers.get(header::ACCEPT).cloned(),
        method: parts.method,
        body,
    };
    let call = Call { request, price: price.worst_case(items), most };
    Ok(shown(edge.gateway.call(caller, call).await?))
}

/// How many items a body has where its route looks for them.
fn items_at(pointer: &str, body: &[u8]) -> Result<u64, Problem> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let items = body.as_ref().and_then(|body| body.pointer(pointer)?.as_array());
    let count = items.and_then(|items| u64::try_from(items.len()).ok());
    count.ok_or_else(|| {
        INVALID_REQUEST
            .says(format!("Send a JSON body with an array at {pointer}, which is paid for"))
    })
}

fn shown(answered: CallAnswered) -> Response {
    let CallAnswered { answer, reserved, spent, remaining, .. } = answered;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    tell_costs(&reserved, &spent, headers);
    tell_remaining(&remaining, headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = answer.content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_where_the_route_looks_for_them() {
        let count = |body: &str| items_at("/ask/emails", body.as_bytes()).ok();
        assert_eq!(count(r#"{"ask":{"emails":[1,{},"x"]}}"#), Some(3));
        assert_eq!(count(r#"{"ask":{"emails":[]}}"#), Some(0));
        for body in ["", "{}", "[]", r#"{"ask":{"emails":{}}}"#, r#"{"emails":[1]}"#] {
            assert_eq!(count(body), None, "{body}");
        }
    }
}
