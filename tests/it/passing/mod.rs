//! The vendor's other paths: what passes, what does not, and that whatever passes is left as it is.

mod allowed;
mod bytes;
mod every_path;
mod places;
mod priced;
mod retried;
mod trouble;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::gateway::{Setup, TestGateway};
use crate::support::recorder::Recorder;

/// A gateway in front of this vendor, with contacts that may be changed. Its own sandbox is there, and
/// asked nothing.
async fn before(vendor: &Recorder, further: &[&str]) -> TestGateway {
    let mut setup = Setup::with_settings(further);
    setup.settings.push("routes.\"/contacts/*\"=free".to_owned());
    setup.settings.push(vendor.setting());
    TestGateway::with(setup).await
}

/// Writes a request as it is, and reads whatever comes back until the connection ends.
async fn exchange(gateway: &TestGateway, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(gateway.app.callers).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut ends, too.
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

/// The first line of an answer, and what follows its headers.
fn status_and_body(answer: &[u8]) -> (u16, Vec<u8>) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}
