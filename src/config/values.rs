//! Values: parse the text of a setting.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use url::Url;

use crate::domain::credits::Credits;
use crate::domain::epoch::Epoch;
use crate::domain::measure;
use crate::domain::pricing::PhoneBasis;
use crate::domain::route::VendorPath;
use crate::domain::share::Share;
use crate::remote::{self, Address};

/// Why a text is not a valid value. Never quotes the text: it may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// What is wrong, as in `is not a duration`.
    pub(super) wrong: String,
    /// What to do.
    pub(super) remedy: String,
}

impl Unfit {
    pub(super) fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), remedy: remedy.into() }
    }

    fn not(noun: &str, examples: &str) -> Self {
        Self::new(format!("is not {noun}"), format!("write one such as {examples}"))
    }
}

/// A type of setting.
pub(super) trait Value: Sized {
    /// Parses the text.
    fn read(text: &str) -> Result<Self, Unfit>;

    /// The text as an error message may quote it; empty if no part of it may be shown.
    fn shown(text: &str) -> String {
        format!("\"{text}\"")
    }
}

/// What happens to a POST that got no answer and may have been charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoAnswer {
    /// Sent again after the quiet period, inside the charge window.
    Retry,
    /// Never sent again; its credits are unresolved at once.
    Hold,
}

impl Value for OnNoAnswer {
    fn read(text: &str) -> Result<Self, Unfit> {
        one_of(text, [("retry", Self::Retry), ("hold", Self::Hold)])
    }
}

impl Value for PhoneBasis {
    fn read(text: &str) -> Result<Self, Unfit> {
        one_of(text, [("person", Self::Person), ("number", Self::Number)])
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

impl Value for LogFormat {
    fn read(text: &str) -> Result<Self, Unfit> {
        one_of(text, [("json", Self::Json), ("pretty", Self::Pretty)])
    }
}

fn one_of<T, const N: usize>(text: &str, choices: [(&str, T); N]) -> Result<T, Unfit> {
    let names = choices.each_ref().map(|(name, _)| *name).join(" or ");
    let chosen = choices.into_iter().find(|(name, _)| *name == text);
    chosen
        .map(|(_, value)| value)
        .ok_or_else(|| Unfit::new("is not one of the choices", format!("write {names}")))
}

/// The location of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// Files in this folder.
    Embedded(PathBuf),
    /// In memory, lost at exit.
    Memory,
    /// A Redis, for several replicas.
    Redis(Address),
}

impl Value for StoreUrl {
    fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "write embedded:DIR, memory:, redis://, rediss://, redis-cluster:// or \
                      redis-sentinel://";
        match text.split_once(':') {
            Some(("embedded", "")) => Err(Unfit::new("does not name a folder", remedy)),
            Some(("embedded", folder)) => Ok(Self::Embedded(folder.into())),
            Some(("memory", "")) => Ok(Self::Memory),
            Some((scheme, _)) if Address::has_scheme(scheme) => {
                let address = text.parse().map(Self::Redis);
                address.map_err(|remote::Unfit { wrong, remedy }| Unfit::new(wrong, remedy))
            }
            _ => Err(Unfit::new("is not a store", remedy)),
        }
    }

    /// Any part of an invalid address may be a password.
    fn shown(text: &str) -> String {
        let is_scheme =
            |scheme: &&str| scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let scheme = text.split_once(':').map(|(scheme, _)| scheme).filter(is_scheme);
        scheme.map_or_else(String::new, |scheme| format!("\"{scheme}:<redacted>\""))
    }
}

/// How durable a write to Redis must be before anything that costs credits is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In the file of the primary, and confirmed by its replicas.
    Strict,
    /// In the file of the primary.
    Single,
    /// Unchecked, for development.
    Relaxed,
}

impl Value for Durability {
    fn read(text: &str) -> Result<Self, Unfit> {
        let choices =
            [("strict", Self::Strict), ("single", Self::Single), ("relaxed", Self::Relaxed)];
        one_of(text, choices)
    }
}

impl Value for Epoch {
    fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "write the 16 hexadecimal digits that the gateway logs at its start";
        text.parse().map_err(|_| Unfit::new("is not an epoch", remedy))
    }
}

impl Value for PathBuf {
    fn read(text: &str) -> Result<Self, Unfit> {
        if text.is_empty() {
            return Err(Unfit::new("is empty", "give a path, or remove the setting"));
        }
        Ok(text.into())
    }
}

impl Value for Url {
    fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "write a URL such as https://api.amplemarket.com";
        let url =
            Self::parse(text).map_err(|why| Unfit::new(format!("is not a URL: {why}"), remedy))?;
        let has_more = url.query().is_some() || url.fragment().is_some();
        let has_userinfo = !url.username().is_empty() || url.password().is_some();
        match url.scheme() {
            "http" | "https" if has_userinfo => {
                Err(Unfit::new("contains a user name or password", "remove them"))
            }
            "http" | "https" if has_more => {
                Err(Unfit::new("has a query or fragment", "remove them"))
            }
            "http" | "https" => Ok(url),
            _ => Err(Unfit::new("is neither http nor https", remedy)),
        }
    }

    /// It may hold a password.
    fn shown(_: &str) -> String {
        String::new()
    }
}

impl Value for SocketAddr {
    fn read(text: &str) -> Result<Self, Unfit> {
        let examples = "127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080";
        text.parse().map_err(|_| Unfit::not("an IP address with a port", examples))
    }
}

impl Value for u32 {
    fn read(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|_| Unfit::not("a whole number", "3"))
    }
}

impl Value for u64 {
    fn read(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|_| Unfit::not("a whole number", "1000"))
    }
}

impl Value for usize {
    fn read(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|_| Unfit::not("a whole number", "10000"))
    }
}

impl Value for Share {
    fn read(text: &str) -> Result<Self, Unfit> {
        let percent = text.parse().ok().and_then(Self::percent);
        percent.ok_or_else(|| Unfit::not("a whole number from 1 to 100", "50"))
    }
}

impl Value for bool {
    fn read(text: &str) -> Result<Self, Unfit> {
        one_of(text, [("true", true), ("false", false)])
    }
}

/// A path on the callers' listener at which requests are not forwarded.
pub(super) struct HealthPath(pub(super) String);

impl Value for HealthPath {
    fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "write a path such as /healthz";
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        match VendorPath::of(text) {
            Ok(path) if path.is_the_gateways() => {
                Err(Unfit::new("is one of the gateway's own paths", remedy))
            }
            Ok(_) if text.bytes().all(is_plain) => Ok(Self(text.to_owned())),
            Ok(_) => Err(Unfit::new("is not a plain path", remedy)),
            Err(why) => Err(Unfit::new(format!("is not a path: {why}"), remedy)),
        }
    }
}

impl Value for Credits {
    fn read(text: &str) -> Result<Self, Unfit> {
        let credits = text.parse::<Self>().ok().filter(|credits| !credits.is_negative());
        credits.ok_or_else(|| Unfit::not("a number of credits", "0.5, with at most three decimals"))
    }
}

impl Value for Duration {
    fn read(text: &str) -> Result<Self, Unfit> {
        measure::duration(text).ok_or_else(|| Unfit::not("a duration", "250ms, 30s, 5m, 24h or 7d"))
    }
}

/// A size in bytes.
pub(super) struct Size(pub(super) usize);

impl Value for Size {
    fn read(text: &str) -> Result<Self, Unfit> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        measure::read(text, &units)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| Unfit::not("a size", "512B, 64KiB, 8MiB or 1GiB"))
    }
}

/// Which log lines are written: a filter in the syntax of `tracing-subscriber`.
pub(super) struct LogFilter(pub(super) String);

impl Value for LogFilter {
    fn read(text: &str) -> Result<Self, Unfit> {
        match EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(why) => Err(Unfit::new(
                format!("is not a log filter: {why}"),
                "write a level such as info, or levels by module such as info,tollgate::vendor=debug",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_digits_and_a_binary_unit() {
        for (text, bytes) in [("512B", 512), ("64KiB", 65_536), ("8MiB", 8_388_608)] {
            assert_eq!(Size::read(text).unwrap().0, bytes, "{text}");
        }
        for text in ["8", "8MB", "8mib", "MiB", "99999999999GiB"] {
            assert!(Size::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_store_is_a_folder_or_memory_or_a_redis() {
        assert_eq!(StoreUrl::read("embedded:a/b"), Ok(StoreUrl::Embedded("a/b".into())));
        assert_eq!(StoreUrl::read("memory:"), Ok(StoreUrl::Memory));
        for text in ["embedded:", "memory", "memory:x", "/var/lib", "sqlite:x"] {
            assert!(StoreUrl::read(text).is_err(), "{text:?}");
        }
        for text in ["redis://x", "rediss://x", "redis-cluster://x", "redis-sentinel://x/y"] {
            assert!(matches!(StoreUrl::read(text), Ok(StoreUrl::Redis(_))), "{text}");
        }
        assert!(StoreUrl::read("redis-proxy://x").is_err());
    }

    #[test]
    fn the_vendor_is_at_a_plain_http_url() {
        for text in ["https://api.amplemarket.com", "http://127.0.0.1:9000/v1"] {
            assert!(Url::read(text).is_ok(), "{text}");
        }
        for text in ["api.amplemarket.com", "ftp://x.io", "https://u:p@x.io", "https://x.io?a=1"] {
            assert!(Url::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_price_is_never_below_zero() {
        assert_eq!(Credits::read("0.5"), Ok(Credits::from_thousandths(500)));
        assert!(Credits::read("-1").is_err());
    }
}
