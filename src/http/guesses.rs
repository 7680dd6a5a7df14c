//! Wrong keys and tokens: counted, and answered late where one source sends many.
//!
//! A right key is never delayed, so a wrong one behind the same balancer slows no other caller. Memory
//! is bounded: of the sources that sent a wrong key, the longest silent is forgotten first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use ipnet::{IpNet, Ipv6Net};
use tokio::time::{Instant, sleep};

use super::peer::{Peer, TrustedProxies};
use crate::telemetry::metrics::{Door, Metrics};

/// How many wrong keys of one source are answered at once, before they are slowed.
const AT_ONCE: u32 = 10;

/// Beyond that, one more each time this has passed.
const EVERY: Duration = Duration::from_secs(6);

/// How late the others are answered.
const DELAY: Duration = Duration::from_secs(1);

/// How many sources are remembered.
const SOURCES_MAX: usize = 4096;

/// The wrong keys that came through one listener. Clones share it.
#[derive(Clone)]
pub(super) struct Guesses {
    proxies: TrustedProxies,
    door: Door,
    metrics: Arc<Metrics>,
    /// Until when what each source sent counts.
    sources: Arc<Mutex<HashMap<IpNet, Instant>>>,
}

impl Guesses {
    pub(super) fn new(door: Door, proxies: TrustedProxies, metrics: Arc<Metrics>) -> Self {
        Self { proxies, door, metrics, sources: Arc::default() }
    }

    /// Where a request comes from; none where it did not come by a connection.
    pub(super) fn source(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = parts.extensions.get::<Peer>()?;
        Some(self.proxies.source(*peer, &parts.headers))
    }

    /// A request came with a wrong key: counts it, and waits where its source has sent many.
    pub(super) async fn refuse(&self, source: Option<IpAddr>) {
        self.metrics.refuse_key(self.door);
        if source.is_some_and(|source| self.are_too_many(source)) {
            sleep(DELAY).await;
        }
    }

    /// Notes one more of a source; whether it sends too many.
    fn are_too_many(&self, source: IpAddr) -> bool {
        let now = Instant::now();
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network_of(source);
        if sources.len() >= SOURCES_MAX && !sources.contains_key(&network) {
            sources.retain(|_, until| *until > now);
            // Where all of them are still sending, whoever is closest to silence.
            let quietest = sources.iter().min_by_key(|(_, until)| **until).map(|(net, _)| *net);
            if sources.len() >= SOURCES_MAX
                && let Some(quietest) = quietest
            {
                sources.remove(&quietest);
            }
        }
        let until = sources.entry(network).or_insert(now);
        *until = (*until).max(now);
        if *until - now >= EVERY * AT_ONCE {
            return true;
        }
        *until += EVERY;
        false
    }
}

/// One source: an IPv4 address, or the network that one IPv6 host has to itself.
fn network_of(source: IpAddr) -> IpNet {
    match source {
        IpAddr::V4(_) => source.into(),
        IpAddr::V6(address) => {
            Ipv6Net::new(address, 64).expect("64 bits are a prefix of an address").trunc().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn guesses() -> Guesses {
        Guesses::new(Door::Callers, TrustedProxies::default(), Arc::new(Metrics::new()))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_sends_many_is_slowed_and_another_is_not() {
        let guesses = guesses();
        let (started, one) = (Instant::now(), Some(ip("192.0.2.1")));
        for _ in 0..AT_ONCE {
            guesses.refuse(one).await;
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        guesses.refuse(one).await;
        assert_eq!(started.elapsed(), DELAY);
        guesses.refuse(Some(ip("192.0.2.2"))).await;
        assert_eq!(started.elapsed(), DELAY);
        sleep(EVERY).await;
        guesses.refuse(one).await;
        assert_eq!(started.elapsed(), DELAY + EVERY, "it is forgiven in time");
        assert!(guesses.metrics.render().contains("tollgate_refused_keys_total"));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_of_one_ipv6_network_are_one_source() {
        let guesses = guesses();
        let started = Instant::now();
        for host in 0..AT_ONCE {
            guesses.refuse(Some(ip(&format!("2001:db8::{host:x}")))).await;
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        guesses.refuse(Some(ip("2001:db8::ffff"))).await;
        assert_eq!(started.elapsed(), DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_sources_are_remembered_than_there_is_room_for() {
        let guesses = guesses();
        for address in 0..2 * u32::try_from(SOURCES_MAX).unwrap() {
            guesses.refuse(Some(Ipv4Addr::from_bits(address).into())).await;
        }
        assert_eq!(guesses.sources.lock().unwrap().len(), SOURCES_MAX);
    }
}
