//! The rules: pure and synchronous. No serde, no clock, no log, no IO; `now` is an argument.
//!
//! Money is [`credits::Credits`], whole thousandths, and every sum is checked. A [`lead::Lead`] is
//! what a caller wrote; [`identity`] says which leads are one person.
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::float_arithmetic)]

pub mod credits;
pub mod identity;
pub mod lead;
pub mod reveal;
pub mod team;
pub mod time;
