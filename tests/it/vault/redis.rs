//! A vault on a Redis: what lies there, and what becomes of it where that fails.

use std::sync::Arc;
use std::time::Duration;

use tollgate::clock::{Clock, SystemClock};
use tollgate::remote::{Confirm, Patience, Remote};
use tollgate::vault::redis::RedisVault;
use tollgate::vault::sealing::{KeyRing, Sealer};
use tollgate::vault::{Item, ItemKey, Vault, VaultError};

use crate::support::redis::{Cluster, Replicas, Server};
use crate::support::wait::eventually;

const TEXT: &str = "ada@example.com";

fn vault(url: &str, confirm: Confirm) -> RedisVault {
    let remote = Remote::new(&url.parse().unwrap(), Patience::default()).unwrap();
    let sealer = Sealer::new(KeyRing::new(b"a secret", &[]));
    RedisVault::new(remote, Arc::new(SystemClock::default()), sealer, confirm)
}

fn result(batch: u64, index: u32) -> ItemKey {
    ItemKey::Result { batch, job: 0, index, turn: 1 }
}

fn item(key: ItemKey) -> Item {
    let expires = SystemClock::default().now().after(Duration::from_hours(1));
    Item { key, bytes: TEXT.into(), expires }
}

#[tokio::test]
async fn the_server_has_nothing_that_can_be_read_and_forgets_it_in_time() {
    let server = Server::start().await;
    let vault = vault(&server.url(), Confirm::Nothing);
    vault.put(vec![item(result(1, 0)), item(result(1, 1))]).await.unwrap();
    let names: Vec<String> = server.ask(&["KEYS", "*"]).await;
    assert_eq!(names.len(), 2);
    for name in names {
        assert!(name.starts_with("{tollgate:default:1}:"), "{name}");
        let kept: Vec<u8> = server.ask(&["GET", &name]).await;
        assert!(!kept.windows(3).any(|bytes| bytes == b"ada"));
        let seconds: i64 = server.ask(&["TTL", &name]).await;
        assert!((1..=3_600).contains(&seconds), "{seconds}");
    }
    assert_eq!(vault.sweep(9).await.unwrap().removed, 0);
    assert_eq!(format!("{vault:?}"), "RedisVault(<redacted>)");
}

#[tokio::test]
async fn bytes_moved_to_another_key_are_missing_and_can_be_put_again() {
    let server = Server::start().await;
    let vault = vault(&server.url(), Confirm::Nothing);
    vault.put(vec![item(result(1, 0)), item(result(1, 1))]).await.unwrap();
    let mut names: Vec<String> = server.ask(&["KEYS", "*"]).await;
    names.sort();
    let () = server.ask(&["RENAME", &names[1], &names[0]]).await;
    assert_eq!(vault.fetch(&[result(1, 0), result(1, 1)]).await.unwrap(), [None, None]);
    let () = server.ask(&["SET", &names[1], "rubbish"]).await;

    vault.put(vec![item(result(1, 0)), item(result(1, 1))]).await.unwrap();
    let both = [Some(TEXT.into()), Some(TEXT.into())];
    assert_eq!(vault.fetch(&[result(1, 0), result(1, 1)]).await.unwrap(), both);
}

#[tokio::test]
async fn batches_spread_over_the_servers_of_a_cluster() {
    let redis = Cluster::start().await;
    let vault = vault(&redis.url(), Confirm::Nothing);
    let keys: Vec<_> = (0..30).flat_map(|batch| [0, 1].map(|index| result(batch, index))).collect();
    vault.put(keys.iter().copied().map(item).collect()).await.unwrap();
    for node in &redis.nodes {
        let items: usize = node.ask(&["DBSIZE"]).await;
        assert!(items > 0 && items < keys.len(), "{items}");
    }
    assert_eq!(vault.fetch(&keys).await.unwrap(), vec![Some(TEXT.into()); keys.len()]);
    vault.erase(&keys[..59]).await.unwrap();
    let left: Vec<_> = vault.fetch(&keys).await.unwrap().into_iter().flatten().collect();
    assert_eq!(left, [TEXT.as_bytes()]);
}

#[tokio::test]
async fn more_than_travels_at_once_is_kept_and_found() {
    let server = Server::start().await;
    let vault = vault(&server.url(), Confirm::Nothing);
    let keys: Vec<_> = (0..1_000).map(|index| result(1, index)).collect();
    vault.put(keys.iter().copied().map(item).collect()).await.unwrap();
    assert_eq!(vault.fetch(&keys).await.unwrap(), vec![Some(TEXT.into()); keys.len()]);
}

#[tokio::test]
async fn what_replicas_did_not_confirm_is_not_told_as_done() {
    let redis = Replicas::start(1).await;
    let vault = vault(&redis.primary.url(), Confirm::Replicas);
    eventually("the replica confirms", async || vault.put(vec![item(result(1, 0))]).await.is_ok())
        .await;
    redis.lag(0).await;
    let put = vault.put(vec![item(result(1, 0))]).await;
    assert!(matches!(put, Err(VaultError::Unknown(_))), "{put:?}");
    let erased = vault.erase(&[result(1, 0)]).await;
    assert!(matches!(erased, Err(VaultError::Unknown(_))), "{erased:?}");
    redis.catch_up(0).await;
    eventually("the replica confirms", async || vault.erase(&[result(1, 0)]).await.is_ok()).await;
}

#[tokio::test]
async fn a_server_that_is_full_takes_what_was_paid_for_and_nothing_else() {
    let server = Server::start().await;
    let vault = vault(&server.url(), Confirm::Nothing);
    server.fill_up().await;
    let leads = ItemKey::Leads { token: [1; 16], chunk: 0 };
    let put = vault.put(vec![item(leads)]).await;
    assert!(matches!(put, Err(VaultError::Unavailable(_))), "{put:?}");
    vault.put(vec![item(result(1, 0))]).await.unwrap();
    assert_eq!(vault.fetch(&[leads, result(1, 0)]).await.unwrap(), [None, Some(TEXT.into())]);
}

#[tokio::test]
async fn without_its_server_a_vault_says_that_nothing_was_done() {
    let mut server = Server::start().await;
    let vault = vault(&server.url(), Confirm::Nothing);
    server.kill_hard();
    let put = vault.put(vec![item(result(1, 0))]).await;
    assert!(matches!(put, Err(VaultError::Unavailable(_))), "{put:?}");
    let fetched = vault.fetch(&[result(1, 0)]).await;
    assert!(matches!(fetched, Err(VaultError::Unavailable(_))), "{fetched:?}");
    let erased = vault.erase(&[result(1, 0)]).await;
    assert!(matches!(erased, Err(VaultError::Unavailable(_))), "{erased:?}");
}
