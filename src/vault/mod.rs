//! Encrypted bytes with fixed lifetimes: submitted leads and their results. The ledger refers to
//! them and holds no personal data itself.
//!
//! An item is written once and never changed. It exists until its expiry and is absent from then
//! on. Items on a disk or a server are encrypted; a [`Vault`] takes and returns plain bytes, and
//! never logs them.
//!
//! The vault does not know the meaning of the bytes: no lead, no price, no team.

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

/// A store of items.
pub trait Vault: Send + Sync + 'static {
    /// Stores the items. They are durable and can be fetched no later than any step of the ledger
    /// in the same store that is requested after this returns. An existing item that can be fetched
    /// is not replaced.
    fn put(&self, items: Vec<Item>) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// The bytes of each key, in order; `None` if the item never existed, was erased, has expired,
    /// or is not the data that was encrypted under this key.
    fn fetch(
        &self,
        keys: &[ItemKey],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, VaultError>> + Send;

    /// Whether each item exists, in the order of the keys. The bytes are not read, so a corrupted
    /// item counts as existing.
    fn holds(&self, keys: &[ItemKey])
    -> impl Future<Output = Result<Vec<bool>, VaultError>> + Send;

    /// Removes the items. Missing items are no error.
    fn erase(&self, keys: &[ItemKey]) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Examines the next items and removes the expired ones. Repeated calls visit every item and
    /// then start again. Does nothing if the store expires items itself.
    fn sweep(&self, items_max: usize) -> impl Future<Output = Result<Swept, VaultError>> + Send;
}

/// The result of a sweep slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The number of removed items.
    pub removed: usize,
    /// Whether more items follow in this round.
    pub is_more: bool,
}

/// Why an operation of the vault failed. Every operation can be repeated.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing was done.
    #[error("the vault is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It may have been done, or may still be done.
    #[error("the vault did not answer: the operation may have been done")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
}
