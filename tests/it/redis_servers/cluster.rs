//! A cluster.

use crate::support::redis::Cluster;

#[tokio::test]
async fn each_of_three_masters_has_a_third_of_the_slots() {
    let redis = Cluster::start().await;
    for (slot, node) in [(0, 0), (5_460, 0), (5_461, 1), (10_921, 1), (10_922, 2), (16_383, 2)] {
        let master = redis.master_of(slot).await;
        assert_eq!(master.address(), redis.nodes[node].address(), "slot {slot}");
    }
    let key = "{tollgate:default}:key";
    let master = redis.master_of(redis.slot(key).await).await;
    for node in &redis.nodes {
        let written = node.try_ask::<()>(&["SET", key, "value"]).await;
        let is_master = node.address() == master.address();
        assert_eq!(written.map_err(|why| why.code().map(str::to_owned)).is_ok(), is_master);
    }
    let addresses: Vec<_> = redis.nodes.iter().map(|node| node.address().to_string()).collect();
    assert_eq!(redis.url(), format!("redis-cluster://{}", addresses.join(",")));
}

#[tokio::test]
async fn a_failover_by_order_gives_the_slot_to_the_replica() {
    let redis = Cluster::start_with_replicas().await;
    let slot = redis.slot("key").await;
    let before = redis.master_of(slot).await.address();
    let () = redis.master_of(slot).await.ask(&["SET", "key", "value"]).await;
    redis.fail_over(slot).await;
    let after = redis.master_of(slot).await;
    assert_ne!(after.address(), before);
    assert_eq!(after.ask::<String>(&["GET", "key"]).await, "value");
}

#[tokio::test]
async fn a_dead_masters_replica_takes_its_slots_and_the_dead_one_comes_back_as_a_replica() {
    let mut redis = Cluster::start_with_replicas().await;
    let slot = redis.slot("key").await;
    let before = redis.master_of(slot).await.address();
    redis.kill_master_of(slot).await;
    let () = redis.master_of(slot).await.ask(&["SET", "key", "value"]).await;
    redis.heal().await;
    let old = redis.nodes.iter().find(|node| node.address() == before).unwrap();
    assert_eq!(old.info::<String>("role").await, "slave");
    assert_ne!(redis.master_of(slot).await.address(), before);
}

#[tokio::test]
async fn a_master_that_wakes_up_deposed_follows_the_one_in_its_place() {
    let mut redis = Cluster::start_with_replicas().await;
    let slot = redis.slot("key").await;
    let before = redis.master_of(slot).await.address();
    redis.depose_master_of(slot).await;
    redis.heal().await;
    let old = redis.nodes.iter().find(|node| node.address() == before).unwrap();
    assert_eq!(old.info::<String>("role").await, "slave");
}
