//! Addresses: the location of a Redis and the connection parameters, in one URL.

mod parse;

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

/// The location of a Redis and its connection parameters.
///
/// | URL | connects to |
/// |---|---|
/// | `redis://[user:password@]host[:port][/database]` | one server |
/// | `rediss://…` | one server, over TLS |
/// | `redis-cluster://host[:port],…` | a cluster, found through any of these nodes |
/// | `redis-sentinel://host[:port],…/service` | the primary that these sentinels name |
///
/// Parameters after a `?`, separated by `&`:
///
/// | parameter | meaning |
/// |---|---|
/// | `namespace=NAME` | separates several ledgers on one Redis; `default` if omitted |
/// | `replicas=N` | how many replicas must confirm a write; by default the most that were seen connected |
/// | `tls=true` | TLS, for a cluster or sentinels |
/// | `ca=FILE` | the root certificates, in PEM; public ones if omitted |
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) place: Place,
    pub(super) login: Option<Login>,
    pub(super) trust: Trust,
    pub(super) database: u16,
    pub(super) replicas: Option<NonZeroU16>,
    namespace: String,
}

/// The kind of deployment and its hosts.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    One(Endpoint),
    Cluster(Vec<Endpoint>),
    Sentinels { sentinels: Vec<Endpoint>, service: String },
}

/// The host and port of one server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
}

/// The login. Without a user, the default user.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: SecretString,
}

/// Whether connections are encrypted, and which root certificates are trusted.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Trust {
    Plain,
    PublicRoots,
    File(PathBuf),
}

/// Why a text is not an address. Never quotes the text: it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}: {remedy}")]
pub struct Unfit {
    /// What is wrong, as in `has no host`.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

impl Address {
    /// Whether the scheme of a text is one of these addresses.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        parse::SCHEMES.contains(&scheme)
    }

    /// The namespace of the ledger, among several on one Redis.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The hosts of unencrypted connections.
    pub fn hosts_in_clear(&self) -> impl Iterator<Item = &str> {
        let endpoints = match (&self.trust, &self.place) {
            (Trust::PublicRoots | Trust::File(_), _) => &[][..],
            (Trust::Plain, Place::One(endpoint)) => std::slice::from_ref(endpoint),
            (Trust::Plain, Place::Cluster(nodes)) => nodes,
            (Trust::Plain, Place::Sentinels { sentinels, .. }) => sentinels,
        };
        endpoints.iter().map(|endpoint| endpoint.host.as_str())
    }

    /// The user of the login.
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
    /// The URL with every parameter, and the password hidden.
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
