//! A primary and its replicas.

use crate::support::redis::{Replicas, Server};

async fn write(server: &Server, key: &str) {
    let () = server.ask(&["SET", key, "written"]).await;
}

async fn knows(server: &Server, key: &str) -> bool {
    server.ask(&["EXISTS", key]).await
}

#[tokio::test]
async fn replicas_have_what_the_primary_has_and_take_no_writes() {
    let servers = Replicas::start(2).await;
    write(&servers.primary, "key").await;
    for (number, replica) in servers.replicas.iter().enumerate() {
        servers.catch_up(number).await;
        assert!(knows(replica, "key").await);
        let refused = replica.try_ask::<()>(&["SET", "key", "mine"]).await.unwrap_err();
        assert_eq!(refused.code(), Some("READONLY"));
    }
    assert_eq!(servers.primary.info::<usize>("connected_slaves").await, 2);
}

#[tokio::test]
async fn what_a_lagging_replica_never_got_is_lost_when_it_takes_the_primarys_place() {
    let mut servers = Replicas::start(1).await;
    write(&servers.primary, "before").await;
    servers.catch_up(0).await;
    servers.lag(0).await;
    write(&servers.primary, "meanwhile").await;
    assert!(knows(&servers.primary, "meanwhile").await);
    servers.promote(0).await;
    let found =
        (knows(&servers.primary, "before").await, knows(&servers.primary, "meanwhile").await);
    assert_eq!(found, (true, false));
    write(&servers.primary, "after").await;
}

#[tokio::test]
async fn a_replica_that_caught_up_has_everything() {
    let mut servers = Replicas::start(2).await;
    servers.lag(1).await;
    write(&servers.primary, "meanwhile").await;
    servers.catch_up(1).await;
    servers.promote(1).await;
    assert!(knows(&servers.primary, "meanwhile").await);
    assert!(knows(&servers.replicas[0], "meanwhile").await, "the other one follows");
}

#[tokio::test]
async fn a_primary_that_needs_its_replica_refuses_without() {
    let servers = Replicas::with(1, &["min-replicas-to-write 1"]).await;
    write(&servers.primary, "before").await;
    servers.lag(0).await;
    let refused = servers.primary.try_ask::<()>(&["SET", "key", "value"]).await.unwrap_err();
    assert_eq!(refused.code(), Some("NOREPLICAS"));
}
