//! A vault on the disk of the embedded ledger. Items are staged on the same writer: they are
//! durable no later than the step that refers to them, and cost no sync of their own.

use std::error::Error;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use tracing::warn;

use super::item::{Item, ItemKey, KEY_BYTES};
use super::sealing::Sealer;
use super::{Swept, Vault, VaultError};
use crate::clock::Clock;
use crate::disk::{Disk, DiskError};
use crate::domain::time::Timestamp;

type KeyBytes = [u8; KEY_BYTES];

/// For each key, the expiry in milliseconds and the envelope.
const ITEMS: TableDefinition<&KeyBytes, (i64, &[u8])> = TableDefinition::new("sealed_items");

/// Items under keys of an old form, which are no longer read: they expire at once.
const SHORT_KEYS: TableDefinition<&[u8; 17], (i64, &[u8])> = TableDefinition::new("vault_items");

/// Items in a table of the disk.
///
/// Erased and swept items can no longer be fetched. Their encrypted bytes are overwritten when the
/// disk reuses their pages.
pub struct EmbeddedVault {
    disk: Disk,
    clock: Arc<dyn Clock>,
    sealer: Sealer,
    /// The last key of the previous sweep slice.
    swept: Mutex<Option<KeyBytes>>,
}

impl EmbeddedVault {
    /// The vault on this disk.
    ///
    /// # Errors
    /// If the disk has failed.
    pub async fn open(
        disk: Disk,
        clock: Arc<dyn Clock>,
        sealer: Sealer,
    ) -> Result<Self, VaultError> {
        let open = |transaction: &WriteTransaction| {
            transaction.delete_table(SHORT_KEYS)?;
            Ok(transaction.open_table(ITEMS).map(drop)?)
        };
        disk.write(open).await?;
        Ok(Self { disk, clock, sealer, swept: Mutex::default() })
    }

    fn swept(&self) -> MutexGuard<'_, Option<KeyBytes>> {
        self.swept.lock().expect("no code panics while it holds the position")
    }
}

impl Vault for EmbeddedVault {
    async fn put(&self, items: Vec<Item>) -> Result<(), VaultError> {
        let envelopes: Vec<_> = items
            .into_iter()
            .map(|Item { key, bytes, expires }| {
                let envelope = self.sealer.seal(key, &bytes);
                Sealed { key, expires, envelope }
            })
            .collect();
        let (sealer, clock) = (self.sealer.clone(), Arc::clone(&self.clock));
        let kept = self.disk.stage(move |transaction| {
            let (mut table, now) = (transaction.open_table(ITEMS)?, clock.now());
            for Sealed { key, expires, envelope } in &envelopes {
                if fetched(&table, &sealer, *key, now)?.is_none() {
                    table.insert(&key.to_bytes(), (expires.as_millis(), envelope.as_slice()))?;
                }
            }
            Ok(())
        });
        Ok(kept.await?)
    }

    async fn fetch(&self, keys: &[ItemKey]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        let (keys, sealer, now) = (keys.to_vec(), self.sealer.clone(), self.clock.now());
        let found = self.disk.read(move |transaction| {
            let table = transaction.open_table(ITEMS)?;
            keys.into_iter().map(|key| fetched(&table, &sealer, key, now)).collect()
        });
        Ok(found.await?)
    }

    async fn holds(&self, keys: &[ItemKey]) -> Result<Vec<bool>, VaultError> {
        let (keys, sealer, now) = (keys.to_vec(), self.sealer.clone(), self.clock.now());
        let held = self.disk.read(move |transaction| {
            let table = transaction.open_table(ITEMS)?;
            let is_held = |key: ItemKey| {
                let kept = table.get(&key.to_bytes())?;
                Ok(kept.is_some_and(|kept| {
                    let (_, envelope) = kept.value();
                    !has_expired(kept.value(), now) && sealer.knows(envelope)
                }))
            };
            keys.into_iter().map(is_held).collect()
        });
        Ok(held.await?)
    }

    async fn erase(&self, keys: &[ItemKey]) -> Result<(), VaultError> {
        let keys: Vec<_> = keys.iter().map(|key| key.to_bytes()).collect();
        let erased = self.disk.write(move |transaction| {
            let mut items = transaction.open_table(ITEMS)?;
            for key in &keys {
                items.remove(key)?;
            }
            Ok(())
        });
        Ok(erased.await?)
    }

    async fn sweep(&self, items_max: usize) -> Result<Swept, VaultError> {
        let (from, now) = (*self.swept(), self.clock.now());
        let look = move |transaction: &ReadTransaction| slice(transaction, from, items_max, now);
        let Slice { expired, last } = self.disk.read(look).await?;
        let removed = if expired.is_empty() {
            0
        } else {
            self.disk.write(move |transaction| remove_expired(transaction, &expired, now)).await?
        };
        *self.swept() = last;
        Ok(Swept { removed, is_more: last.is_some() })
    }
}

/// An encrypted item, ready to be stored.
struct Sealed {
    key: ItemKey,
    expires: Timestamp,
    envelope: Vec<u8>,
}

/// The bytes under this key. An envelope that cannot be decrypted counts as missing and can be
/// replaced, so that its data can be requested again and other items are not affected.
fn fetched(
    table: &impl ReadableTable<&'static KeyBytes, (i64, &'static [u8])>,
    sealer: &Sealer,
    key: ItemKey,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, redb::Error> {
    let Some(kept) = table.get(&key.to_bytes())? else { return Ok(None) };
    if has_expired(kept.value(), now) {
        return Ok(None);
    }
    let (_expires, envelope) = kept.value();
    let opened = sealer.open(key, envelope);
    Ok(opened
        .inspect_err(|error| {
            warn!(item.key = %key, error = %error, "item {key} cannot be decrypted: {error}");
        })
        .ok())
}

/// A range of consecutive items.
struct Slice {
    expired: Vec<KeyBytes>,
    /// The last of them; `None` at the end of the table, after which the next slice starts from the
    /// beginning.
    last: Option<KeyBytes>,
}

/// Finds expired items in a slice, without blocking the writer.
fn slice(
    transaction: &ReadTransaction,
    after: Option<KeyBytes>,
    items_max: usize,
    now: Timestamp,
) -> Result<Slice, redb::Error> {
    let items = transaction.open_table(ITEMS)?;
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let (mut looked_at, mut slice) = (0, Slice { expired: Vec::new(), last: None });
    for row in items.range::<&KeyBytes>((from, Bound::Unbounded))?.take(items_max) {
        let (key, kept) = row?;
        if has_expired(kept.value(), now) {
            slice.expired.push(*key.value());
        }
        slice.last = Some(*key.value());
        looked_at += 1;
    }
    slice.last = slice.last.filter(|_| looked_at == items_max);
    Ok(slice)
}

/// Removes the items if they are still expired: they may have been replaced meanwhile.
fn remove_expired(
    transaction: &WriteTransaction,
    keys: &[KeyBytes],
    now: Timestamp,
) -> Result<usize, redb::Error> {
    let mut items = transaction.open_table(ITEMS)?;
    let mut removed = 0;
    for key in keys {
        if items.get(key)?.is_some_and(|kept| has_expired(kept.value(), now)) {
            items.remove(key)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn has_expired((expires, _envelope): (i64, &[u8]), now: Timestamp) -> bool {
    Timestamp::from_millis(expires) <= now
}

impl From<DiskError> for VaultError {
    fn from(error: DiskError) -> Self {
        let means: fn(Box<dyn Error + Send + Sync>) -> Self = match &error {
            DiskError::Unknown(_) => Self::Unknown,
            DiskError::NotApplied(_) | DiskError::Closed | DiskError::Unread(_) => {
                Self::Unavailable
            }
        };
        means(error.into())
    }
}

impl std::fmt::Debug for EmbeddedVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmbeddedVault(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::vault::sealing::KeyRing;

    const ADA: ItemKey = ItemKey::Result { batch: 1, job: 0, index: 0, turn: 1 };
    const GRACE: ItemKey = ItemKey::Result { batch: 1, job: 0, index: 1, turn: 1 };

    async fn vault(disk: &Disk, secret: &[u8]) -> EmbeddedVault {
        let clock = Arc::new(ManualClock::new(Timestamp::EPOCH));
        let sealer = Sealer::new(KeyRing::new(secret, &[]));
        EmbeddedVault::open(disk.clone(), clock, sealer).await.unwrap()
    }

    fn item(key: ItemKey, text: &str) -> Item {
        Item { key, bytes: text.into(), expires: Timestamp::from_millis(1) }
    }

    async fn barrier(disk: &Disk) {
        disk.write(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn items_survive_reopening_and_are_unreadable_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let text = "ada@example.com";
        vault(&disk, b"a secret").await.put(vec![item(ADA, text)]).await.unwrap();
        disk.close().await;

        let file = std::fs::read(folder.path().join("tollgate.redb")).unwrap();
        assert!(!file.windows(text.len()).any(|bytes| bytes == text.as_bytes()));
        let disk = Disk::open(folder.path()).unwrap();
        let found = vault(&disk, b"a secret").await.fetch(&[ADA]).await.unwrap();
        assert_eq!(found, [Some(text.into())]);
        let found = vault(&disk, b"another secret").await.fetch(&[ADA]).await.unwrap();
        assert_eq!(found, [None]);
    }

    #[tokio::test]
    async fn bytes_moved_to_another_key_are_missing_and_can_be_put_again() {
        let disk = Disk::open_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let vault = vault(&disk, b"a secret").await;
        vault.put(vec![item(ADA, "Ada"), item(GRACE, "Grace")]).await.unwrap();
        let moved = disk.write(|transaction| {
            let mut items = transaction.open_table(ITEMS)?;
            let graces = items.remove(&GRACE.to_bytes())?.expect("it was put").value().1.to_vec();
            items.insert(&ADA.to_bytes(), (1, graces.as_slice()))?;
            Ok(())
        });
        moved.await.unwrap();
        assert_eq!(vault.fetch(&[ADA, GRACE]).await.unwrap(), [None, None]);

        vault.put(vec![item(ADA, "Ada")]).await.unwrap();
        barrier(&disk).await;
        assert_eq!(vault.fetch(&[ADA]).await.unwrap(), [Some(b"Ada".to_vec())]);
    }

    #[tokio::test]
    async fn a_vault_without_its_disk_reports_that_nothing_was_done() {
        let disk = Disk::open_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let vault = vault(&disk, b"a secret").await;
        disk.close().await;
        let put = vault.put(vec![item(ADA, "Ada")]).await;
        assert!(matches!(put, Err(VaultError::Unavailable(_))), "{put:?}");
        assert!(matches!(vault.fetch(&[ADA]).await, Err(VaultError::Unavailable(_))));
    }
}
