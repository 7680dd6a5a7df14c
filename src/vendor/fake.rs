//! A fake vendor for tests of the client: a listener that writes raw bytes, so that answers can be
//! broken in any way.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{HttpVendor, VendorSettings};

/// Longer than any test that expects an answer takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The behaviour of the fake on one connection.
pub(super) enum Reply {
    /// Reads a request, writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Reads a request and neither answers nor closes.
    Silence,
    /// Closes before a byte was read.
    NoHandshake,
}

impl Reply {
    /// A complete answer.
    pub(super) fn of(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n");
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// An answer with less data than its content length.
    pub(super) fn cut(status: u16, body: &str) -> Self {
        let length = body.len() + 1;
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
        Self::Bytes(head.into())
    }
}

/// A listener with one reply per connection, in order. It records the requests.
pub(super) struct FakeVendor {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    _connections: JoinSet<()>,
}

impl FakeVendor {
    pub(super) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (seen, replies) = (requests.clone(), Vec::from_iter(replies));
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                if matches!(reply, Reply::NoHandshake) {
                    continue;
                }
                let request = request(&mut stream).await;
                seen.lock().unwrap().push(request);
                match reply {
                    // A client that has read enough may disconnect before everything is written.
                    Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
                    Reply::Silence => open.push(stream),
                    Reply::NoHandshake => unreachable!("was closed above"),
                }
            }
            std::future::pending::<()>().await;
        });
        Self { address, requests, _connections: connections }
    }

    /// An address on this machine without a listener.
    pub(super) async fn nowhere() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The received requests, one text each.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A client for this fake.
    pub(super) fn client(&self) -> HttpVendor {
        client(&self.url(), PATIENCE)
    }
}

/// A client for this address.
pub(super) fn client(base_url: &str, timeout: Duration) -> HttpVendor {
    HttpVendor::new(VendorSettings {
        base_url: base_url.parse().unwrap(),
        api_key: "sesame".to_owned().into(),
        timeout,
        connect_timeout: PATIENCE,
        page_size: NonZeroU16::new(100).unwrap(),
        retry_after_max: Duration::from_mins(5),
    })
    .unwrap()
}

/// Reads one request from a stream, head and body.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a request was cut");
    }
    String::from_utf8(bytes).unwrap()
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = str::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() == length.map_or(0, |length| length.parse().unwrap())
}
