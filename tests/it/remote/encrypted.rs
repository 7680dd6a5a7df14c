//! Connections that are encrypted. The certificate in `tls/` is for `localhost`, and the authority
//! that signed it has no key any more.

use std::path::PathBuf;

use tollgate::remote::{Command, Patience, Remote, RemoteError, Unusable, Value};

use super::{get, remote};
use crate::support::ports::free;
use crate::support::redis::Server;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/remote/tls").join(name)
}

/// A server that speaks TLS on a port besides its plain one, and that port.
async fn encrypted() -> (Server, u16) {
    let port = free().port();
    let settings = [
        format!("tls-port {port}"),
        format!("tls-cert-file {}", file("server.pem").display()),
        format!("tls-key-file {}", file("server.key").display()),
        format!("tls-ca-cert-file {}", file("ca.pem").display()),
        "tls-auth-clients no".to_owned(),
    ];
    (Server::with(&settings.each_ref().map(String::as_str)).await, port)
}

#[tokio::test]
async fn a_server_is_spoken_to_in_tls_where_its_authority_vouches_for_it() {
    let (_server, port) = encrypted().await;
    let ca = file("ca.pem");
    let known = remote(&format!("rediss://localhost:{port}?ca={}", ca.display()));
    let values = known.ask(vec![Command::new("SET", b"k").with("v"), get("k")]).await;
    assert_eq!(values.unwrap()[1], Value::Bytes(b"v".to_vec()));

    let not_its_name = format!("rediss://127.0.0.1:{port}?ca={}", ca.display());
    for url in [not_its_name, format!("rediss://localhost:{port}")] {
        let refused = remote(&url).ask(vec![get("k")]).await;
        let told = "invalid peer certificate";
        assert!(
            matches!(&refused, Err(RemoteError::NotApplied(why)) if why.contains(told)),
            "{url}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_not_spoken_to_without() {
    let server = Server::start().await;
    let refused = remote(&server.url().replace("redis:", "rediss:")).ask(vec![get("k")]).await;
    assert!(matches!(refused, Err(RemoteError::NotApplied(_))), "{refused:?}");
}

#[test]
fn certificates_that_vouch_for_nobody_are_told_by_their_file() {
    for name in ["none.pem", "server.key"] {
        let address = format!("rediss://x.io?ca={}", file(name).display()).parse().unwrap();
        let unusable = Remote::new(&address, Patience::default()).unwrap_err();
        assert!(unusable.to_string().contains(name), "{unusable}");
        assert_eq!(matches!(unusable, Unusable::NoCertificate(_)), name == "server.key");
    }
}
