//! A vendor that answers what it is told to, byte for byte, and keeps every byte that it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of one connection once its request was read.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    is_closed: bool,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The first line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A listener that gives one reply a connection, in order, and then none.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    _connections: JoinSet<()>,
}

impl Reply {
    /// These bytes, and then the end.
    pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), is_closed: true }
    }

    /// A whole answer.
    pub(crate) fn whole(status: u16, headers: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
        );
        Self::bytes([head.as_bytes(), body].concat())
    }

    /// These bytes, and then nothing, not even an end.
    pub(crate) fn then_silence(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), is_closed: false }
    }
}

impl Recorder {
    pub(crate) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (kept, replies) = (Arc::clone(&received), Vec::from_iter(replies));
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            for reply in replies {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = Arc::clone(&kept);
                open.spawn(attend(stream, reply, kept));
            }
            while open.join_next().await.is_some() {}
        });
        Self { address, received, _connections: connections }
    }

    /// The settings of a gateway in front of this vendor.
    pub(crate) fn setting(&self) -> String {
        format!("vendor.base_url=http://{}", self.address)
    }

    /// Every request that arrived whole, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Received {
    /// The values of a header, in order.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
    }

    /// The names of its headers, sorted.
    pub(crate) fn header_names(&self) -> Vec<&str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut names: Vec<_> = pairs.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

async fn attend(mut stream: TcpStream, reply: Reply, kept: Arc<Mutex<Vec<Received>>>) {
    let Some(request) = request(&mut stream).await else { return };
    kept.lock().unwrap().push(request);
    // Whoever asked may have gone.
    drop(stream.write_all(&reply.bytes).await);
    if !reply.is_closed {
        std::future::pending::<()>().await;
    }
}

/// One request, or nothing where it broke off.
async fn request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if let Some(received) = whole(&bytes) {
            return Some(received);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Received> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (String::from_utf8(bytes[..end].to_vec()).unwrap(), &bytes[end + 4..]);
    let received = Received { head, body: body.to_vec() };
    if received.header("transfer-encoding") == ["chunked"] {
        return body.ends_with(b"0\r\n\r\n").then_some(received);
    }
    let length = received.header("content-length").first().map_or(0, |n| n.parse().unwrap());
    (body.len() == length).then_some(received)
}
