//! The accept loop, over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::routing::{get, post};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::*;

/// Far longer than anything here takes, and far shorter than the limits that must not be met.
const SOON: Duration = Duration::from_secs(30);
const LATE: Duration = Duration::from_mins(5);

const LIMITS: Limits = Limits {
    connections_max: 8,
    head_timeout: LATE,
    idle_timeout: LATE,
    unread_wait: LATE,
    age_max: LATE,
    linger: Duration::from_secs(2),
    grace: Duration::from_millis(100),
};

const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// More than fits between a server and a peer who reads nothing.
const LARGE: usize = 64 << 20;

struct Server {
    address: SocketAddr,
    closing: CancellationToken,
    serving: JoinHandle<()>,
    /// `/held` was asked for.
    held: Arc<Notify>,
    /// `/held` may answer.
    released: Arc<Notify>,
}

impl Server {
    fn start(limits: Limits) -> Self {
        Self::with(limits, None)
    }

    /// The same over TLS, as `localhost`.
    fn over_tls(limits: Limits) -> Self {
        let [cert, key] = ["server.pem", "server.key"].map(tls_file);
        Self::with(limits, Some(Certificate::read(&cert, &key).unwrap()))
    }

    fn with(limits: Limits, certificate: Option<Certificate>) -> Self {
        let (held, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&held), Arc::clone(&released));
        let handler = async move || {
            tell.notify_one();
            wait.notified().await;
            "here"
        };
        let router = Router::new()
            .route("/", get(async || "here"))
            .route("/held", get(handler))
            .route("/reading", post(async |_: bytes::Bytes| "here"))
            .route("/large", get(async || vec![b' '; LARGE]))
            .route("/stuck", get(std::future::pending::<()>))
            .route("/refusing", post(async || http::StatusCode::PAYLOAD_TOO_LARGE));
        let listener = listen(ANYWHERE).unwrap();
        let address = listener.local_addr().unwrap();
        let closing = CancellationToken::new();
        let serving = serve(listener, router, certificate, limits, closing.clone());
        let serving = TaskTracker::new().spawn(serving);
        Self { address, closing, serving, held, released }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection that has sent this.
    async fn sent(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn close(self) {
        self.closing.cancel();
        timeout(SOON, self.serving).await.expect("the server ends").unwrap();
    }
}

fn tls_file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/remote/tls").join(name)
}

/// What a client speaks TLS by that trusts the certificate of the tests.
fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(tls_file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn read_to_end(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    let read = timeout(SOON, stream.read_to_string(&mut text)).await;
    read.expect("the server closes the connection").unwrap();
    text
}

/// The head of an answer without a body.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let byte = timeout(LATE, stream.read_u8()).await.expect("there is an answer").unwrap();
        head.push(byte.into());
    }
    head
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("here") {
        let byte = timeout(SOON, stream.read_u8()).await.expect("there is an answer").unwrap();
        text.push(byte.into());
    }
    text
}

#[tokio::test]
async fn a_half_open_an_idle_and_a_stuck_request_do_not_hold_up_a_shutdown() {
    let server = Server::start(LIMITS);
    let _never_used = server.connect().await;
    let _half_open = server.sent("GET / HTTP/1.1\r\nhost: x\r\n").await;
    let _stuck = server.sent("GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut idle = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_answer(&mut idle).await;
    server.close().await;
    assert_eq!(read_to_end(idle).await, "");
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_a_shutdown_ends() {
    let server = Server::start(Limits { grace: LATE, ..LIMITS });
    let asking = server.sent("GET /held HTTP/1.1\r\nhost: x\r\n\r\n").await;
    timeout(SOON, server.held.notified()).await.expect("the request arrives");
    server.closing.cancel();
    server.released.notify_one();
    assert!(read_to_end(asking).await.ends_with("here"));
    server.close().await;
}

#[tokio::test]
async fn a_head_that_does_not_come_whole_ends_the_connection() {
    let limits = Limits { head_timeout: Duration::from_millis(50), ..LIMITS };
    let server = Server::start(limits);
    read_to_end(server.sent("GET / HTTP/1.1\r\nhost:").await).await;
    let mut second = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_answer(&mut second).await;
    second.write_all(b"GET").await.unwrap();
    assert_eq!(read_to_end(second).await, "");
    server.close().await;
}

#[tokio::test]
async fn a_body_may_take_longer_than_a_head() {
    let limits = Limits { head_timeout: Duration::from_millis(50), ..LIMITS };
    let server = Server::start(limits);
    let mut slow =
        server.sent("POST /reading HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n1").await;
    // The first of them has lost its connection for its head, so the time is over.
    read_to_end(server.sent("GET").await).await;
    slow.write_all(b"2").await.unwrap();
    read_answer(&mut slow).await;
    server.close().await;
}

#[tokio::test]
async fn a_peer_that_does_not_agree_on_tls_in_time_loses_its_place_to_the_next() {
    let limits = Limits { head_timeout: Duration::from_millis(200), connections_max: 1, ..LIMITS };
    let server = Server::over_tls(limits);
    // There is one connection at once, so each has lost its own when the next one is served.
    let silent = server.connect().await;
    // The first bytes of a handshake that would take some hundred more.
    let slow = server.sent("\u{16}\u{3}\u{1}").await;
    let stream = server.connect().await;
    let name = "localhost".try_into().unwrap();
    let connected = timeout(SOON, connector().connect(name, stream)).await;
    let mut stream = connected.expect("it is served").unwrap();
    let get = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(get).await.unwrap();
    assert!(read_to_end(stream).await.ends_with("here"));
    assert_eq!(read_to_end(silent).await, "");
    assert_eq!(read_to_end(slow).await, "");
    server.close().await;
}

#[tokio::test]
async fn an_idle_connection_ends_after_its_time_and_not_after_that_of_a_head() {
    let limits = Limits { idle_timeout: Duration::from_millis(50), ..LIMITS };
    let server = Server::start(limits);
    assert_eq!(read_to_end(server.connect().await).await, "");
    let mut idle = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_answer(&mut idle).await;
    assert_eq!(read_to_end(idle).await, "");
    server.close().await;
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off_and_who_takes_it_gets_all_of_it() {
    let limits = Limits { unread_wait: Duration::from_secs(1), connections_max: 1, ..LIMITS };
    let server = Server::start(limits);
    let get = "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let _takes_nothing = server.sent(get).await;
    // There is one connection at once, so the first has lost its own when this one is served.
    let answer = read_to_end(server.sent(get).await).await;
    assert!(answer.len() > LARGE, "{} bytes came", answer.len());
    server.close().await;
}

#[tokio::test]
async fn little_is_on_its_way_to_a_peer_so_that_it_shows_when_some_is_taken() {
    let listener = listen(ANYWHERE).unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap());
    let (accepted, _peer) = tokio::join!(listener.accept(), connecting);
    let (accepted, _) = accepted.unwrap();
    let mut written = 0;
    while timeout(Duration::from_millis(200), accepted.writable()).await.is_ok() {
        written += accepted.try_write(&[b' '; 4096]).unwrap_or_default();
    }
    assert!(written < 1 << 20, "{written} bytes are on their way");
}

#[tokio::test]
async fn an_old_connection_ends_between_two_requests() {
    let server = Server::start(Limits { age_max: Duration::from_millis(50), ..LIMITS });
    let mut old = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_answer(&mut old).await;
    assert_eq!(read_to_end(old).await, "");
    server.close().await;
}

#[tokio::test]
async fn past_the_most_connections_the_next_one_waits_for_its_turn() {
    let server = Server::start(Limits { connections_max: 1, ..LIMITS });
    let mut first = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    read_answer(&mut first).await;
    let mut second = server.sent("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let early = timeout(Duration::from_millis(50), second.read_u8()).await;
    assert!(early.is_err(), "the second was served beside the first");
    drop(first);
    read_answer(&mut second).await;
    drop(second);
    server.close().await;
}

/// A head that announces a body of this length.
fn refused(length: usize, headers: &str) -> String {
    format!("POST /refusing HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n")
}

#[tokio::test]
async fn who_sends_a_body_that_nobody_reads_still_gets_the_answer() {
    let server = Server::start(LIMITS);
    for version in ["1.0", "1.1"] {
        let head = refused(16 << 20, "").replace("HTTP/1.1", &format!("HTTP/{version}"));
        let mut stream = server.sent(&head).await;
        stream.write_all(&vec![b' '; 16 << 20]).await.unwrap();
        assert!(read_to_end(stream).await.starts_with(&format!("HTTP/{version} 413")));
    }
    server.close().await;
}

#[tokio::test]
async fn a_connection_outlives_a_short_body_that_nobody_reads() {
    let server = Server::start(LIMITS);
    let mut stream = server.connect().await;
    let chunked = "POST /refusing HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\
                   5\r\nabcde\r\n0\r\n\r\n";
    let sized = refused(1_000, "") + &" ".repeat(1_000);
    for request in [chunked, &sized] {
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 413") && !head.contains("connection: close"), "{head}");
    }
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_answer(&mut stream).await;
    server.close().await;
}

#[tokio::test]
async fn a_body_that_waits_for_continue_is_refused_unsent() {
    let server = Server::start(LIMITS);
    let stream = server.sent(&refused(1_000, "expect: 100-continue\r\n")).await;
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    server.close().await;
}

#[tokio::test]
async fn a_head_that_is_refused_is_answered_whatever_follows_it() {
    let server = Server::start(LIMITS);
    for head in ["GET / HTTP/9.9\r\n\r\n".to_owned(), format!("GET /{} ", "x".repeat(70_000))] {
        let mut stream = server.sent(&head).await;
        stream.write_all(&vec![b' '; 4 << 20]).await.unwrap();
        let answer = read_to_end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    server.close().await;
}

#[tokio::test]
async fn who_never_ends_a_refused_body_is_cut_off() {
    let limits = Limits { connections_max: 1, linger: Duration::from_secs(1), ..LIMITS };
    let server = Server::start(limits);
    let pauses = server.sent(&refused(1 << 30, "")).await;
    let mut sends = server.sent(&refused(1 << 40, "")).await;
    // It is served once the first has lost its connection, and then loses its own.
    let piece = vec![b' '; 1 << 20];
    let cut = async { while sends.write_all(&piece).await.is_ok() {} };
    timeout(LATE, cut).await.expect("the server closes the connection");
    drop(pauses);
    server.close().await;
}
