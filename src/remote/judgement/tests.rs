use std::num::NonZeroU16;

use super::*;

const NOW: i64 = 1_700_000_000_000;

/// A server without problems.
fn sound() -> Facts {
    Facts {
        server: "10.0.0.1:6379".to_owned(),
        user: "ada".to_owned(),
        replicas_awaited: None,
        replicas_seen: NonZeroU16::new(1),
        version: Some(Version(7, 2, 0)),
        is_primary: Some(true),
        is_cluster: Some(false),
        is_loading: Some(false),
        replicas: Some(1),
        replicas_min_to_write: Some(1),
        memory_bytes: Some(90),
        memory_bytes_max: Some(100),
        memory_policy: Some("noeviction".to_owned()),
        is_appending: Some(true),
        appendfsync: Some("always".to_owned()),
        is_append_well: Some(true),
        is_snapshot_well: Some(true),
        time_millis: Some(NOW + 999),
    }
}

/// The problems of a server that differs from a sound one in this way.
fn reported(durability: Durability, differ: impl FnOnce(&mut Facts)) -> Vec<String> {
    let mut facts = sound();
    differ(&mut facts);
    let objections = judge(&facts, durability, NOW);
    let weight = |objection: &Objection| if objection.is_fatal { "fatal" } else { "warning" };
    objections.iter().map(|objection| format!("{}: {objection}", weight(objection))).collect()
}

const ALL: [Durability; 3] = [Durability::Strict, Durability::Single, Durability::Relaxed];

#[test]
fn a_sound_server_has_no_problems() {
    for durability in ALL {
        assert_eq!(reported(durability, |_| {}), [""; 0]);
    }
}

#[test]
fn disks_of_replicas_matter_only_if_replicas_confirm() {
    let older = |facts: &mut Facts| facts.version = Some(Version(7, 0, 15));
    assert_eq!(
        reported(Durability::Strict, older),
        ["warning: it is Redis 7.0.15: it cannot wait until a replica has written to its disk: \
          run Redis 7.2 or later"]
    );
    for durability in [Durability::Single, Durability::Relaxed] {
        assert_eq!(reported(durability, older), [""; 0]);
    }
}

#[test]
fn problems_at_every_durability_are_always_reported() {
    for durability in ALL {
        assert_eq!(
            reported(durability, |facts| facts.version = Some(Version(6, 0, 16))),
            ["fatal: it is Redis 6.0.16: run Redis 7.0 or later, best 7.2"]
        );
        assert_eq!(
            reported(durability, |facts| facts.memory_policy = Some("allkeys-lru".to_owned())),
            ["fatal: maxmemory-policy is allkeys-lru: it can evict parts of the books: CONFIG \
                 SET maxmemory-policy noeviction, and in redis.conf: maxmemory-policy noeviction"]
        );
        assert_eq!(
            reported(durability, |facts| facts.memory_bytes = Some(100)),
            ["warning: it uses 100 bytes of memory of at most 100: raise the limit, as with \
                 CONFIG SET maxmemory BYTES"]
        );
        assert_eq!(
            reported(durability, |facts| facts.is_primary = Some(false)),
            ["fatal: it is a replica and accepts no writes: use its primary"]
        );
        assert_eq!(
            reported(durability, |facts| facts.is_loading = Some(true)),
            ["warning: it is still loading its data: wait until it has loaded"]
        );
        assert_eq!(
            reported(durability, |facts| facts.time_millis = Some(NOW - 1_000)),
            ["warning: its clock is 1000 ms behind this machine's: set both by NTP; the books \
                 use its clock"]
        );
    }
}

#[test]
fn memory_without_a_limit_is_never_nearly_used_up() {
    assert_eq!(reported(Durability::Relaxed, |facts| facts.memory_bytes_max = Some(0)), [""; 0]);
}

#[test]
fn the_disk_matters_unless_the_books_may_be_lost() {
    let no_file = |facts: &mut Facts| facts.is_appending = Some(false);
    let late = |facts: &mut Facts| facts.appendfsync = Some("everysec".to_owned());
    let full = |facts: &mut Facts| facts.is_append_well = Some(false);
    for durability in [Durability::Strict, Durability::Single] {
        assert_eq!(
            reported(durability, no_file),
            ["fatal: appendonly is no: a crash of the process loses recent writes: CONFIG SET \
              appendonly yes, and in redis.conf: appendonly yes"]
        );
        assert_eq!(
            reported(durability, late),
            ["fatal: appendfsync is everysec: a crash of the machine loses recent writes: CONFIG \
              SET appendfsync always, and in redis.conf: appendfsync always"]
        );
        assert_eq!(
            reported(durability, full),
            ["warning: it could not write to its append-only file: free space on its disk"]
        );
    }
    assert_eq!(
        reported(Durability::Relaxed, |facts| (no_file(facts), late(facts), full(facts)).0),
        [""; 0]
    );
}

#[test]
fn replicas_matter_if_the_books_must_survive_a_server() {
    let alone = |facts: &mut Facts| facts.replicas = Some(0);
    let lost_one = |facts: &mut Facts| facts.replicas_seen = NonZeroU16::new(2);
    assert_eq!(
        reported(Durability::Strict, lost_one),
        ["fatal: 1 replicas are connected to it, but it had 2, and all of them must confirm \
          writes: on each replica: REPLICAOF with its host and port; or, if one was removed for \
          good, set their number in store.url, replicas=N, and restart the gateway"]
    );
    let says_one = |facts: &mut Facts| {
        lost_one(facts);
        facts.replicas_awaited = NonZeroU16::new(1);
    };
    assert_eq!(
        reported(Durability::Strict, says_one),
        [""; 0],
        "the address outweighs what was seen"
    );
    assert_eq!(
        reported(Durability::Strict, alone),
        ["fatal: 0 replicas are connected to it, but 1 must confirm writes: on each replica: \
          REPLICAOF with its host and port"]
    );
    assert_eq!(reported(Durability::Single, alone), [""; 0]);
    let awaits_two = |facts: &mut Facts| facts.replicas_awaited = NonZeroU16::new(2);
    assert_eq!(reported(Durability::Strict, awaits_two).len(), 1);
    assert_eq!(
        reported(Durability::Strict, |facts| facts.replicas_min_to_write = Some(0)),
        ["warning: min-replicas-to-write is 0: it accepts writes even without its replicas: \
             CONFIG SET min-replicas-to-write 1, and in redis.conf: min-replicas-to-write 1"]
    );
}

#[test]
fn an_unknown_fact_is_a_warning_with_the_access_rule() {
    let silent = Facts { user: "ada".to_owned(), ..Facts::default() };
    let objections = judge(&silent, Durability::Strict, NOW);
    assert!(objections.iter().all(|objection| !objection.is_fatal), "{objections:?}");
    let reported: Vec<_> = objections.iter().map(ToString::to_string).collect();
    assert_eq!(
        reported,
        [
            "it does not show its version: ACL SETUSER ada +info, or make sure that it is Redis \
             7.0 or later",
            "it does not show its maxmemory-policy: ACL SETUSER ada +info, or make sure that it is \
             noeviction",
            "it does not show whether it is appendonly: ACL SETUSER ada +info, or make sure that \
             appendonly is yes",
            "it does not show its appendfsync: ACL SETUSER ada +config|get, or make sure that it \
             is always",
            "it does not show its replicas: ACL SETUSER ada +info, or make sure that it has 1 \
             replicas or more",
            "it does not show its time: ACL SETUSER ada +time, or make sure that its clock is \
             right",
        ]
    );
}

#[test]
fn problems_of_a_failover_may_pass_and_wrong_settings_do_not() {
    let may_pass = |differ: fn(&mut Facts)| {
        let mut facts = sound();
        differ(&mut facts);
        let objections = judge(&facts, Durability::Strict, NOW);
        assert!(!objections.is_empty());
        objections.iter().all(|objection| objection.may_pass)
    };
    assert!(may_pass(|facts| facts.is_primary = Some(false)));
    assert!(may_pass(|facts| facts.replicas = Some(0)));
    assert!(!may_pass(|facts| facts.memory_policy = Some("allkeys-lru".to_owned())));
    assert!(!may_pass(|facts| facts.is_appending = Some(false)));
    assert!(!may_pass(|facts| facts.appendfsync = Some("everysec".to_owned())));
}
