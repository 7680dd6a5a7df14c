//! Listeners that speak TLS: by a certificate in files, which may change while they serve.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Client;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use crate::support::client::connections;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/remote/tls").join(name)
}

/// Connections that trust what this file vouches for and nothing else, each made anew.
fn trusting(root: &str) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file(root)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls).pool_max_idle_per_host(0);
    client.no_proxy().build().unwrap()
}

fn at(address: SocketAddr, path: &str) -> String {
    format!("https://localhost:{}{path}", address.port())
}

/// Puts a certificate of the test's where the gateway reads it.
fn put(folder: &Path, name: &str) {
    for (from, to) in [("pem", "cert.pem"), ("key", "key.pem")] {
        let aside = folder.join("aside");
        fs::copy(file(&format!("{name}.{from}")), &aside).unwrap();
        fs::rename(&aside, folder.join(to)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_and_operators_are_served_over_tls_alone_where_there_are_certificates() {
    let (cert, key) = (file("server.pem"), file("server.key"));
    let setting = |name: &str, file: &Path| format!("server.{name}={}", file.display());
    let settings = [setting("tls_cert", &cert), setting("tls_key", &key)];
    let settings = settings.each_ref().map(String::as_str);
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 7).await;
    let usage = at(gateway.app.callers, "/gateway/v1/usage");
    let asked = trusting("ca.pem").get(&usage).bearer_auth(&team.key).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert!(asked.text().await.unwrap().contains("sales"));
    let plain = usage.replace("https:", "http:");
    assert!(connections().get(&plain).bearer_auth(&team.key).send().await.is_err());
    assert!(
        trusting("other.pem").get(&usage).send().await.is_err(),
        "it is vouched for by another"
    );
    gateway.finish().await;

    let settings = [setting("admin_tls_cert", &cert), setting("admin_tls_key", &key)];
    let settings = settings.each_ref().map(String::as_str);
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let alive = at(gateway.app.operators, "/livez");
    assert_eq!(trusting("ca.pem").get(&alive).send().await.unwrap().status(), 200);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_never() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "server");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let settings = [
        format!("server.tls_cert={}", cert.display()),
        format!("server.tls_key={}", key.display()),
    ];
    let gateway = TestGateway::with(Setup::with_settings(&settings.each_ref().map(|s| &**s))).await;
    let usage = at(gateway.app.callers, "/gateway/v1/usage");
    let is_served = async |root: &str| trusting(root).get(&usage).send().await.is_ok();
    assert!(is_served("ca.pem").await && !is_served("other.pem").await);
    fs::write(&cert, "no certificate").unwrap();
    assert!(is_served("ca.pem").await, "the one before stays");
    put(folder.path(), "other");
    eventually("the new one is used", async || is_served("other.pem").await).await;
    assert!(!is_served("ca.pem").await);
    gateway.finish().await;
}
