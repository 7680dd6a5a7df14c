//! Telemetry: what the gateway says of itself, as log lines and as numbers.
//!
//! Nothing here decides anything, and nothing here ever sees a lead, a person or a key.

pub mod logs;
pub mod metrics;
