//! Forwarding: a caller's request and the vendor's answer, both streamed.
//!
//! Each forwarded request has its own HTTP/1.1 connection: on a shared connection, a caller that
//! does not read its answer would block all others.
//!
//! Nothing is parsed, stored or retried here. Other modules decide what may be forwarded. This
//! module ensures that the vendor gets only the headers in [`PassedHeaders`], and the caller only
//! the allowed headers of the answer.

mod body;
mod headers;

use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as Lost, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout_at;
use url::Url;

use super::Cause;
use super::client::{
    IDLE_MAX, KEEPALIVE, KEEPALIVE_RETRIES, USER_AGENT as NAME, tls, unacknowledged_max,
};
use super::retry_after::Waits;
pub use body::PassedBody;
use body::{Watch, Watched};
pub use headers::PassedHeaders;

/// The body of a forwarded request.
pub type PassageBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// The maximum number of idle connections.
const IDLE_CONNECTIONS_MAX: usize = 64;

/// The forwarded parts of a caller's request.
pub struct Passage {
    /// Its method.
    pub method: Method,
    /// Its path and query, byte for byte.
    pub target: PathAndQuery,
    /// Its forwarded headers.
    pub headers: PassedHeaders,
    /// Its body.
    pub body: PassageBody,
}

/// The head of the vendor's answer, and its streamed body.
#[derive(Debug)]
pub struct Passed {
    /// The status.
    pub status: StatusCode,
    /// The forwarded headers.
    pub headers: PassedHeaders,
    /// The vendor's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: PassedBody,
}

/// The client for forwarded requests.
///
/// It differs from the client of the gateway's own requests, which normalises URLs and decompresses
/// answers.
pub(super) struct Passing {
    client: Client<HttpsConnector<HttpConnector>, Watched>,
    /// Scheme and authority.
    base: Uri,
    /// The prefix of every path.
    prefix: String,
    authorization: HeaderValue,
    timeout: Duration,
    waits: Arc<Waits>,
}

impl Passing {
    /// A client for the vendor at this checked URL.
    pub(super) fn new(
        base_url: &Url,
        authorization: HeaderValue,
        timeout: Duration,
        connect_timeout: Duration,
        waits: Arc<Waits>,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_timeout));
        connector.set_keepalive(Some(KEEPALIVE));
        connector.set_keepalive_interval(Some(KEEPALIVE));
        connector.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        connector.set_tcp_user_timeout(Some(unacknowledged_max(timeout)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        let base = base_url.as_str().parse().expect("a URL of http is a URI");
        let prefix = base_url.path().trim_end_matches('/').to_owned();
        Self { client, base, prefix, authorization, timeout, waits }
    }

    /// Forwards a request, and returns when the head of the vendor's answer has arrived.
    pub(super) async fn pass(&self, passage: Passage) -> Result<Passed, Cause> {
        let Passage { method, target, headers, body } = passage;
        let (is_head, is_safe) = (method == Method::HEAD, method.is_safe());
        let watch = Watch::begin();
        let mut request = Request::new(Watched::new(body, watch.clone()));
        *request.method_mut() = method;
        *request.uri_mut() = self.address_of(&target);
        *request.headers_mut() = headers.into();
        if request.body().is_end_stream() && !is_safe {
            // Otherwise omitted, and some servers require it.
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(NAME));
        let (head, body) = self.head(self.client.request(request), &watch).await?.into_parts();
        Ok(Passed {
            status: head.status,
            retry_after: self.waits.of(&head.headers),
            headers: PassedHeaders::of_answer(&head.headers, is_head),
            body: PassedBody::new(body, self.timeout),
        })
    }

    fn address_of(&self, target: &PathAndQuery) -> Uri {
        let mut parts = self.base.clone().into_parts();
        let whole = format!("{}{target}", self.prefix);
        parts.path_and_query = Some(whole.parse().expect("a path before a path is one"));
        Uri::from_parts(parts).expect("only the path is another one")
    }

    /// Waits for the head of the answer until the vendor's timeout, counted from the last piece of
    /// the body.
    async fn head(
        &self,
        sending: ResponseFuture,
        watch: &Watch,
    ) -> Result<Response<Incoming>, Cause> {
        let mut sending = pin!(sending);
        loop {
            match timeout_at(watch.patience(self.timeout), sending.as_mut()).await {
                Ok(answer) => return answer.map_err(lost),
                Err(_) if watch.is_over(self.timeout) => return Err(Cause::Late),
                Err(_) => {} // Meanwhile the caller was waited for.
            }
        }
    }
}

fn lost(error: Lost) -> Cause {
    if error.is_connect() { Cause::Unreachable(error.into()) } else { Cause::Cut(error.into()) }
}

impl From<PassedHeaders> for HeaderMap {
    fn from(passed: PassedHeaders) -> Self {
        passed.into_map()
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passage({}, <redacted>)", self.method)
    }
}
