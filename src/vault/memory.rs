//! A vault in memory. Nothing leaves the process, so nothing is encrypted.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use super::item::{Item, ItemKey};
use super::{Swept, Vault, VaultError};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// Items in a map.
pub struct MemoryVault {
    clock: Arc<dyn Clock>,
    contents: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    items: BTreeMap<ItemKey, Kept>,
    /// The last key of the previous sweep slice.
    swept: Option<ItemKey>,
}

struct Kept {
    bytes: Vec<u8>,
    expires: Timestamp,
}

impl MemoryVault {
    /// An empty vault with this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, contents: Mutex::default() }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("no code panics while it holds the contents")
    }
}

impl Vault for MemoryVault {
    async fn put(&self, items: Vec<Item>) -> Result<(), VaultError> {
        let now = self.clock.now();
        let mut contents = self.contents();
        for Item { key, bytes, expires } in items {
            if contents.items.get(&key).is_none_or(|kept| kept.expires <= now) {
                contents.items.insert(key, Kept { bytes, expires });
            }
        }
        Ok(())
    }

    async fn fetch(&self, keys: &[ItemKey]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        let now = self.clock.now();
        let contents = self.contents();
        let live = |key| contents.items.get(key).filter(|kept| now < kept.expires);
        Ok(keys.iter().map(|key| live(key).map(|kept| kept.bytes.clone())).collect())
    }

    async fn holds(&self, keys: &[ItemKey]) -> Result<Vec<bool>, VaultError> {
        let now = self.clock.now();
        let contents = self.contents();
        let is_live = |key| contents.items.get(key).is_some_and(|kept| now < kept.expires);
        Ok(keys.iter().map(is_live).collect())
    }

    async fn erase(&self, keys: &[ItemKey]) -> Result<(), VaultError> {
        let mut contents = self.contents();
        for key in keys {
            contents.items.remove(key);
        }
        Ok(())
    }

    async fn sweep(&self, items_max: usize) -> Result<Swept, VaultError> {
        let now = self.clock.now();
        let mut contents = self.contents();
        let from = contents.swept.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = contents.items.range((from, Bound::Unbounded));
        let slice: Vec<_> = rest.take(items_max).map(|(key, kept)| (*key, kept.expires)).collect();
        // A slice that is not full has reached the end; the next one starts from the beginning.
        contents.swept = slice.get(items_max.saturating_sub(1)).map(|(last, _)| *last);
        let expired = slice.iter().filter(|(_, expires)| *expires <= now);
        let removed = expired.filter(|(key, _)| contents.items.remove(key).is_some()).count();
        Ok(Swept { removed, is_more: contents.swept.is_some() })
    }
}

impl std::fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryVault(<redacted>)")
    }
}
