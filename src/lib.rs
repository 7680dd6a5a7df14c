//! Tollgate: an internal HTTP gateway in front of the Amplemarket API that pays for no lead twice.
//!
//! In reading order:
//!
//! - [`domain`]: the rules, pure: what a lead is, who is one person, what things cost.
//! - [`clock`]: where the time comes from.
//! - [`disk`]: one file, one writer, for a store that is embedded.
//! - [`vault`]: sealed bytes with hard lifetimes.

pub mod clock;
pub mod disk;
pub mod domain;
pub mod vault;
