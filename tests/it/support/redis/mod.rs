//! Redis as a test needs it: servers of its own, alone, with replicas, under sentinels or as a
//! cluster, each of which it may kill, stop and fill up.
//!
//! Everything is a `redis-server` process on this machine, in a folder that goes when the test
//! ends. Nothing here knows the gateway, nor what it keeps in a Redis.

mod asking;
mod cluster;
mod documented;
mod proxy;
mod replicas;
mod sentinels;
mod server;

pub(crate) use cluster::Cluster;
pub(crate) use proxy::{Proxy, Wire};
pub(crate) use replicas::Replicas;
pub(crate) use sentinels::Sentinels;
pub(crate) use server::Server;
