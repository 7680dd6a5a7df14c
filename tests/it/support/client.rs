//! A client of the gateway's, as a service would write one. Tests and benchmarks use it alike; what
//! only tests ask is in `asking`.

use std::fmt;
use std::net::SocketAddr;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// How much of a body is shown where a test fails.
const SHOWN_BYTES: usize = 2_000;

/// Whoever asks, by one key.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    pub(crate) key: String,
}

/// A client's connections, straight to where they say.
pub(crate) fn connections() -> reqwest::Client {
    // Nothing here speaks TLS, and yet a client is not built without it. It may be there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as JSON; null where it is none.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, address: SocketAddr, key: &str) -> Self {
        Self { http, address, key: key.to_owned() }
    }

    /// What every address of a request begins with.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request with the key, to be sent with [`Client::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.base_url() + path).bearer_auth(&self.key)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a text");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, body, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::PUT, path, body).await
    }

    /// Sends a JSON body.
    pub(crate) async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(self.json(method, path, body)).await
    }

    /// A request with a JSON body, to be sent with [`Client::send`].
    pub(crate) fn json(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        let request = self.request(method, path).header("content-type", "application/json");
        request.body(body.to_string())
    }
}

impl Answer {
    /// The id of the batch.
    pub(crate) fn id(&self) -> u64 {
        self.body["id"].as_u64().unwrap_or_else(|| panic!("no id in {self:?}"))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.text.floor_char_boundary(SHOWN_BYTES);
        let rest = self.text.len() - shown;
        write!(f, "{} {:?} {}", self.status, self.headers, &self.text[..shown])?;
        if rest > 0 { write!(f, "… and {rest} bytes more") } else { Ok(()) }
    }
}
