//! Servers under sentinels.

use crate::support::redis::Sentinels;

#[tokio::test]
async fn a_failover_by_order_moves_the_primary_and_loses_nothing() {
    let mut redis = Sentinels::start().await;
    let before = redis.watched.primary.address();
    let () = redis.watched.primary.ask(&["SET", "key", "value"]).await;
    redis.fail_over().await;
    let primary = &redis.watched.primary;
    assert_ne!(primary.address(), before);
    assert_eq!(primary.ask::<String>(&["GET", "key"]).await, "value");
    let role: (String, u64, redis::Value) = primary.ask(&["ROLE"]).await;
    assert_eq!(role.0, "master");
}

#[tokio::test]
async fn a_dead_primary_is_replaced_and_follows_once_it_is_back() {
    let mut redis = Sentinels::start().await;
    let before = redis.watched.primary.address();
    redis.kill_primary().await;
    assert_ne!(redis.watched.primary.address(), before);
    let () = redis.watched.primary.ask(&["SET", "key", "value"]).await;
    redis.heal().await;
    let old = redis.watched.replicas.iter().find(|server| server.address() == before).unwrap();
    assert_eq!(old.ask::<String>(&["GET", "key"]).await, "value");
}

#[tokio::test]
async fn what_no_replica_got_is_lost_with_the_primary() {
    let mut redis = Sentinels::start().await;
    for replica in 0..2 {
        redis.watched.lag(replica).await;
    }
    let () = redis.watched.primary.ask(&["SET", "key", "value"]).await;
    redis.kill_primary().await;
    assert_eq!(redis.watched.primary.ask::<Option<String>>(&["GET", "key"]).await, None);
    redis.heal().await;
}

#[tokio::test]
async fn a_primary_that_wakes_up_deposed_takes_writes_and_loses_them() {
    let mut redis = Sentinels::start().await;
    let before = redis.watched.primary.address();
    redis.depose_primary().await;
    let old = redis.watched.replicas.iter().find(|server| server.address() == before).unwrap();
    let () = old.ask(&["SET", "key", "value"]).await;
    redis.heal().await;
    assert_ne!(redis.watched.primary.address(), before);
    assert_eq!(redis.watched.primary.ask::<Option<String>>(&["GET", "key"]).await, None);
}

#[tokio::test]
async fn the_url_names_the_sentinels_and_what_they_watch() {
    let redis = Sentinels::start().await;
    let [a, b, c] = [0, 1, 2].map(|number: usize| redis.sentinels[number].address());
    assert_eq!(redis.url(), format!("redis-sentinel://{a},{b},{c}/tollgate"));
}
