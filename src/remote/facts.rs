//! Facts: what a server reports about itself. What it does not report, because of its access rules
//! or its provider, is unknown and never guessed.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU16;

use super::Remote;
use super::command::Command;
use super::error::{RemoteError, Reply};
use super::value::Value;

/// The known facts of one server; `None` if it does not report them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its address.
    pub server: String,
    /// The gateway's user.
    pub user: String,
    /// The number of replicas that the address requires to confirm.
    pub replicas_awaited: Option<NonZeroU16>,
    /// The most replicas that were seen connected: all of them must confirm if the address gives no
    /// number.
    pub replicas_seen: Option<NonZeroU16>,
    /// Its version, or that of the Redis it is compatible with.
    pub version: Option<Version>,
    /// Whether it accepts writes.
    pub is_primary: Option<bool>,
    /// Whether it belongs to a cluster.
    pub is_cluster: Option<bool>,
    /// Whether it is loading its data and answers nothing meanwhile.
    pub is_loading: Option<bool>,
    /// The number of connected replicas.
    pub replicas: Option<u64>,
    /// Below this number of replicas it refuses writes.
    pub replicas_min_to_write: Option<u64>,
    /// The memory it uses.
    pub memory_bytes: Option<u64>,
    /// The memory limit; zero if there is none.
    pub memory_bytes_max: Option<u64>,
    /// What it does at the limit, as in `maxmemory-policy`.
    pub memory_policy: Option<String>,
    /// Whether it writes an append-only file.
    pub is_appending: Option<bool>,
    /// When it syncs that file to disk, as in `appendfsync`.
    pub appendfsync: Option<String>,
    /// Whether its last write to that file succeeded.
    pub is_append_well: Option<bool>,
    /// Whether its last snapshot succeeded.
    pub is_snapshot_well: Option<bool>,
    /// Its time, in milliseconds since the Unix epoch.
    pub time_millis: Option<i64>,
}

/// A release of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Facts {
    /// What a server answered to `INFO`, to `CONFIG GET` of `appendfsync` and of
    /// `min-replicas-to-write`, and to `TIME`, each where it would say.
    pub(super) fn read([info, appendfsync, replicas_min, time]: [Option<Value>; 4]) -> Self {
        let info = info.as_ref().and_then(Value::as_text).map(Info::read).unwrap_or_default();
        let setting = |answer: Option<Value>| match answer?.as_list()? {
            [_name, value] => value.as_text().map(str::to_owned),
            _ => None,
        };
        Self {
            version: info.text("redis_version").and_then(Version::read),
            is_primary: info.is("role", "master"),
            is_cluster: info.is("redis_mode", "cluster"),
            is_loading: info.is("loading", "1"),
            replicas: info.number("connected_slaves"),
            replicas_min_to_write: setting(replicas_min).and_then(|count| count.parse().ok()),
            memory_bytes: info.number("used_memory"),
            memory_bytes_max: info.number("maxmemory"),
            memory_policy: info.text("maxmemory_policy").map(str::to_owned),
            is_appending: info.is("aof_enabled", "1"),
            appendfsync: setting(appendfsync),
            is_append_well: info.is("aof_last_write_status", "ok"),
            is_snapshot_well: info.is("rdb_last_bgsave_status", "ok"),
            time_millis: time.as_ref().and_then(millis),
            ..Self::default()
        }
    }
}

impl Remote {
    /// The facts of the server of the namespace's hash tag.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn facts(&self) -> Result<Facts, RemoteError> {
        let (address, until) = (self.address(), self.until());
        let key = self.tag().into_bytes();
        let questions = vec![
            Command::beside("INFO", &key),
            Command::beside("CONFIG", &key).with("GET").with("appendfsync"),
            Command::beside("CONFIG", &key).with("GET").with("min-replicas-to-write"),
            Command::beside("TIME", &key),
        ];
        let (server, line) = self.line(&key, until).await?;
        let replies = self.exchange(&server, &line, questions, until).await?;
        let mut values = replies.into_iter().map(Reply::ok);
        let told = [(); 4].map(|()| values.next().flatten());
        Ok(Facts {
            server: server.endpoint().to_string(),
            user: address.user().to_owned(),
            replicas_awaited: address.replicas,
            replicas_seen: u16::try_from(server.replicas()).ok().and_then(NonZeroU16::new),
            ..Facts::read(told)
        })
    }

    /// How many bytes of memory that server may still use; `None` if there is no limit, or it does
    /// not report it.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn memory_left(&self) -> Result<Option<u64>, RemoteError> {
        let question = Command::beside("INFO", self.tag().as_bytes()).with("memory");
        let answers = self.ask(vec![question]).await?;
        let info = answers.first().and_then(Value::as_text).map(Info::read).unwrap_or_default();
        let max = info.number("maxmemory").filter(|max| *max > 0);
        Ok(max.and_then(|max| Some(max.saturating_sub(info.number("used_memory")?))))
    }
}

/// Seconds, and microseconds of the current second.
fn millis(time: &Value) -> Option<i64> {
    let [seconds, micros] = time.as_list()? else { return None };
    let number = |value: &Value| value.as_text()?.parse::<i64>().ok();
    number(seconds)?.checked_mul(1_000)?.checked_add(number(micros)? / 1_000)
}

/// The output of `INFO`: one `name:value` per line.
#[derive(Default)]
struct Info<'t>(BTreeMap<&'t str, &'t str>);

impl<'t> Info<'t> {
    fn read(text: &'t str) -> Self {
        Self(text.lines().filter_map(|line| line.split_once(':')).collect())
    }

    fn text(&self, name: &str) -> Option<&'t str> {
        self.0.get(name).copied()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    fn is(&self, name: &str, value: &str) -> Option<bool> {
        Some(self.text(name)? == value)
    }
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let mut next = || parts.next().flatten();
        Some(Self(next()?, next()?, next().unwrap_or_default()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reported_facts_are_read_and_others_are_unknown() {
        let info = Info::read("# Server\r\nredis_version:7.0.15\r\n\r\nused_memory:12\r\n");
        assert_eq!(info.text("redis_version").and_then(Version::read), Some(Version(7, 0, 15)));
        assert_eq!(info.number("used_memory"), Some(12));
        assert_eq!(info.is("redis_version", "7"), Some(false));
        assert_eq!(info.is("role", "master"), None);
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert!(Version::read("7.10.0") > Version::read("7.9.9"));
        assert_eq!(Version::read("8.0").unwrap().to_string(), "8.0.0");
        assert_eq!(Version::read("unstable"), None);
    }

    #[test]
    fn a_servers_time_is_in_milliseconds() {
        let text = |text: &str| Value::Bytes(text.into());
        let time = Value::List(vec![text("1700000000"), text("1999")]);
        assert_eq!(millis(&time), Some(1_700_000_000_001));
        assert_eq!(millis(&Value::Nil), None);
    }
}
