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
mod idempotency_key;
mod packing;
mod problem;
mod retry_after;
mod room;
mod server;
mod target;
pub mod wire;

pub use operator::operator_router;
pub use public::public_router;
pub use server::{Limits, listen, serve};
