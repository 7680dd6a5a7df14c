//! Tollgate: an internal HTTP gateway in front of the Amplemarket API that pays for no lead twice.
//!
//! In reading order:
//!
//! - [`domain`]: the rules, pure: what a lead is, who is one person, what things cost.
//! - [`clock`]: where the time comes from.
//! - [`vendor`]: what costs: the Amplemarket API, and its answers sorted by what may be done next.

pub mod clock;
pub mod domain;
pub mod vendor;
