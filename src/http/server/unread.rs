//! Request bodies that a handler does not read to the end.
//!
//! A refusal is often sent before its request's body has arrived. Where the rest is short, it is
//! read here and the connection can be used again. Where it is not, the response says
//! `Connection: close`: without it, a client would send its next request on a connection that is
//! about to close, and get no response to it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;
use tower::ServiceExt;

/// The most bytes of a body that are read only to keep the connection.
const DRAINED_BYTES_MAX: u64 = 256 * 1024;

/// How long a response waits for the rest of its request's body.
const DRAIN_WAIT: Duration = Duration::from_millis(250);

/// How much of a request has arrived on a connection. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Arriving(Arc<AtomicU8>);

/// Nothing of it.
const NOTHING: u8 = 0;
/// Some of its head.
const HEAD: u8 = 1;
/// Its head, and perhaps some of its body.
const BODY: u8 = 2;

impl Arriving {
    /// Records that bytes were read.
    pub(super) fn begin(&self) {
        let order = Ordering::Relaxed;
        // The bytes may be some of a body.
        let _ = self.0.compare_exchange(NOTHING, HEAD, order, order);
    }

    fn end_head(&self) {
        self.0.store(BODY, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.0.store(NOTHING, Ordering::Relaxed);
    }

    /// Whether a head has begun to arrive and has not arrived whole.
    pub(super) fn is_head(&self) -> bool {
        self.0.load(Ordering::Relaxed) == HEAD
    }

    /// Whether a request has begun to arrive and has not arrived whole.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed) != NOTHING
    }
}

/// Has the router answer a request, and disposes of what it leaves of the body.
pub(super) async fn respond(
    router: Router,
    request: Request<Incoming>,
    arriving: Arriving,
) -> Result<Response, Infallible> {
    arriving.end_head();
    let waits_for_continue = request.headers().contains_key(header::EXPECT);
    let left = Left::default();
    let request = request.map(|body| RequestBody { body: Some(body), left: left.clone() });
    let mut response = router.oneshot(request).await?;
    let is_whole = match left.take() {
        Rest::Nothing => true,
        // To read more would ask a client that waits for `100 Continue` to send the body.
        Rest::Body(body) if !waits_for_continue => drain(body).await,
        Rest::Body(_) | Rest::Held | Rest::Unreadable => false,
    };
    if is_whole {
        arriving.end();
    } else {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// What a handler left of a body.
#[derive(Default)]
enum Rest {
    /// The handler, or a task of its, still has the body.
    #[default]
    Held,
    Nothing,
    Body(Incoming),
    /// The rest cannot be told from the next request.
    Unreadable,
}

/// Reads a body, and returns whether its end came soon.
async fn drain(body: Incoming) -> bool {
    timeout(DRAIN_WAIT, is_short(body)).await.unwrap_or(false)
}

/// Reads a body to its end, and gives up where that is far.
async fn is_short(mut body: Incoming) -> bool {
    let mut left = DRAINED_BYTES_MAX;
    while left > 0 && body.size_hint().lower() <= left {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
            }
        }
    }
    false
}

/// Where a body puts what is left of it when it is dropped.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Rest>>);

impl Left {
    fn put(&self, rest: Rest) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }

    fn take(&self) -> Rest {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request's body, which outlives its handler.
struct RequestBody {
    /// None once nothing more can be read.
    body: Option<Incoming>,
    left: Left,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        let rest = match frame {
            Some(Ok(_)) => return Poll::Ready(frame),
            Some(Err(_)) => Rest::Unreadable,
            None => Rest::Nothing,
        };
        self.body = None;
        self.left.put(rest);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            let is_whole = body.is_end_stream();
            self.left.put(if is_whole { Rest::Nothing } else { Rest::Body(body) });
        }
    }
}
