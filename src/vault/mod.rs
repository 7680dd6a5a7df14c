//! Sealed bytes with hard lifetimes: what leads were sent, and what came back for them. The ledger
//! points here and holds nothing personal itself.
//!
//! An item is written once and never changed, lives until the moment it was given, and is absent
//! from then on, whoever reads it meanwhile. What is kept on a disk or a server is sealed; a
//! [`Vault`] takes and gives plain bytes, and says nothing of them in any log.
//!
//! Knows nothing of what the bytes mean: no lead, no price, no team.

pub mod any;
pub mod derive;
pub mod embedded;
mod item;
pub mod memory;
pub mod redis;
pub mod sealing;

use std::error::Error;
use std::future::Future;

pub use item::{Item, ItemKey};

/// Where items are kept.
pub trait Vault: Send + Sync + 'static {
    /// Keeps the items: durable, and there for [`Vault::fetch`], no later than any step of the
    /// ledger in the same store that is asked for after this has returned. An item that can be
    /// fetched under its key already stays as it is.
    fn put(&self, items: Vec<Item>) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// The bytes under each of the keys, in their order; nothing where there never were any, they
    /// were erased, they have expired, or they are not what was sealed under this key.
    fn fetch(
        &self,
        keys: &[ItemKey],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, VaultError>> + Send;

    /// Whether each of the items can be fetched, in the order of the keys. Their bytes stay where they
    /// are, so one that was changed since it was sealed counts as there.
    fn holds(&self, keys: &[ItemKey])
    -> impl Future<Output = Result<Vec<bool>, VaultError>> + Send;

    /// Removes the items for good. Those that are not there are no error.
    fn erase(&self, keys: &[ItemKey]) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Looks at the next so many items and removes those that have expired. Called again and again,
    /// it comes past every item and starts anew. Where the store removes them by itself, there is
    /// nothing left to do.
    fn sweep(&self, items_max: usize) -> impl Future<Output = Result<Swept, VaultError>> + Send;
}

/// What a look at some items came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// How many items were removed.
    pub removed: usize,
    /// Whether items follow that were not looked at in this round.
    pub is_more: bool,
}

/// Why the vault did not do what was asked. All of it may be asked again.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing was done.
    #[error("the vault is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It may have been done, or may yet be.
    #[error("the vault did not answer: the operation may have been done")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
}
