//! Bytes that hold a value, such as a permit, until the last of them is dropped.

use bytes::Bytes;

struct Holding<T> {
    bytes: Bytes,
    _held: T,
}

/// The same bytes. The held value is dropped with the last clone of them.
pub fn holding<T: Send + 'static>(bytes: Bytes, held: T) -> Bytes {
    Bytes::from_owner(Holding { bytes, _held: held })
}

impl<T> AsRef<[u8]> for Holding<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_held_value_is_dropped_with_the_last_of_the_bytes() {
        let held = Arc::new(());
        let bytes = holding(Bytes::from_static(b"body"), Arc::clone(&held));
        let rest = bytes.slice(2..);
        drop(bytes);
        assert_eq!((&rest[..], Arc::strong_count(&held)), (&b"dy"[..], 2));
        drop(rest);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
