//! Watching a store: how long its steps take, and whether it does its part.

use std::time::Duration;

/// Told of every step that a store ran.
pub trait Watch: Send + Sync + 'static {
    /// A step ran so long, with this outcome.
    fn step(&self, name: &'static str, took: Duration, outcome: StepOutcome);
}

/// How a step went, for those who watch the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// The store did its part, whatever the step decided.
    Kept,
    /// The store failed.
    Failed,
}

impl Watch for () {
    fn step(&self, _: &'static str, _: Duration, _: StepOutcome) {}
}
