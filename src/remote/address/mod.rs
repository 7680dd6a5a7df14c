//! Addresses: where a Redis is, and all that is said of it in one URL.

mod parse;

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

/// Where a Redis is, and how it is spoken to.
///
/// | URL | reaches |
/// |---|---|
/// | `redis://[user:password@]host[:port][/database]` | one server |
/// | `rediss://…` | one server, over TLS |
/// | `redis-cluster://host[:port],…` | a cluster, found through any of these |
/// | `redis-sentinel://host[:port],…/service` | the primary that these sentinels name |
///
/// After a `?`, parted by `&`:
///
/// | field | means |
/// |---|---|
/// | `namespace=NAME` | whose books these are, among several on one Redis; `default` if not said |
/// | `replicas=N` | how many replicas have to confirm a write; the most that its server was seen to have if not said |
/// | `tls=true` | TLS, for a cluster or sentinels |
/// | `ca=FILE` | the certificates, in PEM, that servers are to be vouched for by; public ones if not said |
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) place: Place,
    pub(super) login: Option<Login>,
    pub(super) trust: Trust,
    pub(super) database: u16,
    pub(super) replicas: Option<NonZeroU16>,
    namespace: String,
}

/// What is reached, and through whom.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    One(Endpoint),
    Cluster(Vec<Endpoint>),
    Sentinels { sentinels: Vec<Endpoint>, service: String },
}

/// Where one server listens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
}

/// Who one is to the servers. Without a user, the default one.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: SecretString,
}

/// Whether connections are encrypted, and by whom servers have to be vouched for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Trust {
    Plain,
    PublicRoots,
    File(PathBuf),
}

/// Why a text is no address. Never quotes the text: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}: {remedy}")]
pub struct Unfit {
    /// What is wrong, as in `names no host`.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

impl Address {
    /// Whether a text with this scheme is meant to be such an address.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        parse::SCHEMES.contains(&scheme)
    }

    /// Whose books these are, among several on one Redis.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The hosts that are spoken to without encryption.
    pub fn hosts_in_clear(&self) -> impl Iterator<Item = &str> {
        let endpoints = match (&self.trust, &self.place) {
            (Trust::PublicRoots | Trust::File(_), _) => &[][..],
            (Trust::Plain, Place::One(endpoint)) => std::slice::from_ref(endpoint),
            (Trust::Plain, Place::Cluster(nodes)) => nodes,
            (Trust::Plain, Place::Sentinels { sentinels, .. }) => sentinels,
        };
        endpoints.iter().map(|endpoint| endpoint.host.as_str())
    }

    /// Who the gateway is to the servers.
    pub(super) fn user(&self) -> &str {
        self.login.as_ref().and_then(|login| login.user.as_deref()).unwrap_or("default")
    }
}

impl FromStr for Address {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        parse::address(text)
    }
}

impl fmt::Display for Address {
    /// The URL with every part said, and the password hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, endpoints, path) = match &self.place {
            Place::One(endpoint) => {
                let scheme = if self.trust == Trust::Plain { "redis" } else { "rediss" };
                (scheme, std::slice::from_ref(endpoint), self.database.to_string())
            }
            Place::Cluster(endpoints) => ("redis-cluster", endpoints.as_slice(), String::new()),
            Place::Sentinels { sentinels, service } => {
                ("redis-sentinel", sentinels.as_slice(), service.clone())
            }
        };
        write!(f, "{scheme}://")?;
        if let Some(login) = &self.login {
            write!(f, "{}:<redacted>@", login.user.as_deref().unwrap_or_default())?;
        }
        let endpoints: Vec<_> = endpoints.iter().map(Endpoint::to_string).collect();
        write!(f, "{}/{path}?namespace={}", endpoints.join(","), self.namespace)?;
        if let Some(replicas) = self.replicas {
            write!(f, "&replicas={replicas}")?;
        }
        if self.trust != Trust::Plain && !matches!(self.place, Place::One(_)) {
            f.write_str("&tls=true")?;
        }
        match &self.trust {
            Trust::File(path) => write!(f, "&ca={}", path.display()),
            Trust::Plain | Trust::PublicRoots => Ok(()),
        }
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Login {}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            host if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests;
