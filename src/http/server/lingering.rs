//! A stream that waits a bounded time for a request's head, and whose close does not cost its peer the
//! response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::unread::Arriving;

/// How long a peer in the middle of a request may pause before its connection is closed.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The same for a peer whose request has arrived whole: nothing is expected of it, but its next
/// request may be on its way.
const IDLE_PAUSE_MAX: Duration = Duration::from_millis(250);

/// The most bytes that are read and dropped before a connection is closed.
const DROPPED_BYTES_MAX: usize = 64 << 20;

/// A stream that, once everything is written, reads and drops what its peer still sends, until the
/// peer closes its side.
///
/// A socket that is closed with unread bytes resets the connection, and a peer that is still
/// sending a body loses the response that refuses it.
pub(super) struct Lingering {
    stream: TcpStream,
    linger: Duration,
    head_timeout: Duration,
    arriving: Arriving,
    /// Runs while a head has begun to arrive and has not arrived whole.
    head: Option<Pin<Box<Sleep>>>,
    farewell: Option<Farewell>,
}

/// What is left to do once everything is written.
struct Farewell {
    latest: Instant,
    pause_max: Duration,
    pause: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Lingering {
    /// Reads for at most `linger` after everything is written, and fails where a head takes longer
    /// than `head_timeout`.
    pub(super) fn new(
        stream: TcpStream,
        linger: Duration,
        head_timeout: Duration,
        arriving: Arriving,
    ) -> Self {
        Self { stream, linger, head_timeout, arriving, head: None, farewell: None }
    }
}

impl Farewell {
    fn new(linger: Duration, pause_max: Duration) -> Self {
        Self {
            latest: Instant::now() + linger,
            pause_max,
            pause: Box::pin(sleep(pause_max.min(linger))),
            bytes_left: DROPPED_BYTES_MAX,
        }
    }

    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut dropped = [0; 16 * 1024];
        while self.bytes_left > 0 && self.pause.as_mut().poll(cx).is_pending() {
            let mut bytes = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut bytes));
            if read.is_err() || bytes.filled().is_empty() {
                break;
            }
            self.bytes_left = self.bytes_left.saturating_sub(bytes.filled().len());
            self.pause.as_mut().reset(self.latest.min(Instant::now() + self.pause_max));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, head_timeout, arriving, head, .. } = self.get_mut();
        if arriving.is_head() {
            let late = head.get_or_insert_with(|| Box::pin(sleep(*head_timeout)));
            if late.as_mut().poll(cx).is_ready() {
                let wrong = "the head of a request took too long";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, wrong)));
            }
        } else {
            *head = None;
        }
        let before = bytes.filled().len();
        let read = Pin::new(stream).poll_read(cx, bytes);
        if bytes.filled().len() > before {
            arriving.begin();
        }
        read
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, linger, arriving, farewell, .. } = self.get_mut();
        if farewell.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        let pause_max = if arriving.is_under_way() { PAUSE_MAX } else { IDLE_PAUSE_MAX };
        farewell.get_or_insert_with(|| Farewell::new(*linger, pause_max)).poll(stream, cx)
    }
}
