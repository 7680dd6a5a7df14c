//! What the books hold: one record a row.

pub mod batch;
pub mod entry;
pub mod job;
pub mod lane;
pub mod lead;
pub mod opening;
pub mod remnant;
pub mod replay;
pub mod settlement;
pub mod stage;
pub mod tally;
pub mod team;
pub mod usage;
pub mod validation;
