//! Bodies: taken in whole and unpacked, of a known media type, within a size and a time.
//!
//! The bound on the size holds for what arrives and for what it unpacks to. What a body says is read
//! in [`super::wire`].

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::packing::{Packing, Unpacking};
use super::problem::{
    PAYLOAD_TOO_LARGE, Problem, REQUEST_TIMEOUT, UNREADABLE_BODY, UNSUPPORTED_MEDIA_TYPE,
};

/// The media type of the vendor's own clients.
pub(super) const VENDOR_JSON: &str = "application/vnd.amp+json";
pub(super) const JSON: &str = "application/json";

/// How long a body may take to arrive.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Takes in a JSON body, of which each piece is made room for as it comes. One without a media type
/// is taken for JSON: nothing else would be understood.
pub(super) async fn take(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    make_room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    check_media_type(headers)?;
    let packing = Packing::of(headers)?;
    if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let collected = collect(body, packing, bytes_max, make_room);
    timeout(BODY_TIMEOUT, collected).await.unwrap_or_else(|_| Err(late()))
}

async fn collect(
    body: Body,
    packing: Packing,
    bytes_max: usize,
    mut make_room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let (mut body, mut unpacking) = (Limited::new(body, bytes_max), Unpacking::of(packing));
    let mut taken = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match &*error {
            error if error.is::<LengthLimitError>() => too_large(bytes_max),
            _ => cut(),
        })?;
        // What is no data is a trailer, which says nothing here.
        let Ok(piece) = frame.into_data() else { continue };
        let mut rest = &piece[..];
        while !rest.is_empty() {
            rest = &rest[unpacking.take(rest)?..];
            if unpacking.bytes() > bytes_max {
                return Err(too_large(bytes_max));
            }
            make_room(unpacking.bytes() - taken)?;
            taken = unpacking.bytes();
        }
    }
    let whole = unpacking.finish()?;
    make_room(whole.len().saturating_sub(taken))?;
    if whole.len() > bytes_max { Err(too_large(bytes_max)) } else { Ok(whole) }
}

/// A body that is larger than it may be.
pub(super) fn too_large(bytes_max: usize) -> Problem {
    PAYLOAD_TOO_LARGE.says(format!("A body has at most {bytes_max} bytes"))
}

/// A body that took too long to arrive.
pub(super) fn late() -> Problem {
    REQUEST_TIMEOUT
        .says(format!("The body did not arrive within {} seconds", BODY_TIMEOUT.as_secs()))
        .with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// A body that did not come whole.
pub(super) fn cut() -> Problem {
    UNREADABLE_BODY.says("The body ended early")
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
