//! The edges: what callers and operators send, and what they are told.
//!
//! Bodies become domain values here and nothing unchecked goes further. What a request costs or
//! may do is decided elsewhere.

mod operator;
mod public;

mod access;
mod bearer;
mod body;
#[cfg(fuzzing)]
pub mod fuzz;
mod guesses;
mod idempotency_key;
mod pace;
mod packing;
mod peer;
mod problem;
mod rate_limit;
mod retry_after;
mod room;
mod server;
mod target;
pub mod wire;

pub use operator::operator_router;
pub use public::public_router;
pub use server::{Certificate, CertificateError, Limits, listen, serve};
pub use wire::audit::audit_shown;
