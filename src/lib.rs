//! Tollgate: an internal HTTP gateway in front of the Amplemarket API that pays for no lead twice.
//!
//! In reading order:
//!
//! - [`domain`]: the rules, pure: what a lead is, who is one person, what things cost.
//! - [`clock`]: where the time comes from.
//! - [`http`]: the edges: bodies in, answers out.

pub mod clock;
pub mod domain;
pub mod http;
