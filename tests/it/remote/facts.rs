//! What servers say of themselves, and what is concluded from that.

use std::time::{Duration, SystemTime};

use tollgate::remote::{Durability, Facts, RemoteError, judge};

use super::remote;
use crate::support::redis::Server;

/// This machine's time.
fn now_millis() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the server on this machine has the same time")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn objections(facts: &Facts, durability: Durability) -> Vec<(String, bool)> {
    let objections = judge(facts, durability, now_millis()).into_iter();
    // Tests are run on whatever Redis there is.
    let objections = objections.filter(|objection| !objection.what.starts_with("it is Redis 7."));
    objections.map(|objection| (objection.what, objection.is_fatal)).collect()
}

#[tokio::test]
async fn a_server_says_what_it_is_set_to() {
    let server = Server::with(&["maxmemory 64mb", "min-replicas-to-write 0"]).await;
    let facts = remote(&server.url()).facts().await.unwrap();
    assert_eq!(facts.server, server.address().to_string());
    assert_eq!(facts.version.unwrap().to_string(), server.info::<String>("redis_version").await);
    let day = Duration::from_hours(24).as_millis();
    assert!(u128::from(facts.time_millis.unwrap().abs_diff(now_millis())) < day);
    let known = Facts { version: None, time_millis: None, memory_bytes: None, ..facts.clone() };
    let expected = Facts {
        server: server.address().to_string(),
        user: "default".to_owned(),
        is_primary: Some(true),
        is_cluster: Some(false),
        is_loading: Some(false),
        replicas: Some(0),
        replicas_min_to_write: Some(0),
        memory_bytes_max: Some(64 * 1024 * 1024),
        memory_policy: Some("noeviction".to_owned()),
        is_appending: Some(true),
        appendfsync: Some("always".to_owned()),
        is_append_well: Some(true),
        is_snapshot_well: Some(true),
        ..Facts::default()
    };
    assert_eq!(known, expected);
    assert_eq!(objections(&facts, Durability::Single), []);
}

#[tokio::test]
async fn the_remedies_are_what_the_server_takes() {
    let server =
        Server::with(&["appendonly no", "appendfsync everysec", "maxmemory-policy allkeys-lru"])
            .await;
    let remote = remote(&server.url());
    let facts = remote.facts().await.unwrap();
    let objections = judge(&facts, Durability::Single, now_millis());
    let fatal: Vec<_> = objections.iter().filter(|objection| objection.is_fatal).collect();
    assert_eq!(fatal.len(), 3, "{objections:?}");
    for objection in fatal {
        let line = objection.remedy.split(", and").next().unwrap();
        let () = server.ask(&line.split(' ').collect::<Vec<_>>()).await;
    }
    let facts = remote.facts().await.unwrap();
    assert!(judge(&facts, Durability::Single, now_millis()).iter().all(|o| !o.is_fatal));
}

#[tokio::test]
async fn what_the_gateways_user_may_not_ask_is_not_known() {
    let server = Server::with(&["user ada on >ada ~* &* +@all -info -config -time -role"]).await;
    let remote = remote(&format!("redis://ada:ada@{}", server.address()));
    let facts = remote.facts().await.unwrap();
    let expected =
        Facts { server: server.address().to_string(), user: "ada".to_owned(), ..Facts::default() };
    assert_eq!(facts, expected);
    let objections = judge(&facts, Durability::Strict, now_millis());
    for objection in &objections {
        let rule = objection.remedy.split(", or make").next().unwrap();
        let () = server.ask(&rule.split(' ').collect::<Vec<_>>()).await;
    }
    let facts = remote.facts().await.unwrap();
    assert_eq!(facts.appendfsync.as_deref(), Some("always"));
    assert!(facts.version.is_some() && facts.time_millis.is_some());
}

#[tokio::test]
async fn a_probe_finds_out_whether_scripts_run_and_leaves_nothing() {
    let server = Server::with(&["user ada on >ada ~* &* +@all -time"]).await;
    assert_eq!(remote(&server.url()).probe().await, Ok(()));
    assert_eq!(server.ask::<u64>(&["DBSIZE"]).await, 0);

    let barred = remote(&format!("redis://ada:ada@{}", server.address())).probe().await;
    assert!(matches!(barred, Err(RemoteError::Unknown(_))), "{barred:?}");
    let () = server.ask(&["ACL", "SETUSER", "ada", "-@scripting"]).await;
    let barred = remote(&format!("redis://ada:ada@{}", server.address())).probe().await;
    assert!(matches!(barred, Err(RemoteError::NotApplied(_))), "{barred:?}");
}
