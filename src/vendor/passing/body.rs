//! Forwarded bodies. The caller's body is observed, so that a slow caller is not mistaken for a
//! slow vendor; the vendor's body has a timeout.
//!
//! Trailers are dropped in both directions: they are headers that were not checked against a list.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use tracing::warn;

use super::PassageBody;
use crate::vendor::Cause;

/// Since when the gateway waits for the vendor; clones share it.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<Option<Instant>>>);

impl Watch {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// When to check again.
    pub(super) fn patience(&self, timeout: Duration) -> Instant {
        self.since().unwrap_or_else(Instant::now) + timeout
    }

    /// Whether the vendor's timeout has passed.
    pub(super) fn is_over(&self, timeout: Duration) -> bool {
        self.since().is_some_and(|since| since.elapsed() >= timeout)
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// A caller's body, which records whether the gateway waits for the vendor or the caller.
pub(super) struct Watched {
    body: PassageBody,
    watch: Watch,
}

impl Watched {
    pub(super) fn new(body: PassageBody, watch: Watch) -> Self {
        Self { body, watch }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.watch.note(polled.is_ready().then(Instant::now));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The vendor's body. It fails if it ends early or the vendor sends nothing for too long; the
/// response to the caller must then be aborted, too.
pub struct PassedBody {
    body: Incoming,
    timeout: Duration,
    /// Runs while the gateway waits for the vendor.
    silence: Option<Pin<Box<Sleep>>>,
    /// A permit that is released on drop.
    place: Option<Box<dyn Send>>,
}

impl PassedBody {
    pub(super) fn new(body: Incoming, timeout: Duration) -> Self {
        Self { body, timeout, silence: None, place: None }
    }

    /// The same with a permit that is held until the body is complete or dropped.
    #[must_use]
    pub fn in_place(self, place: impl Send + 'static) -> Self {
        Self { place: Some(Box::new(place)), ..self }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        self.silence.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(cx)
    }

    fn break_off(&mut self, cause: Cause) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        warn!(%cause, "a forwarded answer ended early: {cause}");
        self.place = None;
        Poll::Ready(Some(Err(cause)))
    }
}

impl Body for PassedBody {
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.silence = None;
                Poll::Ready(frame.into_data().ok().map(|data| Ok(Frame::data(data))))
            }
            Poll::Ready(Some(Err(error))) => self.break_off(Cause::Cut(error.into())),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.poll_silence(cx).is_ready() => self.break_off(Cause::Late),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for PassedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassedBody(<redacted>)")
    }
}
