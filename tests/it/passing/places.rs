//! Places of what is passed on: so many at once, a share of them for one team, and none for a caller
//! who takes nothing of its answer.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::before;
use crate::support::recorder::{Recorder, Reply};
use crate::support::wait::eventually;

/// More than fits between the vendor and a caller who reads nothing.
const LARGE: usize = 64 << 20;

fn whole(body: &[u8]) -> Reply {
    Reply::whole(200, "content-type: text/plain\r\n", body)
}

#[tokio::test]
async fn what_finds_no_place_is_turned_away_and_no_team_has_all_of_them() {
    let mut replies: Vec<_> = (0..3).map(|_| Reply::then_silence("")).collect();
    replies.push(whole(b"here"));
    let vendor = Recorder::with(replies).await;
    let gateway = before(&vendor, &["server.passages_max=4", "vendor.timeout=60s"]).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let support = gateway.team("support", 100).await;
    let mut hanging = JoinSet::new();
    for team in [&sales, &sales, &growth] {
        let team = team.clone();
        hanging.spawn(async move { team.get("/contacts").await });
    }
    eventually("three hang", async || vendor.received().len() == 3).await;
    let refused = sales.get("/contacts").await;
    assert_eq!((refused.status, refused.errors()), (503, vec![("service_unavailable", "")]));
    assert_eq!(refused.header("retry-after"), Some("2"), "{refused:?}");
    assert_eq!(vendor.received().len(), 3, "the vendor was not asked");
    let answer = support.get("/contacts").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "here"));
    drop(hanging);
    gateway.finish().await;
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_loses_its_place() {
    let vendor = Recorder::with([whole(&vec![b' '; LARGE]), whole(b"here"), whole(b"there")]).await;
    let settings = ["server.passages_max=2", "server.unread_wait=1s"];
    let gateway = before(&vendor, &settings).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let mut takes_nothing = TcpStream::connect(gateway.app.callers).await.unwrap();
    let request = format!(
        "GET /contacts HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {}\r\n\r\n",
        sales.key
    );
    takes_nothing.write_all(request.as_bytes()).await.unwrap();
    eventually("it has its place", async || vendor.received().len() == 1).await;
    assert_eq!(growth.get("/contacts").await.text, "here", "others are served all along");
    eventually("the place is free again", async || {
        let answer = sales.get("/contacts").await;
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
        answer.status == 200
    })
    .await;
    gateway.finish().await;
}
