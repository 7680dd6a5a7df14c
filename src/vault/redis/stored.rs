//! The stored form of an item: its expiry in milliseconds, then its envelope.

use crate::domain::time::Timestamp;

/// The number of bytes of the expiry.
pub(super) const EXPIRES_BYTES: usize = size_of::<i64>();

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) expires: Timestamp,
    pub(super) envelope: Vec<u8>,
}

impl Stored {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.expires.as_millis().to_be_bytes(), self.envelope.as_slice()].concat()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (millis, envelope) = bytes.split_first_chunk()?;
        let expires = Timestamp::from_millis(i64::from_be_bytes(*millis));
        Some(Self { expires, envelope: envelope.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_an_item_never_change() {
        let stored =
            Stored { expires: Timestamp::from_millis(0x0102), envelope: b"sealed".to_vec() };
        assert_eq!(stored.to_bytes(), b"\0\0\0\0\0\0\x01\x02sealed");
        assert_eq!(Stored::read(&stored.to_bytes()), Some(stored));
        assert_eq!(Stored::read(b"short"), None);
    }
}
