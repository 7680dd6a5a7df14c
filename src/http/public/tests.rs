//! What callers meet before the gateway is asked: paths, methods, bodies, panics.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::FromRequestParts;
use axum::http::request::{Builder, Parts};
use axum::http::{HeaderMap, Request, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Frame;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::json_body::JsonBody;
use super::*;
use crate::config::{self, Sources};
use crate::http::bearer;

const BODY_BYTES_MAX: usize = 1000;
const LEADS: &str = r#"{"leads":[{"email":"ada@x.example"},{"name":"Ada"}]}"#;

/// Takes any secret at all, as a caller does before the gateway is asked about it.
struct AnySecret;

impl<S: Send + Sync> FromRequestParts<S> for AnySecret {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Envelope> {
        bearer::secret(&parts.headers)?;
        Ok(Self)
    }
}

async fn count_leads(
    _: AnySecret,
    State(bounds): State<Bounds>,
    headers: ask_headers::AskHeaders,
    request: Request<Body>,
) -> Result<String, Envelope> {
    let body = JsonBody::take(request, &bounds, |_| Ok(())).await?;
    Ok(body.enrichment(headers)?.leads.len().to_string())
}

fn bounds() -> Bounds {
    let sources = Sources::none().with_flags(["vendor.api_key=any"]);
    let room = Room::new(&config::load(&sources).unwrap().config.server);
    let (body_bytes_max, leads_max, field_chars_max) = (BODY_BYTES_MAX, 3, 2000);
    Bounds { body_bytes_max, leads_max, field_chars_max, pace: Pace::ANY, room }
}

fn edge() -> Router {
    let routes = Router::new()
        .route("/leads", post(count_leads))
        .route("/batches/{id}", get(async |_: batch_path::BatchPath| "1"))
        .route("/panic", get(async || -> Infallible { panic!("Ada Lovelace") }));
    let routes = own(routes.fallback(async || Envelope(Problem::no_such_path())));
    edged(routes, Arc::new(Metrics::new())).with_state(bounds())
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn error(&self) -> (u16, &str) {
        assert_eq!(self.body["object"], "error");
        (self.status, self.body["_errors"][0]["code"].as_str().unwrap())
    }
}

async fn send(request: Builder, body: impl Into<Body>) -> Reply {
    let answer = edge().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn get_from(path: &str) -> Builder {
    Request::get(path)
}

fn post_leads() -> Builder {
    Request::post("/leads").header(header::AUTHORIZATION, "Bearer tg_a_b")
}

fn post_as(media_type: &str) -> Builder {
    post_leads().header(header::CONTENT_TYPE, media_type)
}

fn post_packed() -> Builder {
    post_as("application/json").header(header::CONTENT_ENCODING, "gzip")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A body that is no plain text.
enum Odd {
    /// It must not be read.
    Unread,
    /// It never comes.
    Never,
    /// It does not say how large it is.
    Unmeasured(Option<Bytes>),
}

impl HttpBody for Odd {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Unread => panic!("the body was read"),
            Self::Never => Poll::Pending,
            Self::Unmeasured(bytes) => Poll::Ready(bytes.take().map(|all| Ok(Frame::data(all)))),
        }
    }
}

#[tokio::test]
async fn both_media_types_are_taken_and_a_body_without_one_is_json() {
    for media_type in [
        "application/json",
        "application/vnd.amp+json",
        "Application/JSON; charset=utf-8",
        "APPLICATION/VND.AMP+JSON;version=1",
    ] {
        let reply = send(post_as(media_type), LEADS).await;
        assert_eq!((reply.status, reply.body), (200, json!(2)), "{media_type}");
    }
    assert_eq!(send(post_leads(), LEADS).await.body, 2);
}

#[tokio::test]
async fn other_media_types_are_refused_unread() {
    for media_type in ["text/plain", "", "application/jsonp", "application/x-www-form-urlencoded"] {
        let reply = send(post_as(media_type), Body::new(Odd::Unread)).await;
        assert_eq!(reply.error(), (415, "unsupported_media_type"), "{media_type}");
    }
}

#[tokio::test]
async fn a_packed_body_is_unpacked_within_the_bound() {
    assert_eq!(send(post_packed(), gzip(LEADS.as_bytes())).await.body, 2);
    let bomb = gzip(&vec![b' '; 1_000_000]);
    assert!(bomb.len() > BODY_BYTES_MAX, "refused for what it unpacks to, not as it is");
    let small_bomb = gzip(&vec![b' '; 100_000]);
    assert!(small_bomb.len() < BODY_BYTES_MAX);
    for bomb in [bomb, small_bomb] {
        assert_eq!(send(post_packed(), bomb).await.error(), (413, "payload_too_large"));
    }
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_refused() {
    let packed = gzip(LEADS.as_bytes());
    for broken in [LEADS.as_bytes(), &packed[..packed.len() / 2]] {
        let reply = send(post_packed(), broken.to_vec()).await;
        assert_eq!(reply.error(), (400, "unreadable_body"), "{broken:?}");
    }
    let post_brotli = post_as("application/json").header(header::CONTENT_ENCODING, "br");
    let reply = send(post_brotli, Body::new(Odd::Unread)).await;
    assert_eq!(reply.error(), (415, "unsupported_media_type"));
    assert_eq!(reply.headers["accept-encoding"], "gzip");
}

#[tokio::test]
async fn a_body_has_a_largest_size_declared_or_not() {
    let fits = format!("{LEADS:<1000}");
    assert_eq!(send(post_leads(), fits.clone()).await.status, 200);
    let larger = fits + " ";
    assert_eq!(send(post_leads(), larger.clone()).await.error(), (413, "payload_too_large"));
    let unmeasured = Body::new(Odd::Unmeasured(Some(larger.into())));
    assert_eq!(send(post_leads(), unmeasured).await.error(), (413, "payload_too_large"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let reply = send(post_leads(), Body::new(Odd::Never)).await;
    assert_eq!(reply.error(), (408, "request_timeout"));
    assert_eq!(reply.headers["connection"], "close");
}

#[tokio::test]
async fn who_gives_no_secret_is_refused_before_the_body_is_read() {
    let reply = send(Request::post("/leads"), Body::new(Odd::Unread)).await;
    assert_eq!(reply.error(), (401, "unauthorized"));
    assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"tollgate\"");
}

#[tokio::test]
async fn every_fault_of_a_body_is_one_entry_with_its_place() {
    let body = r#"{"leads":[{"email":"nobody"},{"name":7}],"reveal":true}"#;
    let reply = send(post_leads(), body).await;
    assert_eq!(
        serde_json::to_string_pretty(&reply.body["_errors"]).unwrap(),
        serde_json::to_string_pretty(&json!([
            {
                "code": "invalid_field", "title": "Invalid Field",
                "detail": "email is not an email address",
                "source": {"pointer": "/leads/0/email"},
            },
            {
                "code": "type_error", "title": "Type Error",
                "detail": "Expected a string, found a number",
                "source": {"pointer": "/leads/1/name"},
            },
            {
                "code": "unknown_field", "title": "Unknown Field",
                "detail": "This field is unknown",
                "source": {"pointer": "/reveal"},
            },
        ]))
        .unwrap()
    );
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn a_path_that_leads_nowhere_and_an_id_that_is_none_are_not_found() {
    for path in ["/", "/leads/", "/people/find", "/batches/abc", "/batches/%FF", "/batches/-1"] {
        assert_eq!(send(get_from(path), Body::empty()).await.error(), (404, "not_found"), "{path}");
    }
    assert_eq!(send(get_from("/batches/007"), Body::empty()).await.body, 1);
}

#[tokio::test]
async fn a_method_that_a_path_lacks_is_answered_with_those_it_has() {
    let reply = send(Request::put("/batches/1"), Body::empty()).await;
    assert_eq!(reply.error(), (405, "method_not_allowed"));
    assert_eq!(reply.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn a_panic_is_answered_in_the_envelope_without_a_word_of_why() {
    let reply = send(get_from("/panic"), Body::empty()).await;
    assert_eq!(reply.error(), (500, "internal_server_error"));
    assert!(!reply.body.to_string().contains("Ada"), "{}", reply.body);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    for (given, kept) in [("my-id:7", true), ("two words", false), ("", false)] {
        let request = get_from("/nowhere").header("x-request-id", given);
        let id = send(request, Body::empty()).await.headers["x-request-id"].clone();
        assert_eq!(id == given, kept, "{given:?} became {id:?}");
        assert!(!id.is_empty());
    }
    let long = "x".repeat(129);
    for path in ["/panic", "/batches/1", "/leads"] {
        let request = get_from(path).header("x-request-id", &long);
        let id = send(request, Body::empty()).await.headers["x-request-id"].clone();
        assert_eq!(id.len(), 32, "{path}");
    }
}

#[tokio::test]
async fn errors_come_as_the_media_type_that_is_accepted() {
    let request = get_from("/nowhere").header(header::ACCEPT, "application/vnd.amp+json");
    let headers = send(request, Body::empty()).await.headers;
    assert_eq!(headers["content-type"], "application/vnd.amp+json");
    let plain = send(get_from("/nowhere"), Body::empty()).await.headers;
    assert_eq!(plain["content-type"], "application/json");
}
