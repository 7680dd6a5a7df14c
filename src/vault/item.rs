//! Items, and the keys they are kept under.

use std::fmt;

use crate::domain::time::Timestamp;

/// Bytes to keep until they expire.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// What they are kept under.
    pub key: ItemKey,
    /// The bytes, not yet sealed.
    pub bytes: Vec<u8>,
    /// From this moment on they are absent.
    pub expires: Timestamp,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("key", &self.key)
            .field("bytes", &format_args!("<redacted>"))
            .field("expires", &self.expires)
            .finish()
    }
}

/// What an item is kept under. A job is named by the batch that made it and its ordinal there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKey {
    /// Some of the leads that a batch submitted.
    Leads {
        /// The batch.
        batch: u64,
        /// Which part of its leads, from 0.
        chunk: u32,
    },
    /// What a job brought for one of its leads.
    Result {
        /// The batch that made the job.
        batch: u64,
        /// The job's ordinal in it.
        job: u32,
        /// The lead's place in the job.
        index: u32,
    },
}

/// The length of every key as bytes.
pub(super) const KEY_BYTES: usize = 17;

impl ItemKey {
    /// The batch that submitted the leads, or made the job.
    pub(super) fn batch(self) -> u64 {
        match self {
            Self::Leads { batch, .. } | Self::Result { batch, .. } => batch,
        }
    }

    /// The key as stores keep it: a tag, then each number with its highest byte first, so that
    /// bytes sort as keys do. Never changes, for it is sealed into every item.
    #[must_use]
    pub fn to_bytes(self) -> [u8; KEY_BYTES] {
        let (tag, batch, first, second) = match self {
            Self::Leads { batch, chunk } => (1, batch, chunk, 0),
            Self::Result { batch, job, index } => (2, batch, job, index),
        };
        let mut bytes = [0; KEY_BYTES];
        bytes[0] = tag;
        bytes[1..9].copy_from_slice(&batch.to_be_bytes());
        bytes[9..13].copy_from_slice(&first.to_be_bytes());
        bytes[13..].copy_from_slice(&second.to_be_bytes());
        bytes
    }
}

impl fmt::Display for ItemKey {
    /// As in logs: `leads 7/0`, `result 7/1/42`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads { batch, chunk } => write!(f, "leads {batch}/{chunk}"),
            Self::Result { batch, job, index } => write!(f, "result {batch}/{job}/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_key_never_change() {
        let leads = ItemKey::Leads { batch: 0x0102_0304_0506_0708, chunk: 9 };
        assert_eq!(hex::encode(leads.to_bytes()), "0101020304050607080000000900000000");
        let result = ItemKey::Result { batch: 1, job: 2, index: 0xffff_ffff };
        assert_eq!(hex::encode(result.to_bytes()), "02000000000000000100000002ffffffff");
    }

    #[test]
    fn bytes_sort_as_keys_do() {
        let mut keys = Vec::new();
        for batch in [0, 1, 256, u64::MAX] {
            for first in [0, 1, 256, u32::MAX] {
                keys.push(ItemKey::Leads { batch, chunk: first });
                keys.extend([0, 1, 256, u32::MAX].map(|index| ItemKey::Result {
                    batch,
                    job: first,
                    index,
                }));
            }
        }
        let mut by_bytes = keys.clone();
        by_bytes.sort_by_key(|key| key.to_bytes());
        keys.sort();
        assert_eq!(by_bytes, keys);
    }

    #[test]
    fn an_item_says_nothing_of_its_bytes() {
        let key = ItemKey::Leads { batch: 1, chunk: 0 };
        let item = Item { key, bytes: b"ada@example.com".to_vec(), expires: Timestamp::EPOCH };
        let told = format!("{item:?}");
        assert!(told.contains("<redacted>") && !told.contains("97, 100"), "{told}");
    }
}
