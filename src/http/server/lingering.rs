//! A stream that listens a while before it closes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// A peer that sends nothing for so long has nothing more to send.
const QUIET: Duration = Duration::from_millis(250);

/// A stream that, once everything is written, takes in and drops what its peer is still sending.
///
/// A socket that is closed on unread bytes resets the connection, and a peer still busy sending a
/// body loses the answer that refuses it.
pub(super) struct Lingering {
    stream: TcpStream,
    linger: Duration,
    farewell: Option<Farewell>,
}

/// What is left to do once nothing more is written.
struct Farewell {
    latest: Instant,
    wait: Pin<Box<Sleep>>,
}

impl Lingering {
    pub(super) fn new(stream: TcpStream, linger: Duration) -> Self {
        Self { stream, linger, farewell: None }
    }
}

impl Farewell {
    fn new(linger: Duration) -> Self {
        Self { latest: Instant::now() + linger, wait: Box::pin(sleep(QUIET.min(linger))) }
    }

    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut dropped = [0; 16 * 1024];
        while self.wait.as_mut().poll(cx).is_pending() {
            let mut bytes = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut bytes));
            if read.is_err() || bytes.filled().is_empty() {
                break;
            }
            self.wait.as_mut().reset(self.latest.min(Instant::now() + QUIET));
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
        Pin::new(&mut self.get_mut().stream).poll_read(cx, bytes)
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
        let Self { stream, linger, farewell } = self.get_mut();
        if farewell.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        farewell.get_or_insert_with(|| Farewell::new(*linger)).poll(stream, cx)
    }
}
