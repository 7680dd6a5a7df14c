//! Problems of the store, found by its monitor and shown to operators.

use std::sync::{Arc, Mutex, PoisonError};

/// A problem of the store's settings or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// The problem and its remedy.
    pub what: String,
    /// Whether the store cannot be used for the ledger.
    pub is_fatal: bool,
}

/// The current problems of the store. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Concerns(Arc<Mutex<Vec<Concern>>>);

impl Concerns {
    /// Replaces the problems; returns the new ones.
    pub fn replace(&self, concerns: Vec<Concern>) -> Vec<Concern> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = concerns.iter().filter(|concern| !held.contains(concern)).cloned().collect();
        *held = concerns;
        new
    }

    /// Whether the store cannot be used for the ledger.
    #[must_use]
    pub fn is_any_fatal(&self) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|concern| concern.is_fatal)
    }

    /// The text of each problem, either of the fatal ones or of the others.
    #[must_use]
    pub fn texts(&self, is_fatal: bool) -> Vec<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = held.iter().filter(|concern| concern.is_fatal == is_fatal);
        of_kind.map(|concern| format!("store: {}", concern.what)).collect()
    }
}
