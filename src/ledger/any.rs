//! The ledger that the settings name.

use super::Outcome;
use super::draft::{Draft, Fault};
use super::embedded::EmbeddedLedger;
use super::halt::Halt;
use super::memory::MemoryLedger;
use super::redis::RedisLedger;
use super::shelf::Shelf;

/// One of the ledgers.
#[derive(Debug)]
pub enum AnyLedger {
    /// In memory.
    Memory(MemoryLedger),
    /// On a disk of its own.
    Embedded(EmbeddedLedger),
    /// In a Redis that replicas share.
    Redis(RedisLedger),
}

impl AnyLedger {
    /// Whether steps are taken, and why not.
    #[must_use]
    pub fn halt(&self) -> &Halt {
        match self {
            Self::Memory(ledger) => ledger.halt(),
            Self::Embedded(ledger) => ledger.halt(),
            Self::Redis(ledger) => ledger.halt(),
        }
    }
}

impl Shelf for AnyLedger {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.halt().check_write()?;
        match self {
            Self::Memory(ledger) => ledger.write(name, step).await,
            Self::Embedded(ledger) => ledger.write(name, step).await,
            Self::Redis(ledger) => ledger.write(name, step).await,
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.halt().check_read()?;
        match self {
            Self::Memory(ledger) => Shelf::read(ledger, name, look).await,
            Self::Embedded(ledger) => Shelf::read(ledger, name, look).await,
            Self::Redis(ledger) => Shelf::read(ledger, name, look).await,
        }
    }

    async fn confirm(&self) -> Outcome<()> {
        match self {
            Self::Memory(ledger) => Shelf::confirm(ledger).await,
            Self::Embedded(ledger) => Shelf::confirm(ledger).await,
            Self::Redis(ledger) => Shelf::confirm(ledger).await,
        }
    }
}
