//! What speaks against the store: found by whoever keeps watching it, told to operators.

use std::sync::{Arc, Mutex, PoisonError};

/// Something in the way the store is set or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// What, and what to do.
    pub what: String,
    /// Whether the books cannot be entrusted to it.
    pub is_fatal: bool,
}

/// What speaks against the store at present. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Concerns(Arc<Mutex<Vec<Concern>>>);

impl Concerns {
    /// What speaks against it now; answers what did not before.
    pub fn replace(&self, concerns: Vec<Concern>) -> Vec<Concern> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = concerns.iter().filter(|concern| !held.contains(concern)).cloned().collect();
        *held = concerns;
        new
    }

    /// Whether the books cannot be entrusted to the store.
    #[must_use]
    pub fn is_any_fatal(&self) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|concern| concern.is_fatal)
    }

    /// Each of them in words, those that are fatal or those that are not.
    #[must_use]
    pub fn told(&self, is_fatal: bool) -> Vec<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = held.iter().filter(|concern| concern.is_fatal == is_fatal);
        of_kind.map(|concern| format!("store: {}", concern.what)).collect()
    }
}
