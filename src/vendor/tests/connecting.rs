//! Connections.

use http_body_util::{BodyExt, Empty};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;

/// HTTP/2 in the client's ALPN list, with its length before it; many requests would share a
/// connection. HTTP/1.1 need not be listed.
const HTTP_2: &[u8] = b"\x02h2";

/// The first bytes that a server receives over TLS.
async fn hello(listener: &TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.unwrap();
    let mut hello = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
    stream.read_exact(&mut hello).await.unwrap();
    hello
}

fn says_http_2(hello: &[u8]) -> bool {
    hello.windows(HTTP_2.len()).any(|window| window == HTTP_2)
}

#[tokio::test]
async fn forwarded_requests_share_no_connection_and_the_gateways_own_may() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("https://{}", listener.local_addr().unwrap()), PATIENCE);
    let passage = Passage {
        method: http::Method::GET,
        target: "/contacts".parse().unwrap(),
        headers: PassedHeaders::default(),
        body: Empty::new().map_err(|never| match never {}).boxed_unsync(),
    };
    let (passed, reported) = tokio::join!(client.pass(passage), hello(&listener));
    assert!(passed.is_err() && !says_http_2(&reported));
    let (page, reported) = tokio::join!(client.page(ID, None, ALL), hello(&listener));
    assert!(page.is_err() && says_http_2(&reported));
}
