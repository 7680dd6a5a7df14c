//! Routes: the server of each key. The route is cached until a request fails, and is then looked up
//! again from the sentinels, or from the servers of the cluster.

mod cluster;
mod sentinels;

use std::sync::Arc;

use tokio::time::Instant;

#[cfg(fuzzing)]
pub(super) use self::cluster::read as cluster_range;
#[cfg(fuzzing)]
pub(super) use self::sentinels::endpoint as named_primary;

use self::cluster::Cluster;
use self::sentinels::Sentinels;
use super::Unreached;
use super::address::Place;
use super::line::{Dial, Line};
use super::server::Server;

/// How servers are found.
pub(super) enum Route {
    One(Arc<Server>),
    Cluster(Cluster),
    Sentinels(Sentinels),
}

impl Route {
    pub(super) fn new(place: &Place, dial: &Arc<Dial>) -> Self {
        match place.clone() {
            Place::One(endpoint) => Self::One(Server::new(endpoint, Arc::clone(dial))),
            Place::Cluster(seeds) => Self::Cluster(Cluster::new(seeds, Arc::clone(dial))),
            Place::Sentinels { sentinels, service } => {
                Self::Sentinels(Sentinels::new(sentinels, service, Arc::clone(dial)))
            }
        }
    }

    /// The known server of this key.
    pub(super) async fn server(
        &self,
        key: &[u8],
        until: Instant,
    ) -> Result<Arc<Server>, Unreached> {
        match self {
            Self::One(server) => Ok(Arc::clone(server)),
            Self::Cluster(cluster) => cluster.server(key, until).await,
            Self::Sentinels(sentinels) => sentinels.server(until).await,
        }
    }

    /// Marks this server as doubtful: next time it is looked up again.
    pub(super) fn doubt(&self, server: &Arc<Server>) {
        match self {
            Self::One(_) => {}
            Self::Cluster(cluster) => cluster.doubt(),
            Self::Sentinels(sentinels) => sentinels.doubt(server),
        }
    }

    /// Whether there is only one fixed server.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// Whether keys may be on different servers.
    pub(super) fn is_spread(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}
