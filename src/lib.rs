//! Tollgate: an internal HTTP gateway in front of the Amplemarket API that pays for no lead twice.
//!
//! In reading order:
//!
//! - [`domain`]: the rules, pure: what a lead is, who is one person, what things cost.
//! - [`ledger`]: what lasts: the books, and the atomic steps that move them.
//! - [`vault`]: sealed bytes with hard lifetimes: results and bodies.
//! - [`vendor`]: what costs: the vendor's API, every answer sorted by what may be done about it.
//! - [`export`]: the journal outside the store: files from which lost books are adopted.
//! - [`gateway`]: the order of events: enrich, send, collect, settle.
//! - [`http`]: the edges: bodies in, answers out.
//! - [`config`]: the settings, from their layers to checked values.
//! - [`telemetry`]: what the gateway shows of itself: logs and metrics.
//! - [`remote`]: one Redis, for the books and the vault that replicas share.
//! - [`disk`]: one file and one writer, for the books and the vault that are embedded.
//! - [`clock`]: where the time comes from.
//! - [`app`]: the composition root, and the commands.
//! - [`sandbox`]: the simulated vendor with its own bill; it shares nothing with the rest.

pub mod app;
pub mod clock;
pub mod config;
pub mod disk;
pub mod domain;
pub mod export;
pub mod gateway;
pub mod http;
pub mod ledger;
pub mod remote;
pub mod sandbox;
pub mod telemetry;
pub mod vault;
pub mod vendor;
