//! Telemetry: logs and metrics.
//!
//! Nothing here makes decisions, and nothing here sees a lead, a person or a key.

pub mod logs;
pub mod metrics;
