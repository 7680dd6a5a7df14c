//! Items and their keys.

use std::fmt;

use crate::domain::time::Timestamp;

/// Bytes with an expiry.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// Their key.
    pub key: ItemKey,
    /// The bytes, unencrypted.
    pub bytes: Vec<u8>,
    /// The time from which they are absent.
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

/// The key of an item. A job is identified by the batch that created it and its ordinal there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKey {
    /// A chunk of a batch's submitted leads.
    Leads {
        /// The token of the batch's admission. Two admissions may use the same ID, of which only
        /// one succeeds.
        token: [u8; 16],
        /// The number of the chunk, from 0.
        chunk: u32,
    },
    /// The result of one lead, as read under one lease of the job.
    Result {
        /// The batch that created the job.
        batch: u64,
        /// The job's ordinal in it.
        job: u32,
        /// The lead's index in the job.
        index: u32,
        /// The lease: two workers that read the same answer do not overwrite each other's items.
        turn: u64,
    },
    /// The vendor's error for a refused lead of a batch.
    Words {
        /// The token of the batch's admission.
        token: [u8; 16],
        /// The lead's position in the batch, from 0.
        position: u32,
    },
}

/// The length of every encoded key.
pub(super) const KEY_BYTES: usize = 25;

impl ItemKey {
    /// The common part of the items of one batch: of its leads, and of its results.
    pub(super) fn of_batch(self) -> u128 {
        match self {
            Self::Leads { token, .. } | Self::Words { token, .. } => u128::from_be_bytes(token),
            Self::Result { batch, .. } => batch.into(),
        }
    }

    /// The encoded key: a tag, then each number in big-endian order, so that bytes sort as keys do.
    /// It must never change, because it is authenticated in every item.
    #[must_use]
    pub fn to_bytes(self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        match self {
            Self::Leads { token, chunk } => {
                bytes[0] = 1;
                bytes[1..17].copy_from_slice(&token);
                bytes[17..21].copy_from_slice(&chunk.to_be_bytes());
            }
            Self::Result { batch, job, index, turn } => {
                bytes[0] = 2;
                bytes[1..9].copy_from_slice(&batch.to_be_bytes());
                bytes[9..13].copy_from_slice(&job.to_be_bytes());
                bytes[13..17].copy_from_slice(&index.to_be_bytes());
                bytes[17..].copy_from_slice(&turn.to_be_bytes());
            }
            Self::Words { token, position } => {
                bytes[0] = 3;
                bytes[1..17].copy_from_slice(&token);
                bytes[17..21].copy_from_slice(&position.to_be_bytes());
            }
        }
        bytes
    }
}

impl fmt::Display for ItemKey {
    /// As in logs: `leads 00112233445566778899aabbccddeeff/0`, `result 7/1/42 of turn 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads { token, chunk } => write!(f, "leads {}/{chunk}", hex::encode(token)),
            Self::Words { token, position } => {
                write!(f, "words on {}/{position}", hex::encode(token))
            }
            Self::Result { batch, job, index, turn } => {
                write!(f, "result {batch}/{job}/{index} of turn {turn}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_key_never_change() {
        let leads =
            ItemKey::Leads { token: std::array::from_fn(|n| u8::try_from(n).unwrap()), chunk: 9 };
        let bytes = "01000102030405060708090a0b0c0d0e0f0000000900000000";
        assert_eq!(hex::encode(leads.to_bytes()), bytes);
        let result = ItemKey::Result { batch: 1, job: 2, index: 0xffff_ffff, turn: 3 };
        let bytes = "02000000000000000100000002ffffffff0000000000000003";
        assert_eq!(hex::encode(result.to_bytes()), bytes);
        let words = ItemKey::Words { token: [0xab; 16], position: 0x0102_0304 };
        let bytes = "03abababababababababababababababab0102030400000000";
        assert_eq!(hex::encode(words.to_bytes()), bytes);
    }

    #[test]
    fn bytes_sort_as_keys_do() {
        let mut keys = Vec::new();
        for batch in [0, 1, 256, u64::MAX] {
            for first in [0, 1, 256, u32::MAX] {
                let [.., low] = batch.to_be_bytes();
                keys.push(ItemKey::Leads { token: [low; 16], chunk: first });
                for (index, turn) in [(0, 256), (1, 0), (1, 1), (256, 0), (u32::MAX, u64::MAX)] {
                    keys.push(ItemKey::Result { batch, job: first, index, turn });
                }
            }
        }
        let mut by_bytes = keys.clone();
        by_bytes.sort_by_key(|key| key.to_bytes());
        keys.sort();
        assert_eq!(by_bytes, keys);
    }

    #[test]
    fn an_item_hides_its_bytes() {
        let key = ItemKey::Leads { token: [1; 16], chunk: 0 };
        let item = Item { key, bytes: b"ada@example.com".to_vec(), expires: Timestamp::EPOCH };
        let text = format!("{item:?}");
        assert!(text.contains("<redacted>") && !text.contains("97, 100"), "{text}");
    }
}
