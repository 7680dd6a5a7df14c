//! The accept loop: connections in, each bounded in how long it may dawdle.
//!
//! Our own, since `axum::serve` sets no timer: there a half-open request holds its connection for
//! good, and a shutdown with it. What a request means is none of this module's business.

mod impatient;
mod lingering;
#[cfg(test)]
mod tests;
mod tls;
mod unread;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use self::impatient::Impatient;
use self::lingering::Lingering;
pub use self::tls::{Certificate, CertificateError};
use self::unread::Arriving;
use super::peer::Peer;

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many there may be at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long a request's head may take, counted from its first byte.
    pub head_timeout: Duration,
    /// How long a connection may wait for its next request to have come.
    pub idle_timeout: Duration,
    /// How long a peer may take nothing of an answer before it is cut off.
    pub unread_wait: Duration,
    /// How long one lives; it ends between two requests, and [`Limits::grace`] later at the latest.
    pub age_max: Duration,
    /// How long one that is about to close reads and drops the rest of a request.
    pub linger: Duration,
    /// How long open requests may take once the server is closing.
    pub grace: Duration,
}

/// How much of an answer is on its way to a peer at once. The system would let that grow to
/// megabytes, and tells that there is room again only once a third of them is taken: a peer who
/// takes little, but all the time, would look like one who takes nothing.
const UNREAD_BYTES_MAX: u32 = 128 * 1024;

/// How many bytes of a request's head are kept. Who sends it need not have a key.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens at this address.
///
/// # Errors
/// What the system has against it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Otherwise nobody could listen there again for a minute after a restart.
    socket.set_reuseaddr(true)?;
    // Each connection has this from its listener.
    socket.set_send_buffer_size(UNREAD_BYTES_MAX)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Limits {
    /// The usual limits, but for these.
    #[must_use]
    pub const fn usual(
        connections_max: usize,
        unread_wait: Duration,
        idle_timeout: Duration,
        grace: Duration,
    ) -> Self {
        Self {
            connections_max,
            head_timeout: Duration::from_secs(10),
            idle_timeout,
            unread_wait,
            age_max: Duration::from_hours(1),
            linger: Duration::from_secs(30),
            grace,
        }
    }
}

/// Serves until `closing` is cancelled, and then until every connection has ended, which is at
/// most [`Limits::grace`] later. With a certificate, over TLS alone.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    certificate: Option<Certificate>,
    limits: Limits,
    closing: CancellationToken,
) {
    let connections = TaskTracker::new();
    let certificate = certificate.map(Arc::new);
    let places = Arc::new(Semaphore::new(limits.connections_max));
    while let Some((stream, peer, place)) =
        closing.run_until_cancelled(next_connection(&listener, &places)).await
    {
        let (router, closing) = (router.clone(), closing.clone());
        let certificate = certificate.clone();
        connections.spawn(async move {
            attend(stream, peer, router, certificate, limits, closing).await;
            drop(place);
        });
    }
    // Nobody is let in who would not be served.
    drop(listener);
    connections.close();
    info!(connections = connections.len(), "shutting down: waiting for open connections");
    connections.wait().await;
}

/// The next connection, once there is a place for it.
async fn next_connection(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the places are never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, Peer(peer), place),
            Err(error) if has_only_the_peer_failed(&error) => {}
            Err(error) => {
                // Mostly out of file handles; at once it would fail again.
                warn!(%error, "cannot accept connections; trying again in a second");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn has_only_the_peer_failed(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
async fn attend(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    certificate: Option<Arc<Certificate>>,
    limits: Limits,
    closing: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        // Answers are late by a packet's wait, but right.
        debug!(%error, "cannot send small packets at once");
    }
    let arriving = Arriving::default();
    let lingering = Lingering::new(stream, limits.linger, limits.head_timeout, arriving.clone());
    let stream = Impatient::new(lingering, limits.unread_wait);
    let Some(certificate) = certificate else {
        return converse(stream, peer, router, arriving, limits, closing).await;
    };
    let handshake = timeout(limits.head_timeout, certificate.acceptor().accept(stream));
    match closing.run_until_cancelled(handshake).await {
        Some(Ok(Ok(stream))) => {
            // What has come so far is not of a request.
            arriving.end();
            converse(stream, peer, router, arriving, limits, closing).await;
        }
        Some(Ok(Err(error))) => debug!(%error, "a TLS handshake failed"),
        Some(Err(_)) => debug!("a TLS handshake timed out"),
        None => {}
    }
}

/// Answers requests over a stream until it ends.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    router: Router,
    arriving: Arriving,
    limits: Limits,
    closing: CancellationToken,
) {
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        unread::respond(router.clone(), request, arriving.clone())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(HEAD_BYTES_MAX)
        // Runs from the end of the last response on.
        .header_read_timeout(limits.idle_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                debug!(%error, "a connection failed");
            }
            return;
        }
        () = closing.cancelled() => {}
        () = sleep(limits.age_max) => {}
    }
    connection.as_mut().graceful_shutdown();
    if timeout(limits.grace, connection).await.is_err() {
        warn!("closed a connection whose request did not end within the grace period");
    }
}
