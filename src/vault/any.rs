//! The vault selected by the settings.

use super::embedded::EmbeddedVault;
use super::memory::MemoryVault;
use super::redis::RedisVault;
use super::{Item, ItemKey, Swept, Vault, VaultError};

/// One of the vaults.
#[derive(Debug)]
pub enum AnyVault {
    /// In memory.
    Memory(MemoryVault),
    /// On the embedded ledger's disk.
    Embedded(EmbeddedVault),
    /// On a Redis.
    Redis(RedisVault),
}

impl Vault for AnyVault {
    async fn put(&self, items: Vec<Item>) -> Result<(), VaultError> {
        match self {
            Self::Memory(vault) => vault.put(items).await,
            Self::Embedded(vault) => vault.put(items).await,
            Self::Redis(vault) => vault.put(items).await,
        }
    }

    async fn fetch(&self, keys: &[ItemKey]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        match self {
            Self::Memory(vault) => vault.fetch(keys).await,
            Self::Embedded(vault) => vault.fetch(keys).await,
            Self::Redis(vault) => vault.fetch(keys).await,
        }
    }

    async fn holds(&self, keys: &[ItemKey]) -> Result<Vec<bool>, VaultError> {
        match self {
            Self::Memory(vault) => vault.holds(keys).await,
            Self::Embedded(vault) => vault.holds(keys).await,
            Self::Redis(vault) => vault.holds(keys).await,
        }
    }

    async fn erase(&self, keys: &[ItemKey]) -> Result<(), VaultError> {
        match self {
            Self::Memory(vault) => vault.erase(keys).await,
            Self::Embedded(vault) => vault.erase(keys).await,
            Self::Redis(vault) => vault.erase(keys).await,
        }
    }

    async fn sweep(&self, items_max: usize) -> Result<Swept, VaultError> {
        match self {
            Self::Memory(vault) => vault.sweep(items_max).await,
            Self::Embedded(vault) => vault.sweep(items_max).await,
            Self::Redis(vault) => vault.sweep(items_max).await,
        }
    }
}
