//! Where a request comes from: the peer of its connection, or, where that is a proxy that the settings
//! trust, the address that the proxy gives.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The peer of the connection that a request came by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The proxies whose word counts.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedProxies(pub(super) Vec<IpNet>);

impl TrustedProxies {
    /// The address that a request comes from. Of `X-Forwarded-For`, what the nearest trusted proxies
    /// wrote counts, and nothing that stands before it: a caller may have written that.
    pub(super) fn source(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.0.ip().to_canonical();
        let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        for value in values.into_iter().rev() {
            let Ok(text) = value.to_str() else { return source };
            for address in text.rsplit(',') {
                if !self.trusts(source) {
                    return source;
                }
                match address.trim().parse::<IpAddr>() {
                    Ok(address) => source = address.to_canonical(),
                    Err(_) => return source,
                }
            }
        }
        source
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        let source = |peer: &str, forwarded: &[&str]| {
            let name = axum::http::HeaderName::from_static("x-forwarded-for");
            let headers = forwarded.iter().map(|value| (name.clone(), value.parse().unwrap()));
            proxies.source(Peer(format!("{peer}:1").parse().unwrap()), &headers.collect())
        };
        for (peer, forwarded, expected) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.3, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
            ("[::ffff:10.0.0.1]", &["2001:db8::7"], "2001:db8::7"),
        ] {
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(source(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }
}
