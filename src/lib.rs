//! Tollgate: an internal HTTP gateway in front of the Amplemarket API that pays for no lead twice.
//!
//! In reading order:
//!
//! - [`domain`]: the rules, pure: what a lead is, who is one person, what things cost.
//! - [`ledger`]: what lasts: the books, and the atomic steps that move them.
//! - [`vendor`]: what costs: the vendor's API, every answer sorted by what may be done about it.
//! - [`clock`]: where the time comes from.
//! - [`config`]: what can be set, and what is wrong with it.
//! - [`telemetry`]: what the gateway says of itself.

pub mod clock;
pub mod config;
pub mod domain;
pub mod ledger;
pub mod telemetry;
pub mod vendor;
