//! A halt: the store does not hold the books that were in use, or nobody has looked yet whether it
//! does. While it lasts no step is taken.

use std::sync::{Arc, Mutex, PoisonError};

use super::{LedgerError, Outcome};

/// Why no step is taken. Only an operator ends it, except for [`Reason::NotCompared`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The store has not been compared yet with the exported entries.
    #[error("the store has not yet been compared with the folder of ledger.export_dir")]
    NotCompared,
    /// The store has fewer journal entries than it had confirmed.
    #[error(
        "the store went back in time: it has {found} journal entries and had confirmed {known}, so \
         an old copy was restored or a failover lost writes; nothing is spent. Restore the right \
         store and restart every replica; or empty it and run `tollgate ledger adopt --from DIR`; \
         or, to accept the present store, check `tollgate audit` and restart every replica"
    )]
    WentBack {
        /// How many entries the store had confirmed.
        known: u64,
        /// How many it has.
        found: u64,
    },
    /// The store contradicts the exported entries.
    #[error(
        "{fault}; nothing is spent. Restore the right store and restart every replica; or empty it \
         and run `tollgate ledger adopt --from DIR`; or, to accept the present store, check \
         `tollgate audit`, move the folder away or set another one in ledger.export_dir, and \
         restart every replica"
    )]
    ExportDiffers {
        /// How they differ.
        fault: String,
    },
}

/// Whether steps are taken, and why not. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<Mutex<Option<Reason>>>);

impl Halt {
    /// Takes no more steps. The first reason that needs an operator stays.
    pub fn set(&self, reason: Reason) {
        let mut held = self.held();
        if held.as_ref().is_none_or(|held| *held == Reason::NotCompared) {
            *held = Some(reason);
        }
    }

    /// The store was compared with the exported entries: they agree, or there are none.
    pub fn compared(&self) {
        self.held().take_if(|held| *held == Reason::NotCompared);
    }

    /// An operator has decided: steps are taken again. Answers whether they were not.
    #[must_use]
    pub fn lift(&self) -> bool {
        self.held().take_if(|held| *held != Reason::NotCompared).is_some()
    }

    /// Why no step is taken; none where steps are taken.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.held().clone()
    }

    /// Whether a step that writes may be taken.
    ///
    /// # Errors
    /// [`LedgerError::NotApplied`] until the store was compared, [`LedgerError::WrongEpoch`] once
    /// an operator has to decide.
    pub fn check_write(&self) -> Outcome<()> {
        match &*self.held() {
            None => Ok(()),
            Some(reason @ Reason::NotCompared) => Err(LedgerError::NotApplied(reason.to_string())),
            Some(Reason::WentBack { .. } | Reason::ExportDiffers { .. }) => {
                Err(LedgerError::WrongEpoch)
            }
        }
    }

    /// Whether the rows may be read: only what is compared needs to be, before it is.
    ///
    /// # Errors
    /// [`LedgerError::WrongEpoch`] once an operator has to decide.
    pub fn check_read(&self) -> Outcome<()> {
        match self.check_write() {
            Err(LedgerError::NotApplied(_)) => Ok(()),
            checked => checked,
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Reason>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WENT_BACK: Reason = Reason::WentBack { known: 7, found: 3 };

    #[test]
    fn only_an_operator_ends_a_halt_over_a_store_that_went_back() {
        let halt = Halt::default();
        assert_eq!(halt.check_write(), Ok(()));
        halt.set(WENT_BACK);
        halt.set(Reason::NotCompared);
        halt.compared();
        assert_eq!(halt.reason(), Some(WENT_BACK));
        assert_eq!(halt.check_read(), Err(LedgerError::WrongEpoch));
        assert!(halt.lift());
        assert_eq!(halt.check_read(), Ok(()));
    }

    #[test]
    fn until_the_store_is_compared_it_is_only_read() {
        let halt = Halt::default();
        halt.set(Reason::NotCompared);
        assert!(matches!(halt.check_write(), Err(LedgerError::NotApplied(_))));
        assert_eq!(halt.check_read(), Ok(()));
        halt.set(WENT_BACK);
        assert_eq!(halt.reason(), Some(WENT_BACK));
        let halt = Halt::default();
        halt.set(Reason::NotCompared);
        halt.compared();
        assert_eq!(halt.check_write(), Ok(()));
    }
}
