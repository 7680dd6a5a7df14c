//! A wire to one server that can be cut, slowed down and left dangling while it is in use.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::ports::free;

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// It passes.
    Whole,
    /// Answers are held back so long, or until the wire changes.
    Slow(Duration),
    /// Of the next answer so many bytes pass, and then its connection is cut: with none, the
    /// request went through and nobody hears of it. Whole from then on.
    CutsAnswerAfter(usize),
    /// Connections are taken and stay, and nothing passes; they are cut when the wire changes.
    Dangling,
    /// No connection is taken, and those there were are cut.
    Cut,
}

/// A proxy in front of one server, on an address of its own.
pub(crate) struct Proxy {
    line: Arc<Line>,
    listening: watch::Receiver<bool>,
    /// Ends when this is dropped, and every connection with it.
    _listener: JoinSet<()>,
}

struct Line {
    address: SocketAddr,
    server: SocketAddr,
    wire: watch::Sender<Wire>,
    connections: AtomicU64,
    round_trips: AtomicU64,
}

impl Proxy {
    /// A whole wire to a server, which need not listen yet.
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let (wire, _) = watch::channel(Wire::Whole);
        let line = Line {
            address: free(),
            server,
            wire,
            connections: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
        };
        let line = Arc::new(line);
        let (says, listening) = watch::channel(false);
        let mut listener = JoinSet::new();
        listener.spawn(listen(Arc::clone(&line), says));
        let proxy = Self { line, listening, _listener: listener };
        proxy.set(Wire::Whole).await;
        proxy
    }

    /// Changes the wire, for connections there are and for those to come.
    pub(crate) async fn set(&self, wire: Wire) {
        self.line.wire.send_replace(wire);
        let listens = wire != Wire::Cut;
        self.listening.clone().wait_for(|is| *is == listens).await.expect("the proxy listens");
    }

    /// The wire as it is now.
    pub(crate) fn wire(&self) -> Wire {
        *self.line.wire.borrow()
    }

    /// Where to find the server behind it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.line.address
    }

    /// The server behind it, as a gateway's store.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.line.address)
    }

    /// How many requests, or groups of requests sent together, were answered so far.
    pub(crate) fn round_trips(&self) -> u64 {
        self.line.round_trips.load(Ordering::SeqCst)
    }

    /// How many connections were taken so far.
    pub(crate) fn connections(&self) -> u64 {
        self.line.connections.load(Ordering::SeqCst)
    }
}

/// Listens wherever the wire is not cut. Every connection is a task of its own.
async fn listen(line: Arc<Line>, says: watch::Sender<bool>) {
    let mut wire = line.wire.subscribe();
    let mut connections = JoinSet::new();
    loop {
        let listener = TcpListener::bind(line.address).await.expect("the port is the proxy's own");
        says.send_replace(true);
        loop {
            tokio::select! {
                _ = wire.wait_for(|wire| *wire == Wire::Cut) => break,
                Ok((client, _)) = listener.accept() => {
                    line.connections.fetch_add(1, Ordering::SeqCst);
                    connections.spawn(connect(client, Arc::clone(&line)));
                }
            }
        }
        drop(listener);
        // Each cuts itself, and is waited for here.
        while connections.join_next().await.is_some() {}
        says.send_replace(false);
        let _ = wire.wait_for(|wire| *wire != Wire::Cut).await;
    }
}

/// Carries one connection until either side, or the wire, ends it.
async fn connect(client: TcpStream, line: Arc<Line>) {
    let Ok(server) = TcpStream::connect(line.server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut wire = line.wire.subscribe();
    let asks = AtomicBool::new(false);
    tokio::select! {
        _ = wire.wait_for(|wire| *wire == Wire::Cut) => {}
        _ = carry_requests(from_client, to_server, &line, &asks) => {}
        _ = carry_answers(from_server, to_client, &line, &asks) => {}
    }
}

async fn carry_requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    line: &Line,
    asks: &AtomicBool,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 || line.dangles().await {
            return Ok(());
        }
        asks.store(true, Ordering::SeqCst);
        to.write_all(&bytes[..count]).await?;
    }
}

async fn carry_answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    line: &Line,
    asks: &AtomicBool,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    let mut left = None;
    loop {
        let count = from.read(&mut bytes).await?;
        if asks.swap(false, Ordering::SeqCst) {
            line.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        line.hold_back().await;
        if count == 0 || line.dangles().await {
            return Ok(());
        }
        left = left.or_else(|| line.takes_the_cut());
        let passes = left.map_or(count, |left: usize| left.min(count));
        to.write_all(&bytes[..passes]).await?;
        left = left.map(|left| left - passes);
        if left == Some(0) {
            return to.shutdown().await;
        }
    }
}

impl Line {
    /// Waits for as long as an answer is to be held back.
    async fn hold_back(&self) {
        let mut wire = self.wire.subscribe();
        let now = *wire.borrow_and_update();
        if let Wire::Slow(by) = now {
            tokio::select! {
                () = tokio::time::sleep(by) => {}
                _ = wire.changed() => {}
            }
        }
    }

    /// Whether what was just read has nowhere to go; says so only once the wire has changed.
    async fn dangles(&self) -> bool {
        let mut wire = self.wire.subscribe();
        let dangles = *wire.borrow_and_update() == Wire::Dangling;
        if dangles {
            let _ = wire.wait_for(|wire| *wire != Wire::Dangling).await;
        }
        dangles
    }

    /// After how many bytes the answer that comes now is cut, if it is: the wire is whole then.
    fn takes_the_cut(&self) -> Option<usize> {
        let mut cut = None;
        self.wire.send_if_modified(|wire| {
            if let Wire::CutsAnswerAfter(bytes) = *wire {
                cut = Some(bytes);
                *wire = Wire::Whole;
            }
            cut.is_some()
        });
        cut
    }
}
