//! Requests that are refused before their body has arrived: the client still receives the whole
//! response, on both listeners, however it sends and whether it keeps its connections or not.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};

const JSON: &str = "content-type: application/json\r\n";
const TEXT: &str = "content-type: text/plain\r\n";
const MIB: usize = 1 << 20;

/// How long the slow clients here pause in the middle of a body.
const PAUSE: Duration = Duration::from_millis(700);

/// Far longer than anything here takes.
const LATE: Duration = Duration::from_mins(1);

/// A request that is refused, and the status that it is refused with.
#[derive(Clone)]
struct Refused {
    request_line: &'static str,
    /// Other than the key.
    headers: &'static str,
    body: Body,
    status: u16,
}

#[derive(Clone, Copy)]
enum Body {
    Sized(usize),
    Chunked(usize),
}

fn refused(request_line: &'static str, headers: &'static str, body: Body, status: u16) -> Refused {
    Refused { request_line, headers, body, status }
}

/// What callers with a key are refused.
fn of_callers() -> Vec<Refused> {
    use Body::{Chunked, Sized};
    const POST: &str = "POST /people/enrichment-requests";
    let packed = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let brotli = "content-type: application/json\r\ncontent-encoding: br\r\n";
    let wrong_header = "content-type: application/json\r\ntollgate-max-credits: x\r\n";
    vec![
        refused(POST, TEXT, Sized(MIB), 415),
        refused(POST, TEXT, Chunked(MIB), 415),
        refused(POST, brotli, Sized(MIB), 415),
        refused(POST, packed, Sized(MIB), 400),
        refused(POST, packed, Chunked(MIB), 400),
        refused(POST, wrong_header, Sized(MIB), 400),
        refused(POST, JSON, Sized(8 * MIB + 1), 413),
        refused(POST, JSON, Chunked(12 * MIB), 413),
        refused("PUT /people/enrichment-requests", JSON, Sized(MIB), 405),
        refused("PATCH /people/enrichment-requests/1", TEXT, Sized(MIB), 415),
        refused("GET /people/find", JSON, Sized(MIB), 400),
        refused("GET /gateway/v1/usage", JSON, Chunked(MIB), 200),
        refused("POST /email-validations", TEXT, Sized(MIB), 415),
        refused("POST /email-validations", JSON, Chunked(12 * MIB), 413),
        refused("POST /gateway/v1/estimates", TEXT, Sized(MIB), 415),
        refused("POST /gateway/v1/estimates", JSON, Sized(16 * MIB), 413),
        refused("POST /not-forwarded", JSON, Sized(MIB), 403),
        refused("POST /not-forwarded", JSON, Chunked(MIB), 403),
        refused("POST /contacts//7", JSON, Sized(MIB), 400),
        refused("POST http://elsewhere.example/people/find", JSON, Sized(MIB), 400),
    ]
}

/// What operators are refused.
fn of_operators() -> Vec<Refused> {
    use Body::{Chunked, Sized};
    vec![
        refused("PUT /admin/v1/teams/sales", TEXT, Sized(MIB), 415),
        refused("PUT /admin/v1/teams/sales", JSON, Sized(MIB), 413),
        refused("PUT /admin/v1/teams/sales", JSON, Chunked(MIB), 413),
        refused("POST /admin/v1/teams/sales/keys", TEXT, Chunked(MIB), 415),
        refused("POST /admin/v1/nothing", JSON, Sized(MIB), 404),
        refused("POST /admin/v1/teams", JSON, Sized(MIB), 405),
        refused("POST /readyz", JSON, Chunked(MIB), 405),
    ]
}

/// What those without a key or a token are refused.
fn of_strangers() -> Vec<Refused> {
    use Body::{Chunked, Sized};
    vec![
        refused("POST /people/enrichment-requests", JSON, Sized(MIB), 401),
        refused("POST /people/enrichment-requests", JSON, Chunked(MIB), 401),
        refused("POST /people/enrichment-requests", "expect: 100-continue\r\n", Sized(MIB), 401),
        refused("POST /email-validations", JSON, Sized(MIB), 401),
        refused("POST /gateway/v1/estimates", JSON, Sized(MIB), 401),
        refused("POST /not-forwarded", JSON, Sized(MIB), 401),
    ]
}

impl Body {
    fn header(self) -> String {
        match self {
            Self::Sized(bytes) => format!("content-length: {bytes}\r\n"),
            Self::Chunked(_) => "transfer-encoding: chunked\r\n".to_owned(),
        }
    }

    /// The body in pieces as they are written.
    fn pieces(self) -> Vec<Vec<u8>> {
        const PIECE: usize = 64 << 10;
        let blanks = |bytes| vec![b' '; bytes];
        match self {
            Self::Sized(bytes) => {
                let whole = (0..bytes / PIECE).map(|_| blanks(PIECE));
                whole.chain([blanks(bytes % PIECE)]).collect()
            }
            Self::Chunked(bytes) => {
                let chunk = [b"10000\r\n".to_vec(), blanks(PIECE), b"\r\n".to_vec()].concat();
                let whole = (0..bytes / PIECE).map(|_| chunk.clone());
                whole.chain([b"0\r\n\r\n".to_vec()]).collect()
            }
        }
    }
}

impl Refused {
    fn head(&self, key: &str) -> String {
        let Self { request_line, headers, body, .. } = self;
        let body = body.header();
        format!(
            "{request_line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n{headers}{body}\
             \r\n"
        )
    }

    /// Sends the request as programs do that read nothing before they have sent everything, with a
    /// pause in the middle, and checks that the response is all there.
    async fn send_slowly(self, address: SocketAddr, key: String) {
        let head = self.head(&key);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let pieces = self.body.pieces();
        let (first, second) = pieces.split_at(pieces.len() / 2);
        for (half, pause) in [(first, PAUSE), (second, Duration::ZERO)] {
            for piece in half {
                let written = stream.write_all(piece).await;
                written.unwrap_or_else(|why| panic!("{why} in the body of {head}"));
            }
            sleep(pause).await;
        }
        let mut response = Vec::new();
        let read = timeout(LATE, stream.read_to_end(&mut response)).await;
        let read = read.unwrap_or_else(|_| panic!("the connection stays open after {head}"));
        read.unwrap_or_else(|why| panic!("{why} in the response to {head}"));
        self.check(&head, &String::from_utf8_lossy(&response));
    }

    /// That a response is whole, and announces that the connection closes.
    fn check(&self, head: &str, response: &str) {
        let told = format!("{head}{response}");
        assert!(response.starts_with(&format!("HTTP/1.1 {} ", self.status)), "{told}");
        let (headers, body) = response.split_once("\r\n\r\n").unwrap();
        let value = |name| headers.lines().find_map(|line| line.strip_prefix(name));
        assert_eq!(value("content-length: "), Some(&*body.len().to_string()), "{told}");
        assert_eq!(value("connection: "), Some("close"), "{told}");
    }
}

/// Has all of these sent at once by slow clients.
async fn check_all(address: SocketAddr, key: &str, requests: Vec<Refused>) {
    let mut clients = JoinSet::new();
    for request in requests {
        clients.spawn(request.send_slowly(address, key.to_owned()));
    }
    clients.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_a_refused_body_slowly_receives_the_whole_response() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let (callers, operators) = (gateway.app.callers, gateway.app.operators);
    let operator = gateway.operator();
    tokio::join!(
        check_all(callers, &team.key, of_callers()),
        check_all(callers, "tg_0", of_strangers()),
        check_all(operators, &operator.key, of_operators()),
        check_all(
            operators,
            "nobody",
            vec![refused("PUT /admin/v1/teams/sales", JSON, Body::Sized(MIB), 401)],
        ),
    );
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_finds_no_room_for_its_body_receives_the_whole_response() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.bodies_max=1"])).await;
    let team = gateway.team("sales", 100).await;
    let mut holds_the_place = TcpStream::connect(gateway.app.callers).await.unwrap();
    let headers = "content-type: application/json\r\nexpect: 100-continue\r\n";
    let head = refused("POST /people/enrichment-requests", headers, Body::Sized(MIB), 202);
    holds_the_place.write_all(head.head(&team.key).as_bytes()).await.unwrap();
    // The gateway asks for the body once the request has its place.
    let mut goes_on = [0; 12];
    timeout(LATE, holds_the_place.read_exact(&mut goes_on)).await.unwrap().unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100");
    let mut requests = Vec::new();
    for path in ["POST /people/enrichment-requests", "POST /email-validations"] {
        requests.extend([
            refused(path, JSON, Body::Sized(MIB), 503),
            refused(path, JSON, Body::Chunked(MIB), 503),
        ]);
    }
    check_all(gateway.app.callers, &team.key, requests).await;
    drop(holds_the_place);
    gateway.finish().await;
}

/// What is refused by a limit of the team's.
fn by_limits(status: u16, bytes: usize) -> Vec<Refused> {
    let paths = [
        "POST /people/enrichment-requests",
        "POST /email-validations",
        "POST /gateway/v1/estimates",
    ];
    let bodies = [Body::Sized(bytes), Body::Chunked(bytes)];
    let of = |path| bodies.map(|body| refused(path, JSON, body, status));
    paths.into_iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_makes_too_many_requests_receives_the_whole_response() {
    let gateway = TestGateway::with(Setup::with_settings(&["limits.requests_per_minute=1"])).await;
    let team = gateway.team("sales", 100).await;
    assert_eq!(team.get("/gateway/v1/usage").await.status, 200);
    check_all(gateway.app.callers, &team.key, by_limits(429, 4 * MIB)).await;
    gateway.finish().await;
}

/// Sends this body again and again over kept connections, and expects each response.
async fn refused_again_and_again(client: Client, path: &str, media_type: &str, status: u16) {
    const TIMES: usize = 30;
    for n in 0..TIMES {
        // Of every size between what arrives with the head and what takes many packets.
        let body = vec![b' '; 1 << (n % 21)];
        let request = client.request(Method::POST, path).header("content-type", media_type);
        let answer = request.body(body).send().await;
        let answer = answer.unwrap_or_else(|why| panic!("{why:?} on {path}, the {n}th"));
        assert_eq!(answer.status(), status, "{path}");
        let length = answer.content_length().unwrap();
        assert_eq!(answer.bytes().await.unwrap().len(), usize::try_from(length).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_keep_their_connections_receive_a_response_to_every_request() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let stranger = gateway.caller("tg_0");
    let operator = gateway.operator();
    let mut intruder = gateway.operator();
    intruder.key = "nobody".to_owned();
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        for (client, path, media_type, status) in [
            (&team, BATCHES, "text/plain", 415),
            (&stranger, BATCHES, "application/json", 401),
            (&team, "/not-forwarded", "application/json", 403),
            (&operator, "/admin/v1/teams/sales/keys", "text/plain", 415),
            (&intruder, "/admin/v1/teams/sales/keys", "application/json", 401),
        ] {
            clients.spawn(refused_again_and_again(client.clone(), path, media_type, status));
        }
    }
    clients.join_all().await;
    gateway.finish().await;
}
