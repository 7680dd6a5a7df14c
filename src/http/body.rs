//! Bodies: taken in whole and unpacked, of a known media type, within a size and a time.
//!
//! The bound on the size holds for what arrives and for what it unpacks to. What a body says is read
//! in [`super::wire`].

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{Instant, timeout_at};

use super::pace::{BODY_TIMEOUT, Pace};
use super::packing::{Packing, Unpacking};
use super::problem::{
    PAYLOAD_TOO_LARGE, Problem, REQUEST_TIMEOUT, UNREADABLE_BODY, UNSUPPORTED_MEDIA_TYPE,
};

/// The media type of the vendor's own clients.
pub(super) const VENDOR_JSON: &str = "application/vnd.amp+json";
pub(super) const JSON: &str = "application/json";

/// Takes in a JSON body that comes at this pace. Room is made for each piece of it as it is unpacked.
/// A body without a media type is taken for JSON: nothing else would be understood.
pub(super) async fn take(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    pace: Pace,
    mut make_room: impl FnMut(usize) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    check_media_type(headers)?;
    let packing = Packing::of(headers)?;
    if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let (mut body, mut unpacking) = (Limited::new(body, bytes_max), Unpacking::of(packing));
    let began = Instant::now();
    let (mut arrived, mut taken) = (0, 0);
    loop {
        let frame = timeout_at(began + pace.allowed(arrived), body.frame()).await;
        let Some(frame) = frame.map_err(|_| late())? else { break };
        let frame = frame.map_err(|error| match &*error {
            error if error.is::<LengthLimitError>() => too_large(bytes_max),
            _ => cut(),
        })?;
        // What is no data is a trailer, which says nothing here.
        let Ok(piece) = frame.into_data() else { continue };
        arrived += piece.len();
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
        .says(format!(
            "The body arrived too slowly, or not within {} seconds",
            BODY_TIMEOUT.as_secs()
        ))
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
    let detail = format!("Send a body with Content-Type {JSON} or {VENDOR_JSON}");
    Err(UNSUPPORTED_MEDIA_TYPE.says(detail))
}
