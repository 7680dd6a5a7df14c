//! The rules: pure and synchronous. No serde, no clock, no log, no IO; `now` is an argument.
//!
//! Amounts are [`credits::Credits`], whole thousandths with checked arithmetic. A [`lead::Lead`] is
//! what a caller wrote; [`identity`] decides which leads are one person.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::float_arithmetic)
)]

pub mod avoided;
pub mod budget;
pub mod charge;
pub mod credits;
pub mod epoch;
pub mod estimate;
pub mod idempotency_key;
pub mod identity;
pub mod key_terms;
pub mod lead;
pub mod limits;
pub mod measure;
pub mod needs;
pub mod note;
pub mod outage;
pub mod period;
pub mod person;
pub mod policy;
pub mod pricing;
pub mod quota;
pub mod request_id;
pub mod reveal;
pub mod route;
pub mod share;
pub mod shortage;
pub mod team;
pub mod team_limits;
pub mod time;
pub mod uuid;
pub mod vendor_id;
