//! A Redis that turns the gateway away: what it said, where, and what to do stand in one line of the
//! log and at `/readyz`.

use std::path::PathBuf;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::{SINGLE, why_not_ready};
use crate::support::gateways::SECRET;
use crate::support::ports::free;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::wait::eventually;

const PASSWORD: &str = "hunter2";

/// Starts a gateway on this store, which is to be told no: with every part of a line, and no other
/// line of an error.
async fn told(url: &str, parts: &[&str]) {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let mut gateway = Process::not_yet(nowhere, url, &[SECRET, SINGLE]);
    gateway.launch();
    let errors = || {
        let output = gateway.output();
        let lines = output.lines().filter(|line| line.contains(r#""level":"ERROR""#));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    eventually("it is logged", async || !errors().is_empty()).await;
    let has_all = |text: &str| parts.iter().all(|part| text.contains(part));
    eventually("operators are told", async || {
        why_not_ready(&gateway).await.is_some_and(|why| has_all(&why))
    })
    .await;
    let errors = errors();
    let [line] = &errors[..] else { panic!("{url}: {errors:?}") };
    assert!(has_all(line), "{parts:?} of {url}: {line}");
    let output = gateway.output();
    assert!(!output.to_lowercase().contains("broken pipe"), "{output}");
    assert!(!output.contains(PASSWORD), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_missing_or_wrong() {
    let server = Server::start().await;
    let address = server.address();
    let to = |login: &str| format!("redis://{login}{address}");
    let at = address.to_string();
    told(&to(":hunter2@"), &[&at, "ERR AUTH", "remove the password from store.url"]).await;
    let () = server.ask(&["CONFIG", "SET", "requirepass", "sesame"]).await;
    told(&to(""), &[&at, "refuses the gateway: NOAUTH", "give the password in store.url"]).await;
    for login in [":hunter2@", "nobody:hunter2@", "tollgate:hunter2@"] {
        let parts = [&at, "refuses the gateway: WRONGPASS", "correct user and password"];
        told(&to(login), &parts).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_more_clients() {
    let server = Server::start().await;
    let () = server.ask(&["CONFIG", "SET", "maxclients", "1"]).await;
    let mut only = TcpStream::connect(server.address()).await.unwrap();
    // Those that asked before have gone once there is room for this one.
    eventually("the room is taken", async || {
        let mut byte = [0];
        let refused =
            tokio::time::timeout(std::time::Duration::from_millis(100), only.read(&mut byte));
        if refused.await.is_err() {
            return true;
        }
        only = TcpStream::connect(server.address()).await.unwrap();
        false
    })
    .await;
    let at = server.address().to_string();
    told(&server.url(), &[&at, "ERR max number of clients reached", "raise maxclients"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_there_is_not_and_a_replica() {
    let (primary, replica) = (Server::start().await, Server::start().await);
    let at = primary.address().to_string();
    let parts = [&at, "refuses the gateway: ERR DB index is out of range", "raise databases"];
    told(&format!("{}/99", primary.url()), &parts).await;
    let (host, port) = (primary.address().ip().to_string(), primary.address().port().to_string());
    let () = replica.ask(&["REPLICAOF", &host, &port]).await;
    let at = replica.address().to_string();
    told(&replica.url(), &[&at, "is a replica and accepts no writes", "use its primary"]).await;
}

fn file(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/remote/tls");
    folder.join(name).display().to_string()
}

/// A server with a TLS port beside its plain one.
async fn encrypted(auth_clients: &str) -> (Server, u16) {
    let port = free().port();
    let settings = [
        format!("tls-port {port}"),
        format!("tls-cert-file {}", file("server.pem")),
        format!("tls-key-file {}", file("server.key")),
        format!("tls-ca-cert-file {}", file("ca.pem")),
        format!("tls-auth-clients {auth_clients}"),
    ];
    (Server::with(&settings.each_ref().map(String::as_str)).await, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_where_there_is_none_and_none_where_there_is_tls() {
    let (server, tls) = encrypted("no").await;
    let plain = server.address().port();
    let ca = file("ca.pem");
    let at_tls = format!("localhost:{tls}");
    told(&format!("redis://localhost:{tls}"), &[&at_tls, "write rediss://"]).await;
    let url = format!("rediss://localhost:{plain}?ca={ca}");
    told(&url, &[&format!("localhost:{plain}"), "TLS", "write redis://"]).await;
    let parts = [&at_tls, "UnknownIssuer", "ca=FILE"];
    told(&format!("rediss://localhost:{tls}"), &parts).await;
    let url = format!("rediss://127.0.0.1:{tls}?ca={ca}");
    told(&url, &["127.0.0.1", "use the host name of its certificate in store.url"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_a_certificate() {
    let (_server, tls) = encrypted("yes").await;
    let url = format!("rediss://localhost:{tls}?ca={}", file("ca.pem"));
    let at = format!("localhost:{tls}");
    told(&url, &[&at, "CertificateRequired", "set tls-auth-clients to no or optional"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_redis_and_what_is_nothing() {
    use tokio::io::AsyncWriteExt;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio_util::task::TaskTracker::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let at = address.to_string();
    told(&format!("redis://{address}"), &[&at, "does not answer as a Redis does"]).await;
    let nothing = free();
    told(&format!("redis://{nothing}"), &[&nothing.to_string(), "cannot be reached"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_lacks_a_command_is_named_with_it_at_the_start() {
    let server = Server::start().await;
    let nowhere = "127.0.0.1:9".parse().unwrap();
    for (rules, missing) in [
        (&["-unlink", "-exists"][..], "EXISTS, UNLINK"),
        (&["+unlink", "+exists", "-xsetid"], "XSETID"),
        (&["+xsetid", "-multi"], "MULTI, EXEC"),
        (&["+multi", "-evalsha"], "evalsha"),
        (&["+evalsha", "resetkeys", "~books:*"], "keys used as arguments"),
    ] {
        let () = server.ask(&[&["ACL", "SETUSER", "tollgate"], rules].concat()).await;
        let gateway = Process::not_yet(nowhere, &server.url_as_documented(), &[SECRET, SINGLE]);
        let refused = gateway.run("serve");
        let said = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{rules:?}: {said}");
        assert!(said.contains("NOPERM") && said.contains(missing), "{rules:?}: {said}");
        assert!(said.contains("the ACL line in docs/operations.md"), "{said}");
        assert!(!said.contains("contradict"), "{said}");
    }
}
