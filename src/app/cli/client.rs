//! HTTP client of the gateway's API, for the admin API and for estimates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode, redirect, retry};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::failure::Failure;
use crate::app::failure::in_one_line;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Long enough for an audit of a large store.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A gateway's URL and the secret for it.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    secret: SecretString,
}

impl Client {
    /// Builds a client without connecting. Certificates in the file are trusted besides the public ones.
    pub(super) fn new(
        base: &Url,
        secret: SecretString,
        ca_file: Option<&Path>,
    ) -> Result<Self, Failure> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            let wrong = "the URL of a gateway begins with http:// or https://";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(roots(ca_file)?))
            // The secret must not go to another address.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")))
            .build();
        let unbuilt = |why| Failure::Usage(format!("no HTTP client: {}", in_one_line(&why)));
        Ok(Self { http: http.map_err(unbuilt)?, base: base.clone(), secret })
    }

    /// Sends a GET request.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        self.send(Method::GET, path, query, HeaderMap::new(), None).await
    }

    /// Sends a POST request.
    pub(super) async fn post(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, &[], HeaderMap::new(), Some(body)).await
    }

    /// Sends a PUT request.
    pub(super) async fn put(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.send(Method::PUT, path, &[], HeaderMap::new(), Some(body)).await
    }

    /// Sends a DELETE request.
    pub(super) async fn delete(&self, path: &[&str]) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, &[], HeaderMap::new(), None).await
    }

    /// Sends a request once and reads the response; null if it has no body.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        headers: HeaderMap,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).headers(headers);
        request = request.bearer_auth(self.secret.expose_secret());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let lost = |why: reqwest::Error| self.unreachable(&in_one_line(&why.without_url()));
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(lost)?;
        match serde_json::from_slice::<Value>(&body) {
            _ if status == StatusCode::NO_CONTENT => Ok(Value::Null),
            Ok(body) if status.is_success() => Ok(body),
            Ok(body) => match problem(status, body) {
                Some(problem) => Err(Failure::Refused(problem)),
                None => Err(self.foreign(status)),
            },
            Err(_) => Err(self.foreign(status)),
        }
    }

    /// The server answered, but not like a gateway.
    fn foreign(&self, status: StatusCode) -> Failure {
        self.unreachable(&format!(
            "the response is not a gateway's (HTTP status {})",
            status.as_u16()
        ))
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::Unreachable(format!(
            "no gateway answers at {}: {why}; set its URL with --url or TOLLGATE_URL",
            self.base
        ))
    }
}

/// An error response as problem details. Callers' errors come in the vendor's envelope and are
/// converted.
fn problem(status: StatusCode, body: Value) -> Option<Value> {
    if body["type"].is_string() && body["code"].is_string() {
        return Some(body);
    }
    let errors = body["_errors"].as_array()?;
    let first = errors.first()?;
    let place = |error: &Value| {
        let pointer = error["source"]["pointer"].as_str().unwrap_or_default();
        json!({"code": error["code"], "detail": error["detail"], "pointer": pointer})
    };
    let mut problem = json!({
        "type": format!("urn:tollgate:problem:{}", first["code"].as_str()?),
        "title": first["title"],
        "status": status.as_u16(),
        "code": first["code"],
        "detail": first["detail"],
    });
    if errors.iter().any(|error| error["source"]["pointer"].is_string()) {
        problem["errors"] = errors.iter().map(place).collect();
    }
    Some(problem)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    let Some(file) = ca_file else { return Ok(roots) };
    let unread = || Failure::Usage(format!("{} holds no certificates in PEM", file.display()));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|_| unread())?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(|_| unread())?;
    match roots.add_parsable_certificates(certificates) {
        (1.., 0) => Ok(roots),
        _ => Err(unread()),
    }
}

/// Names the provider, so that it does not depend on a process-wide default.
fn tls(roots: RootCertStore) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks every version of TLS that is safe")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_vendors_envelope_is_a_problem_too() {
        let status = StatusCode::BAD_REQUEST;
        let body = json!({"object": "error", "_errors": [
            {"code": "invalid_field", "title": "Invalid Field", "detail": "too long",
             "source": {"pointer": "/leads/7/name"}},
        ]});
        let problem = problem(status, body).unwrap();
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["type"], "urn:tollgate:problem:invalid_field");
        assert_eq!(problem["errors"][0]["pointer"], "/leads/7/name");
        assert_eq!(super::problem(status, json!({"message": "no"})), None);
        assert_eq!(super::problem(status, json!([])), None);
    }

    #[test]
    fn a_url_that_is_no_gateways_is_refused() {
        for url in ["ftp://127.0.0.1", "mailto:ada@x.io"] {
            let client = Client::new(&url.parse().unwrap(), "t".to_owned().into(), None);
            assert!(matches!(client.err(), Some(Failure::Usage(_))), "{url}");
        }
    }
}
