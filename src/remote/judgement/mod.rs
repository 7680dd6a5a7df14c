//! Judgement: whether the settings of a server give the required durability.

use std::fmt;

use super::facts::{Facts, Version};

/// What a write must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The loss of a server: it is on the disk of the primary and on its replicas.
    Strict,
    /// The crash of a server that restarts with its disk.
    Single,
    /// Nothing: the ledger may be lost with the server.
    Relaxed,
}

/// What is checked on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Its release.
    Version,
    /// Whether it takes writes.
    Role,
    /// What it does when its memory is full.
    Memory,
    /// Whether writes survive a crash.
    Persistence,
    /// Whether replicas have a copy.
    Replicas,
    /// Its clock.
    Clock,
}

impl Topic {
    /// The topics that are checked for this durability.
    #[must_use]
    pub fn of(durability: Durability) -> &'static [Self] {
        use Topic::{Clock, Memory, Persistence, Replicas, Role, Version};
        match durability {
            Durability::Strict => &[Version, Role, Memory, Persistence, Replicas, Clock],
            Durability::Single => &[Version, Role, Memory, Persistence, Clock],
            Durability::Relaxed => &[Version, Role, Memory, Clock],
        }
    }
}

/// A problem with the settings of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What it is about.
    pub topic: Topic,
    /// The problem, as in `maxmemory-policy is allkeys-lru: it can evict parts of the books`.
    pub what: String,
    /// The remedy, with the exact setting.
    pub remedy: String,
    /// Whether the server cannot be used for the ledger.
    pub is_fatal: bool,
    /// Whether the problem can disappear without intervention, as after a failover.
    pub may_pass: bool,
}

/// The oldest supported release.
const OLDEST: Version = Version(7, 0, 0);
/// The first release that can wait for the disks of replicas.
const WAITAOF: Version = Version(7, 2, 0);
/// The maximum difference between its clock and this machine's.
const OFFSET_MILLIS_MAX: u64 = 1_000;

/// The problems of a server for this durability. `now_millis` is this machine's time since the Unix
/// epoch.
#[must_use]
pub fn judge(facts: &Facts, durability: Durability, now_millis: i64) -> Vec<Objection> {
    let mut judgement = Judgement { facts, topic: Topic::Version, objections: Vec::new() };
    for topic in Topic::of(durability) {
        judgement.topic = *topic;
        match topic {
            Topic::Version => judgement.version(),
            Topic::Role => judgement.role(),
            Topic::Memory => judgement.memory(),
            Topic::Persistence => judgement.disk(),
            Topic::Replicas => {
                judgement.waiting();
                judgement.replicas();
            }
            Topic::Clock => judgement.clock(now_millis),
        }
    }
    judgement.objections
}

struct Judgement<'f> {
    facts: &'f Facts,
    /// The topic that is checked now.
    topic: Topic,
    objections: Vec<Objection>,
}

impl Judgement<'_> {
    fn version(&mut self) {
        match self.facts.version {
            Some(version) if version < OLDEST => {
                self.refuse(format!("it is Redis {version}"), "run Redis 7.0 or later, best 7.2");
            }
            Some(_) => {}
            None => self.withheld("its version", "+info", "it is Redis 7.0 or later"),
        }
    }

    fn waiting(&mut self) {
        if let Some(version) = self.facts.version.filter(|found| (OLDEST..WAITAOF).contains(found))
        {
            let what = format!(
                "it is Redis {version}: it cannot wait until a replica has written to its disk"
            );
            self.warn(what, "run Redis 7.2 or later");
        }
    }

    fn role(&mut self) {
        if self.facts.is_primary == Some(false) {
            self.refuse_for_now("it is a replica and accepts no writes", "use its primary");
        }
        if self.facts.is_loading == Some(true) {
            self.warn("it is still loading its data", "wait until it has loaded");
        }
    }

    fn memory(&mut self) {
        match self.facts.memory_policy.as_deref() {
            Some("noeviction") => {}
            Some(policy) => self.refuse(
                format!("maxmemory-policy is {policy}: it can evict parts of the books"),
                set("maxmemory-policy", "noeviction"),
            ),
            None => {
                self.withheld("its maxmemory-policy", "+info", "it is noeviction");
            }
        }
        if let (Some(used), Some(max @ 1..)) =
            (self.facts.memory_bytes, self.facts.memory_bytes_max)
            && used / 9 > max / 10
        {
            let what = format!("it uses {used} bytes of memory of at most {max}");
            self.warn(what, "raise the limit, as with CONFIG SET maxmemory BYTES");
        }
    }

    fn disk(&mut self) {
        match self.facts.is_appending {
            Some(true) => {}
            Some(false) => self.refuse(
                "appendonly is no: a crash of the process loses recent writes",
                set("appendonly", "yes"),
            ),
            None => self.withheld("whether it is appendonly", "+info", "appendonly is yes"),
        }
        match self.facts.appendfsync.as_deref() {
            Some("always") => {}
            Some(when) => self.refuse(
                format!("appendfsync is {when}: a crash of the machine loses recent writes"),
                set("appendfsync", "always"),
            ),
            None => self.withheld("its appendfsync", "+config|get", "it is always"),
        }
        if self.facts.is_append_well == Some(false) {
            self.warn("it could not write to its append-only file", "free space on its disk");
        }
        if self.facts.is_snapshot_well == Some(false) {
            self.warn("it could not write its last snapshot", "free space on its disk");
        }
    }

    fn replicas(&mut self) {
        let said = self.facts.replicas_awaited;
        let awaited = said.or(self.facts.replicas_seen).map_or(1, |count| u64::from(count.get()));
        let connect = "on each replica: REPLICAOF with its host and port";
        match self.facts.replicas {
            Some(count) if count < awaited && said.is_none() && awaited > 1 => self.refuse_for_now(
                format!(
                    "{count} replicas are connected to it, but it had {awaited}, and all of them \
                     must confirm writes"
                ),
                format!(
                    "{connect}; or, if one was removed for good, set their number in store.url, \
                     replicas=N, and restart the gateway"
                ),
            ),
            Some(count) if count < awaited => self.refuse_for_now(
                format!("{count} replicas are connected to it, but {awaited} must confirm writes"),
                connect,
            ),
            Some(_) => {}
            None => {
                let see = format!("it has {awaited} replicas or more");
                self.withheld("its replicas", "+info", &see);
            }
        }
        if self.facts.replicas_min_to_write == Some(0) {
            self.warn(
                "min-replicas-to-write is 0: it accepts writes even without its replicas",
                set("min-replicas-to-write", &awaited.to_string()),
            );
        }
    }

    fn clock(&mut self, now_millis: i64) {
        let Some(time_millis) = self.facts.time_millis else {
            return self.withheld("its time", "+time", "its clock is right");
        };
        let offset_millis = time_millis.abs_diff(now_millis);
        if offset_millis >= OFFSET_MILLIS_MAX {
            let direction = if time_millis > now_millis { "ahead of" } else { "behind" };
            let what = format!("its clock is {offset_millis} ms {direction} this machine's");
            self.warn(what, "set both by NTP; the books use its clock");
        }
    }

    fn withheld(&mut self, what: &str, rule: &str, see_to_it: &str) {
        let what = format!("it does not show {what}");
        let user = &self.facts.user;
        self.warn(what, format!("ACL SETUSER {user} {rule}, or make sure that {see_to_it}"));
    }

    fn refuse(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        let (what, remedy) = (what.into(), remedy.into());
        let topic = self.topic;
        self.objections.push(Objection { topic, what, remedy, is_fatal: true, may_pass: false });
    }

    fn refuse_for_now(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        let (what, remedy) = (what.into(), remedy.into());
        let topic = self.topic;
        self.objections.push(Objection { topic, what, remedy, is_fatal: true, may_pass: true });
    }

    fn warn(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        let (what, remedy) = (what.into(), remedy.into());
        let topic = self.topic;
        self.objections.push(Objection { topic, what, remedy, is_fatal: false, may_pass: true });
    }
}

fn set(setting: &str, value: &str) -> String {
    format!("CONFIG SET {setting} {value}, and in redis.conf: {setting} {value}")
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests;
