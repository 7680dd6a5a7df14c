//! The vendor over HTTP.
//!
//! Requests are built from scratch: no header of a caller is included. One call is one request that
//! is sent at most once, to the configured URL and nowhere else: no redirects, no proxies from the
//! environment, no retries.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, RequestBuilder, Response, redirect, retry};
use rustls::RootCertStore;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::bounds::{LOOK_UP_BYTES_MAX, PAGE_BYTES_MAX};
use super::cursor::Pages;
use super::passing::Passing;
use super::retry_after::Waits;
use super::sorting::{self, Answer};
use super::{
    Canceled, Cause, Cursor, LeadFields, LookedUp, Page, Passage, Passed, Remaining, Submitted,
    Unread, Vendor, wire,
};
use crate::domain::reveal::Reveals;
use crate::domain::vendor_id::VendorId;

/// Shorter than servers keep an idle connection, so that a submission is rarely sent on a
/// connection that is being closed, which would leave its outcome unknown.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(15);

/// The interval and the number of keepalive probes on a silent connection. Without them, a
/// connection that a firewall dropped, or whose peer is gone, would be detected only by the timeout
/// of each request on it.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(10);
pub(super) const KEEPALIVE_RETRIES: u32 = 2;

/// How long sent data may stay unacknowledged, or blocked by a full window: longer than the timeout
/// of a request.
pub(super) const fn unacknowledged_max(timeout: Duration) -> Duration {
    timeout.saturating_add(KEEPALIVE)
}

pub(super) const USER_AGENT: &str = concat!("tollgate/", env!("CARGO_PKG_VERSION"));
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The parameters of the connection to the vendor.
#[derive(Clone, Debug)]
pub struct VendorSettings {
    /// The vendor's URL; its path is a prefix of every request's path.
    pub base_url: Url,
    /// The account's API key.
    pub api_key: SecretString,
    /// From the first connection attempt to the last byte of the answer.
    pub timeout: Duration,
    /// For connecting, including TLS.
    pub connect_timeout: Duration,
    /// The number of results per page.
    pub page_size: NonZeroU16,
    /// Upper limit of the vendor's `Retry-After`.
    pub retry_after_max: Duration,
}

/// Why the client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Unbuildable {
    /// The key has characters that a header does not allow.
    #[error("the vendor's API key has characters that are not allowed in a header")]
    Key,
    /// TLS could not be set up.
    #[error("the HTTP client could not be built")]
    Client(#[source] reqwest::Error),
}

/// The vendor's API over HTTP.
pub struct HttpVendor {
    client: reqwest::Client,
    base: Url,
    batches: Url,
    look_ups: Url,
    page_size: NonZeroU16,
    waits: Arc<Waits>,
    passing: Passing,
}

impl HttpVendor {
    /// A client with these settings. Opens no connection yet.
    ///
    /// # Errors
    /// If the settings cannot work.
    pub fn new(settings: VendorSettings) -> Result<Self, Unbuildable> {
        let VendorSettings { base_url: base, api_key, timeout, connect_timeout, page_size, .. } =
            settings;
        let waits = Arc::new(Waits::new(settings.retry_after_max));
        let mut tls = tls();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let authorization = authorization(&api_key)?;
        let client = lively(reqwest::Client::builder(), timeout)
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(IDLE_MAX)
            .user_agent(USER_AGENT)
            .default_headers(headers(authorization.clone()))
            .build()
            .map_err(Unbuildable::Client)?;
        let batches = endpoint(&base, &["people", "enrichment-requests"]);
        let look_ups = endpoint(&base, &["people", "find"]);
        let passing =
            Passing::new(&base, authorization, timeout, connect_timeout, Arc::clone(&waits));
        Ok(Self { client, base, batches, look_ups, page_size, waits, passing })
    }

    /// Forwards a caller's request, and returns when the head of the vendor's answer has arrived.
    ///
    /// # Errors
    /// [`Cause`] if there is no head.
    pub async fn pass(&self, passage: Passage) -> Result<Passed, Cause> {
        self.passing.pass(passage).await
    }

    /// Submits a batch without leads, for which nothing can be charged. The vendor refuses it,
    /// which shows that it answers submissions.
    pub async fn ask_nothing(&self) -> Submitted<VendorId> {
        let request = self.client.post(self.batches.clone()).header(CONTENT_TYPE, JSON).body("{}");
        sorting::submitted(self.exchange(request).await)
    }

    /// Requests the account's information, which is free and needs a valid key, and returns the HTTP
    /// status.
    ///
    /// # Errors
    /// [`Cause`] if there is no complete response.
    pub async fn account(&self) -> Result<u16, Cause> {
        let at = endpoint(&self.base, &["account-info"]);
        Ok(self.exchange(self.request(Method::GET, at)).await?.status)
    }

    /// The URL of a path with its query; `None` if it is not valid.
    pub(super) fn at(&self, path_and_query: &str) -> Option<Url> {
        Url::parse(&format!("{}{path_and_query}", self.base.as_str().trim_end_matches('/'))).ok()
    }

    /// A request with only the gateway's own headers.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    fn batch(&self, id: VendorId) -> Url {
        let mut url = self.batches.clone();
        url.path_segments_mut().expect("an https address has a path").push(&id.to_string());
        url
    }

    fn look_up_of(&self, lead: LeadFields<'_>, reveals: Reveals) -> Url {
        let mut url = self.look_ups.clone();
        url.set_query(Some(&wire::look_up(lead, reveals)));
        url
    }

    /// A page of this resource: the first, or the one of a cursor.
    pub(super) fn page_of(&self, mut at: Url, after: Option<&Cursor>) -> Url {
        let first = || format!("page%5Bsize%5D={}", self.page_size);
        let query = after.map_or_else(first, |cursor| cursor.query().to_owned());
        at.set_query(Some(&query));
        at
    }

    /// The pages of this resource, where links may lead.
    pub(super) fn pages<'a>(&'a self, at: &'a Url) -> Pages<'a> {
        Pages { at, base: &self.base }
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(&self, request: RequestBuilder) -> Result<Answer, Cause> {
        self.exchange_within(PAGE_BYTES_MAX, request).await
    }

    /// The same with a lower size limit.
    pub(super) async fn exchange_within(
        &self,
        bytes_max: usize,
        request: RequestBuilder,
    ) -> Result<Answer, Cause> {
        let response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let retry_after = self.waits.of(response.headers());
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        Ok(Answer { status, retry_after, content_type, body: body(response, bytes_max).await? })
    }
}

impl Vendor for HttpVendor {
    async fn submit(&self, leads: &[LeadFields<'_>], reveals: Reveals) -> Submitted<VendorId> {
        let request = self
            .client
            .post(self.batches.clone())
            .header(CONTENT_TYPE, JSON)
            .body(wire::submission(leads, reveals));
        sorting::submitted(self.exchange(request).await)
    }

    async fn look_up(&self, lead: LeadFields<'_>, reveals: Reveals) -> Submitted<LookedUp> {
        let request = self.client.get(self.look_up_of(lead, reveals));
        sorting::looked_up(self.exchange_within(LOOK_UP_BYTES_MAX, request).await)
    }

    async fn page(
        &self,
        id: VendorId,
        after: Option<&Cursor>,
        remaining: Remaining,
    ) -> Result<Page, Unread> {
        let at = self.batch(id);
        let request = self.client.get(self.page_of(at.clone(), after));
        let answer = self.exchange_within(remaining.page_bytes(), request).await;
        sorting::page(id, self.pages(&at), remaining, answer)
    }

    async fn cancel(&self, id: VendorId) -> Canceled {
        let request =
            self.client.patch(self.batch(id)).header(CONTENT_TYPE, JSON).body(wire::cancellation());
        sorting::canceled(self.exchange(request).await)
    }
}

impl fmt::Debug for HttpVendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpVendor")
            .field("batches", &self.batches.as_str())
            .finish_non_exhaustive()
    }
}

async fn body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Cause> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Cause::TooLong { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A timeout before there was a connection counts as late unless connecting itself failed: only
/// then is it certain that nothing was sent.
fn lost(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    if error.is_connect() {
        Cause::Unreachable(error.into())
    } else if error.is_timeout() {
        Cause::Late
    } else {
        Cause::Cut(error.into())
    }
}

/// A client that detects a dead connection and does not reuse it.
fn lively(client: ClientBuilder, timeout: Duration) -> ClientBuilder {
    let client = client
        .http2_keep_alive_interval(KEEPALIVE)
        .http2_keep_alive_timeout(timeout)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        .tcp_keepalive_retries(KEEPALIVE_RETRIES);
    #[cfg(target_os = "linux")]
    let client = client.tcp_user_timeout(unacknowledged_max(timeout));
    client
}

/// The provider and the root certificates are given explicitly, so that neither a process-wide
/// default nor the machine's certificates have an effect.
pub(super) fn tls() -> rustls::ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports every safe version of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn authorization(api_key: &SecretString) -> Result<HeaderValue, Unbuildable> {
    let bearer = format!("Bearer {}", api_key.expose_secret());
    let mut bearer = HeaderValue::try_from(bearer).map_err(|_| Unbuildable::Key)?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn headers(authorization: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, JSON), (AUTHORIZATION, authorization)])
}

/// The URL of an endpoint.
fn endpoint(base_url: &Url, path: &[&str]) -> Url {
    let mut url = base_url.clone();
    let mut segments = url.path_segments_mut().expect("an https address has a path");
    segments.pop_if_empty().extend(path);
    drop(segments);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(base_url: &str, api_key: &str) -> Result<HttpVendor, Unbuildable> {
        HttpVendor::new(VendorSettings {
            base_url: base_url.parse().unwrap(),
            api_key: api_key.to_owned().into(),
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            page_size: NonZeroU16::new(100).unwrap(),
            retry_after_max: Duration::from_mins(5),
        })
    }

    #[test]
    fn a_path_in_the_url_is_a_prefix_of_every_path() {
        for (base_url, batch) in [
            (
                "https://api.amplemarket.com",
                "https://api.amplemarket.com/people/enrichment-requests/7",
            ),
            ("https://x.io/a/b/", "https://x.io/a/b/people/enrichment-requests/7"),
            ("http://localhost:1/a", "http://localhost:1/a/people/enrichment-requests/7"),
            ("http://127.9.9.9", "http://127.9.9.9/people/enrichment-requests/7"),
            ("http://[::1]:80", "http://[::1]/people/enrichment-requests/7"),
        ] {
            let vendor = built(base_url, "key").unwrap();
            assert_eq!(vendor.batch(VendorId::from_number(7)).as_str(), batch);
        }
    }

    #[test]
    fn a_key_that_a_header_does_not_allow_is_refused_at_once() {
        assert!(matches!(built("https://x.io", "a\nb"), Err(Unbuildable::Key)));
    }

    #[test]
    fn debug_output_does_not_show_the_key() {
        let vendor = built("https://x.io", "sesame").unwrap();
        let settings = VendorSettings {
            base_url: "https://x.io".parse().unwrap(),
            api_key: "sesame".to_owned().into(),
            timeout: Duration::ZERO,
            connect_timeout: Duration::ZERO,
            page_size: NonZeroU16::MIN,
            retry_after_max: Duration::ZERO,
        };
        let printed = format!("{vendor:?} {settings:?}");
        assert!(!printed.contains("sesame"), "{printed}");
    }
}
