//! Bodies on their way: the caller's watched, so that the vendor is not blamed for a slow caller;
//! the vendor's given up where no more of it comes.
//!
//! Trailers go neither way: they are headers that no list has seen.

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

/// Since when the vendor is waited for; clones share it.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<Option<Instant>>>);

impl Watch {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// Until when to wait before looking again.
    pub(super) fn patience(&self, timeout: Duration) -> Instant {
        self.since().unwrap_or_else(Instant::now) + timeout
    }

    /// Whether the vendor has been waited for so long.
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

/// A caller's body, and whether the vendor or the caller is waited for.
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

/// The vendor's body, which fails where it breaks off or where the vendor goes silent: whoever
/// passes it on has to break off as well.
pub struct PassedBody {
    body: Incoming,
    timeout: Duration,
    /// Runs while the vendor is waited for.
    silence: Option<Pin<Box<Sleep>>>,
    /// Given back when this is dropped.
    place: Option<Box<dyn Send>>,
}

impl PassedBody {
    pub(super) fn new(body: Incoming, timeout: Duration) -> Self {
        Self { body, timeout, silence: None, place: None }
    }

    /// The same, which has a place until it has come whole or is given up.
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
