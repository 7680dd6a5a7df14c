//! Wire forms: the bodies that cross the edges, read and written.

pub mod request;

pub(super) mod adjustment;
pub(super) mod audit;
pub(super) mod batch;
pub(super) mod batches;
pub(super) mod cancellation;
mod counters;
mod credits;
pub(super) mod envelope;
pub(super) mod erasure;
pub(super) mod estimate;
pub mod fault;
mod given;
pub(super) mod items;
mod json;
pub(super) mod key;
pub(super) mod links;
pub(super) mod look_up;
mod policies;
pub(super) mod resolution;
pub(super) mod team;
pub(super) mod usage;
pub(super) mod validation;
