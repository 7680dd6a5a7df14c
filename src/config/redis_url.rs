//! The address of a Redis: a text that may hold a password, and is never shown with it.
//!
//! Only its rough shape is looked at here; what its parts mean is for whoever connects to say.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::values::Unfit;

/// The schemes under which a Redis is reached.
const SCHEMES: [&str; 4] = ["redis", "rediss", "redis-cluster", "redis-sentinel"];

/// The address of a Redis, as it was given.
#[derive(Clone)]
pub struct RedisUrl(SecretString);

impl RedisUrl {
    /// The whole text, its password with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether a text with this scheme is meant to be such an address.
    pub(super) fn has_scheme(scheme: &str) -> bool {
        SCHEMES.contains(&scheme)
    }

    pub(super) fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "write one such as redis://host:6379/0, rediss://user:password@host, \
                      redis-cluster://host-1,host-2 or redis-sentinel://host-1,host-2/service";
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        let is_host = |host: &str| !host.is_empty() && !host.starts_with(':');
        if !hosts.split(',').all(is_host) {
            return Err(Unfit::new("names no host", remedy));
        }
        if text.contains(char::is_whitespace) {
            return Err(Unfit::new("holds a blank", remedy));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", without_password(self.expose()))
    }
}

impl PartialEq for RedisUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for RedisUrl {}

/// The text of a setting with what may be a password in a URL hidden, also where the URL is written
/// wrongly: whatever stands before the last `@` is hidden, but for a user's name.
pub(super) fn without_password(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    let Some((login, after)) = rest.rsplit_once('@') else { return text.into() };
    let user = login.split_once(':').map_or("", |(user, _)| user);
    format!("{scheme}://{user}:<redacted>@{after}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_host_at_least() {
        for text in [
            "redis://localhost",
            "rediss://user:p%40ss@redis.internal:6380/2?namespace=eu",
            "redis-cluster://a,b:7001,[::1]:7002",
            "redis-sentinel://:secret@a,b/main",
        ] {
            assert_eq!(RedisUrl::read(text).unwrap().expose(), text);
        }
        for text in
            ["redis:", "redis://", "redis:///0", "redis://:6379", "redis://a,,b", "redis://a b"]
        {
            assert!(RedisUrl::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for (text, shown) in [
            ("redis://host/0", "redis://host/0"),
            ("redis://eu:hunter2@host", "redis://eu:<redacted>@host"),
            ("redis://:hunter2@a,b", "redis://:<redacted>@a,b"),
            ("redis://hunter2@host", "redis://:<redacted>@host"),
            ("redis://eu:hun/ter2@x@host", "redis://eu:<redacted>@host"),
            ("embedded:a@b", "embedded:a@b"),
        ] {
            assert_eq!(without_password(text), shown);
            let debug = RedisUrl::read(text).map(|url| format!("{url:?}")).unwrap_or_default();
            assert!(!debug.contains("ter2"), "{debug}");
        }
    }
}
