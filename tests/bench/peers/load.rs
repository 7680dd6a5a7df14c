//! HTTP/1.1 load over connections that stay open: as fast as answers come, or at a fixed rate.
//!
//! Requests are bytes that were made before, and of an answer only its status and length are read,
//! so that the load takes little of the core that it shares with the store and the vendor.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use std::cell::Cell;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::sleep_until;

/// A request, whole: head and body.
pub(crate) type Request = Vec<u8>;

/// Builds a request from its method, path, key and JSON body.
pub(crate) fn request(method: &str, path: &str, key: &str, body: &str) -> Request {
    let body_headers = match body.len() {
        0 => String::new(),
        length => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         accept: application/json\r\n{body_headers}\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// One connection, and what was read from it beyond the last answer.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer: its status, and its body as far as it was asked for.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the subject listens");
        stream.set_nodelay(true).expect("TCP has the option");
        Self { stream, read: Vec::with_capacity(128 << 10) }
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.expect("the subject reads");
        let head_length = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await;
        };
        let head = String::from_utf8_lossy(&self.read[..head_length]).to_ascii_lowercase();
        let status = head[9..12].parse().expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body_length: usize =
            length.and_then(|length| length.trim().parse().ok()).expect("answers give a length");
        while self.read.len() < head_length + body_length {
            self.read_more().await;
        }
        let body = self.read[head_length..head_length + body_length].to_vec();
        self.read.drain(..head_length + body_length);
        Answer { status, body }
    }

    async fn read_more(&mut self) {
        let count = self.stream.read_buf(&mut self.read).await.expect("an answer");
        assert!(count > 0, "the subject closed the connection");
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// What a closed loop did.
pub(crate) struct Throughput {
    pub(crate) requests: usize,
    pub(crate) elapsed: Duration,
}

/// Sends requests over so many connections, each as soon as the one before was answered, for this
/// long. Every answer must have this status.
pub(crate) async fn closed_loop(
    address: SocketAddr,
    connections: usize,
    length: Duration,
    status: u16,
    requests: impl Fn(usize) -> Request + 'static,
) -> Throughput {
    let (next, requests) = (Rc::new(Cell::new(0)), Rc::new(requests));
    let began = Instant::now();
    let tasks = LocalSet::new();
    for _ in 0..connections {
        let (next, requests) = (Rc::clone(&next), Rc::clone(&requests));
        tasks.spawn_local(async move {
            let mut connection = Connection::open(address).await;
            while began.elapsed() < length {
                let request = requests(next.replace(next.get() + 1));
                let answer = connection.send(&request).await;
                assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
            }
        });
    }
    tasks.await;
    Throughput { requests: next.get(), elapsed: began.elapsed() }
}

/// Sends requests at a fixed rate, whatever the answers take, and returns what each took from the
/// moment that it was due, sorted.
pub(crate) async fn open_loop(
    address: SocketAddr,
    per_second: u32,
    length: Duration,
    status: u16,
    requests: impl Fn(usize) -> Request + 'static,
) -> Vec<Duration> {
    const CONNECTIONS: usize = 32;
    let count = (length.as_millis() * u128::from(per_second) / 1000) as usize;
    let (next, requests) = (Rc::new(Cell::new(0)), Rc::new(requests));
    let took = Rc::new(std::cell::RefCell::new(Vec::with_capacity(count)));
    let began = Instant::now();
    let tasks = LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (next, requests) = (Rc::clone(&next), Rc::clone(&requests));
        let took = Rc::clone(&took);
        tasks.spawn_local(async move {
            let mut connection = Connection::open(address).await;
            loop {
                let n = next.replace(next.get() + 1);
                if n >= count {
                    return;
                }
                let due = began + Duration::from_secs(1) * n as u32 / per_second;
                sleep_until(due.into()).await;
                let answer = connection.send(&requests(n)).await;
                assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
                took.borrow_mut().push(due.elapsed());
            }
        });
    }
    tasks.await;
    let mut took = took.take();
    took.sort_unstable();
    took
}
