//! Primaries that change while the gateway runs, and are found again by themselves.

use std::collections::BTreeSet;

use tollgate::remote::{Call, Command, Remote, RemoteError, Script, Value};

use super::{bytes, get, remote, set, writes_are_confirmed};
use crate::support::redis::{Cluster, Sentinels};
use crate::support::wait::eventually;

static READ: Script = Script::new("read", "return redis.call('GET', KEYS[1])");

fn key(number: usize) -> String {
    format!("{{tollgate:default:{number}}}:k")
}

/// Waits until the key can be read. Until then it is not read, and nothing else is.
async fn is_found_again(remote: &Remote, key: &str, value: &str) {
    eventually("the primary is found again", async || match remote.ask(vec![get(key)]).await {
        Ok(values) => {
            assert_eq!(values, [bytes(value)]);
            true
        }
        Err(RemoteError::NotApplied(_) | RemoteError::Unknown(_)) => false,
        Err(error) => panic!("{error:?}"),
    })
    .await;
}

#[tokio::test]
async fn whom_the_sentinels_put_in_the_primarys_place_is_found() {
    let mut redis = Sentinels::start().await;
    let remote = remote(&redis.url());
    writes_are_confirmed(&remote, "k", "before").await;
    redis.fail_over().await;
    is_found_again(&remote, "k", "before").await;
    writes_are_confirmed(&remote, "k", "between").await;
    redis.kill_primary().await;
    is_found_again(&remote, "k", "between").await;
    redis.heal().await;
    writes_are_confirmed(&remote, "k", "after").await;
    assert_eq!(redis.watched.primary.ask::<String>(&["GET", "k"]).await, "after");
}

#[tokio::test]
async fn sentinels_are_asked_as_long_as_one_of_them_is_there() {
    let mut redis = Sentinels::start().await;
    for sentinel in &mut redis.sentinels[..2] {
        sentinel.kill_hard();
    }
    set(&remote(&redis.url()), "k", "v").await;
    let other = redis.url().replace("/tollgate", "/other");
    let refused = remote(&other).ask(vec![get("k")]).await;
    let told = "knows no such service";
    assert!(
        matches!(&refused, Err(RemoteError::NotApplied(why)) if why.contains(told)),
        "{refused:?}"
    );
    redis.sentinels[2].kill_hard();
    let refused = remote(&redis.url()).ask(vec![get("k")]).await;
    assert!(matches!(refused, Err(RemoteError::NotApplied(_))), "{refused:?}");
}

#[tokio::test]
async fn commands_go_to_the_servers_that_have_their_keys() {
    let redis = Cluster::start().await;
    let url = redis.url();
    // One of its servers is enough to find the others.
    let remote = remote(url.split(',').next().unwrap());
    let mut masters = BTreeSet::new();
    for number in 0..20 {
        masters.insert(redis.master_of(redis.slot(&key(number)).await).await.address());
    }
    assert_eq!(masters.len(), 3, "the keys are on all servers");

    let sets =
        (0..20).map(|number| Command::new("SET", key(number).as_bytes()).with(number.to_string()));
    assert_eq!(remote.ask(sets.collect()).await, Ok(vec![bytes("OK"); 20]));
    let gets: Vec<_> = (0..20).rev().map(|number| get(&key(number))).collect();
    let values: Vec<_> = (0..20).rev().map(|number| bytes(&number.to_string())).collect();
    assert_eq!(remote.ask(gets).await, Ok(values));
    for number in 0..20 {
        let call = Call { script: &READ, keys: vec![key(number).into()], args: Vec::new() };
        assert_eq!(remote.run(&call).await, Ok(bytes(&number.to_string())));
    }
    assert_eq!(remote.probe().await, Ok(()));
    assert_eq!(remote.facts().await.unwrap().is_cluster, Some(true));
}

#[tokio::test]
async fn an_error_on_one_server_is_told_where_others_have_done_their_part() {
    let redis = Cluster::start().await;
    let remote = remote(&redis.url());
    let full = redis.master_of(redis.slot(&key(0)).await).await;
    full.fill_up().await;
    let refused = remote.ask(vec![Command::new("SET", key(0).as_bytes()).with("v")]).await;
    assert!(matches!(refused, Err(RemoteError::NotApplied(_))), "{refused:?}");
    let all = (0..20).map(|number| Command::new("SET", key(number).as_bytes()).with("v"));
    let partly = remote.ask(all.collect()).await;
    assert!(matches!(&partly, Err(RemoteError::Unknown(why)) if why.contains("OOM")), "{partly:?}");
}

#[tokio::test]
async fn a_replica_that_takes_its_primarys_slots_is_found() {
    let mut redis = Cluster::start_with_replicas().await;
    let remote = remote(&redis.url());
    let slot = redis.slot(&key(0)).await;
    for number in 0..20 {
        writes_are_confirmed(&remote, &key(number), "before").await;
    }
    redis.fail_over(slot).await;
    is_found_again(&remote, &key(0), "before").await;
    writes_are_confirmed(&remote, &key(0), "between").await;
    redis.kill_master_of(slot).await;
    is_found_again(&remote, &key(0), "between").await;
    for number in 1..20 {
        is_found_again(&remote, &key(number), "before").await;
    }
}

#[tokio::test]
async fn a_slot_that_moves_is_found_where_it_went() {
    let redis = Cluster::start().await;
    let remote = remote(&redis.url());
    let slot = redis.slot(&key(0)).await;
    set(&remote, &key(1), "v").await;
    assert_eq!(remote.ask(vec![get(&key(0))]).await, Ok(vec![Value::Nil]));
    let from = redis.master_of(slot).await.address();
    let to = redis.nodes.iter().find(|node| node.address() != from).unwrap();
    let id: String = to.ask(&["CLUSTER", "MYID"]).await;
    for node in [to].into_iter().chain(&redis.nodes) {
        let () = node.ask(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]).await;
    }
    let moved = remote.ask(vec![get(&key(0))]).await;
    assert!(
        matches!(&moved, Err(RemoteError::NotApplied(why)) if why.contains("MOVED")),
        "{moved:?}"
    );
    assert_eq!(remote.ask(vec![get(&key(0))]).await, Ok(vec![Value::Nil]));
}
