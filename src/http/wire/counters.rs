//! The counters of a tally, as operators are shown them.

use serde::Serialize;

use super::credits::Number;
use crate::domain::credits::Credits;

/// Credits by what became of them.
#[derive(Serialize)]
pub(super) struct Counters {
    spent: Number,
    reserved: Number,
    unresolved: Number,
    avoided: Number,
}

impl Counters {
    /// In the order in which they are shown.
    pub(super) fn of(counters: [Credits; 4]) -> Self {
        let [spent, reserved, unresolved, avoided] = counters.map(Number);
        Self { spent, reserved, unresolved, avoided }
    }
}
