//! Parsing of addresses. Every error has a remedy, and none quotes the input.

use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use percent_encoding::percent_decode_str;

use super::{Address, Endpoint, Login, Place, Trust, Unfit};

/// The schemes of Redis addresses.
pub(super) const SCHEMES: [&str; 4] = ["redis", "rediss", "redis-cluster", "redis-sentinel"];

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
const NAMESPACE_CHARS_MAX: usize = 64;

const EXAMPLES: &str = "write one such as redis://host:6379/0, rediss://user:password@host, \
                        redis-cluster://host-1,host-2 or redis-sentinel://host-1,host-2/service";

pub(super) fn address(text: &str) -> Result<Address, Unfit> {
    let not_an_address = || unfit("is not the address of a Redis", EXAMPLES);
    let (scheme, rest) = text.split_once("://").ok_or_else(not_an_address)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(self::login(login)?), hosts),
        None => (None, authority),
    };
    let Query { namespace, replicas, is_tls, ca } = self::query(query)?;
    let (place, database, is_tls) = match (scheme, is_tls) {
        ("redis" | "rediss", true) => {
            return Err(unfit("sets tls=true", "write rediss:// instead"));
        }
        ("redis", false) => (one(hosts)?, self::database(path)?, false),
        ("rediss", false) => (one(hosts)?, self::database(path)?, true),
        ("redis-cluster", is_tls) => (cluster(hosts, path)?, 0, is_tls),
        ("redis-sentinel", is_tls) => (sentinels(hosts, path)?, 0, is_tls),
        _ => return Err(not_an_address()),
    };
    let trust = match (is_tls, ca) {
        (true, None) => Trust::PublicRoots,
        (true, Some(file)) => Trust::File(file.into()),
        (false, None) => Trust::Plain,
        (false, Some(_)) => {
            let remedy = "write rediss://, or tls=true for a cluster or sentinels, or remove it";
            return Err(unfit("sets ca for connections without TLS", remedy));
        }
    };
    Ok(Address { place, login, trust, database, replicas, namespace })
}

fn one(hosts: &str) -> Result<Place, Unfit> {
    let Ok([endpoint]) = <[_; 1]>::try_from(endpoints(hosts, REDIS_PORT)?) else {
        let remedy = "name one, or write redis-cluster:// or redis-sentinel://";
        return Err(unfit("names several hosts", remedy));
    };
    Ok(Place::One(endpoint))
}

fn cluster(hosts: &str, path: &str) -> Result<Place, Unfit> {
    match path {
        "" | "0" => Ok(Place::Cluster(endpoints(hosts, REDIS_PORT)?)),
        _ => Err(unfit("names a database", "remove it: a cluster has only database 0")),
    }
}

fn sentinels(hosts: &str, path: &str) -> Result<Place, Unfit> {
    if path.is_empty() || path.contains('/') {
        let remedy = "end it with the name of the service that the sentinels monitor, as in \
                      redis-sentinel://host-1,host-2/service";
        return Err(unfit("does not name one service", remedy));
    }
    let service = decoded(path)?;
    Ok(Place::Sentinels { sentinels: endpoints(hosts, SENTINEL_PORT)?, service })
}

fn database(path: &str) -> Result<u16, Unfit> {
    match path {
        "" => Ok(0),
        number => number.parse().map_err(|_| {
            unfit(
                "has a path that is not a database",
                "end it with a database such as /0, or nothing",
            )
        }),
    }
}

fn login(text: &str) -> Result<Login, Unfit> {
    let Some((user, password)) = text.split_once(':') else {
        return Err(unfit("has no password before its @", "write user:password@, or :password@"));
    };
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    Ok(Login { user, password: decoded(password)?.into() })
}

fn decoded(text: &str) -> Result<String, Unfit> {
    let remedy = "write it in UTF-8, each special byte as % and two hex digits";
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| unfit("has parts that are not UTF-8", remedy))
}

fn endpoints(hosts: &str, default_port: u16) -> Result<Vec<Endpoint>, Unfit> {
    hosts.split(',').map(|host| endpoint(host, default_port)).collect()
}

fn endpoint(text: &str, default_port: u16) -> Result<Endpoint, Unfit> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(|| {
            unfit("has a [ without its ]", "write an IPv6 address as in [::1]:6379")
        })?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    if host.is_empty() {
        return Err(unfit("has no host", EXAMPLES));
    }
    if !is_host(host, text.starts_with('[')) {
        return Err(unfit("has an invalid host", EXAMPLES));
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => Some(default_port),
        None => None,
        Some(port) => port.parse().ok().filter(|port| *port != 0),
    };
    let remedy = "write host or host:port, and in a user or a password each of % / ? @ as \
                  %25 %2F %3F %40";
    let port = port.ok_or_else(|| unfit("has an invalid port", remedy))?;
    Ok(Endpoint { host: host.to_owned(), port })
}

/// Whether the text is a host name or an IP address; an IPv6 address is in brackets and may have a
/// zone.
fn is_host(text: &str, is_bracketed: bool) -> bool {
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if is_bracketed {
        text.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
    } else {
        text.bytes().all(is_in_name)
    }
}

struct Query<'t> {
    namespace: String,
    replicas: Option<NonZeroU16>,
    is_tls: bool,
    ca: Option<&'t str>,
}

fn query(text: &str) -> Result<Query<'_>, Unfit> {
    let mut query =
        Query { namespace: "default".to_owned(), replicas: None, is_tls: false, ca: None };
    for field in text.split('&').filter(|field| !field.is_empty()) {
        match field.split_once('=') {
            Some(("namespace", name)) => query.namespace = namespace(name)?,
            Some(("replicas", count)) => query.replicas = Some(replicas(count)?),
            Some(("tls", "true")) => query.is_tls = true,
            Some(("tls", "false")) => query.is_tls = false,
            Some(("ca", file)) if !file.is_empty() => query.ca = Some(file),
            _ => {
                let remedy = "after the ? write namespace=NAME, replicas=NUMBER, tls=true or \
                              ca=FILE, separated by &";
                return Err(unfit("has an unknown query parameter", remedy));
            }
        }
    }
    Ok(query)
}

/// It is part of a hash tag, so it must not contain braces.
fn namespace(name: &str) -> Result<String, Unfit> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAMESPACE_CHARS_MAX || !name.chars().all(is_fit) {
        let remedy = "write up to 64 of the letters a to z, digits, and - _ .";
        return Err(unfit("has an invalid namespace", remedy));
    }
    Ok(name.to_owned())
}

fn replicas(count: &str) -> Result<NonZeroU16, Unfit> {
    let remedy = "write how many must confirm writes, 1 or more, or remove it";
    count.parse().map_err(|_| unfit("has an invalid number of replicas", remedy))
}

fn unfit(wrong: &str, remedy: &str) -> Unfit {
    Unfit { wrong: wrong.to_owned(), remedy: remedy.to_owned() }
}
