//! Bodies: taken in whole, of a known media type, within a size and a time.
//!
//! Packed ones come here unpacked, so the bound is on what they unpack to. What a body says is read
//! in [`super::wire`].

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::problem::{
    PAYLOAD_TOO_LARGE, Problem, REQUEST_TIMEOUT, UNREADABLE_BODY, UNSUPPORTED_MEDIA_TYPE,
};

/// The media type of the vendor's own clients.
pub(super) const VENDOR_JSON: &str = "application/vnd.amp+json";
pub(super) const JSON: &str = "application/json";

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Takes in a JSON body, of which each piece is made room for as it comes. One without a media type
/// is taken for JSON: nothing else would be understood.
pub(super) async fn take(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    make_room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    check_media_type(headers)?;
    check_encoding(headers)?;
    if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > bytes_max) {
        return Err(too_large(bytes_max));
    }
    timeout(BODY_TIMEOUT, collect(body, bytes_max, make_room)).await.unwrap_or_else(|_| {
        Err(REQUEST_TIMEOUT
            .says(format!("The body did not arrive within {} seconds", BODY_TIMEOUT.as_secs()))
            .with_header(header::CONNECTION, HeaderValue::from_static("close")))
    })
}

async fn collect(
    body: Body,
    bytes_max: usize,
    mut make_room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let (mut body, mut whole) = (Limited::new(body, bytes_max), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match &*error {
            error if error.is::<LengthLimitError>() => too_large(bytes_max),
            error => unreadable(error),
        })?;
        // What is no data is a trailer, which says nothing here.
        if let Ok(piece) = frame.into_data() {
            make_room(piece.len())?;
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.freeze())
}

fn too_large(bytes_max: usize) -> Problem {
    PAYLOAD_TOO_LARGE.says(format!("A body has at most {bytes_max} bytes"))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(media_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let is_known =
        [JSON, VENDOR_JSON].iter().any(|known| essence.trim().eq_ignore_ascii_case(known));
    if is_known {
        return Ok(());
    }
    let detail = format!("Send a body of Content-Type {JSON} or {VENDOR_JSON}");
    Err(UNSUPPORTED_MEDIA_TYPE.says(detail))
}

/// Refuses a body that is still packed: the router has unpacked and unmarked those it can.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(UNSUPPORTED_MEDIA_TYPE
            .says("Send a body as it is, or where callers connect, with Content-Encoding gzip")
            .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))),
        _ => Ok(()),
    }
}

/// Says whether the connection or the packing is to blame, and nothing of the body.
fn unreadable(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    UNREADABLE_BODY.says(if causes.any(<dyn Error>::is::<hyper::Error>) {
        "The body ended early"
    } else {
        "The body is not gzip, as its Content-Encoding says"
    })
}
