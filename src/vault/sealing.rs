//! Encryption with XChaCha20-Poly1305: stored items cannot be read, changed, or moved to another
//! key.
//!
//! An envelope is a version, the id of the encryption key, a random nonce, and the encrypted bytes.
//! The key of the item is the associated data, so bytes moved to another key cannot be decrypted.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::derive::{Purpose, derive};
use super::item::ItemKey;

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// The number of bytes at the start of an envelope that identify its encryption key.
pub(super) const HEAD_BYTES: usize = 1 + KEY_ID_BYTES;

/// Why an envelope was not decrypted. The cipher does not say which bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// It is not an envelope, or has a later version.
    #[error("not an envelope of a supported version")]
    NotAnEnvelope,
    /// It was encrypted with a key that is not in the ring.
    #[error("encrypted with an unknown key")]
    UnknownKey,
    /// It was changed, or belongs to another key.
    #[error("not the data that was encrypted under this key")]
    Tampered,
}

/// The keys of the vault: one for encryption, and any number for decryption.
#[derive(Clone)]
pub struct KeyRing {
    active: SealingKey,
    retired: Vec<SealingKey>,
}

impl KeyRing {
    /// The ring that encrypts with the current secret and decrypts with retired ones too.
    #[must_use]
    pub fn new(secret: &[u8], retired: &[&[u8]]) -> Self {
        Self {
            active: SealingKey::new(secret),
            retired: retired.iter().map(|secret| SealingKey::new(secret)).collect(),
        }
    }

    fn named(&self, id: &[u8]) -> Option<&SealingKey> {
        std::iter::once(&self.active).chain(&self.retired).find(|key| key.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(<redacted>)")
    }
}

#[derive(Clone)]
struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    fn new(secret: &[u8]) -> Self {
        let [a, b, c, d, ..] = derive(secret, Purpose::SealingKeyId);
        let key = Zeroizing::new(derive(secret, Purpose::Sealing));
        Self { id: [a, b, c, d], cipher: XChaCha20Poly1305::new((&*key).into()) }
    }
}

/// Encrypts and decrypts.
#[derive(Clone, Debug)]
pub struct Sealer {
    ring: KeyRing,
}

impl Sealer {
    /// With these keys.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self { ring }
    }

    /// The envelope for the bytes under this key. It differs each time.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[must_use]
    pub fn seal(&self, key: ItemKey, bytes: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("a running system provides random numbers");
        let SealingKey { id, cipher } = &self.ring.active;
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad: &key.to_bytes() })
            .expect("an item is far shorter than the 256 GiB that can be sealed at once");
        [&[VERSION], id.as_slice(), &nonce, &sealed].concat()
    }

    /// Whether an envelope, of which at least `HEAD_BYTES` are given, was encrypted with a key of
    /// the ring.
    #[must_use]
    pub fn knows(&self, envelope: &[u8]) -> bool {
        let Some((&[VERSION], rest)) = envelope.split_first_chunk() else { return false };
        let id = rest.first_chunk::<KEY_ID_BYTES>();
        id.is_some_and(|id| self.ring.named(id).is_some())
    }

    /// The bytes in the envelope.
    ///
    /// # Errors
    /// If it belongs to another key, was changed, or was encrypted with an unknown key.
    pub fn open(&self, key: ItemKey, envelope: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let Some((&[VERSION], rest)) = envelope.split_first_chunk() else {
            return Err(NotOpened::NotAnEnvelope);
        };
        let (id, rest) =
            rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(NotOpened::NotAnEnvelope)?;
        let (nonce, sealed) =
            rest.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened::NotAnEnvelope)?;
        let SealingKey { cipher, .. } = self.ring.named(id).ok_or(NotOpened::UnknownKey)?;
        cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &key.to_bytes() })
            .map_err(|_opaque| NotOpened::Tampered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ItemKey = ItemKey::Result { batch: 7, job: 0, index: 3, turn: 1 };
    const OLD: &[u8] = b"an old secret of 32 bytes or more";
    const NEW: &[u8] = b"a newer secret of 32 bytes or more";

    fn sealer(secret: &[u8], retired: &[&[u8]]) -> Sealer {
        Sealer::new(KeyRing::new(secret, retired))
    }

    #[test]
    fn an_envelope_is_decrypted_only_under_its_own_key() {
        let sealer = sealer(NEW, &[]);
        let envelope = sealer.seal(KEY, b"Ada");
        assert_eq!(sealer.open(KEY, &envelope), Ok(b"Ada".to_vec()));
        let other = ItemKey::Result { batch: 7, job: 0, index: 4, turn: 1 };
        assert_eq!(sealer.open(other, &envelope), Err(NotOpened::Tampered));
    }

    #[test]
    fn a_changed_or_truncated_envelope_is_refused() {
        let sealer = sealer(NEW, &[]);
        let envelope = sealer.seal(KEY, b"Ada");
        for place in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[place] ^= 1;
            assert!(sealer.open(KEY, &changed).is_err(), "byte {place} changed");
            assert!(sealer.open(KEY, &envelope[..place]).is_err(), "cut to {place} bytes");
        }
    }

    #[test]
    fn the_same_bytes_are_encrypted_differently_each_time() {
        let sealer = sealer(NEW, &[]);
        assert_ne!(sealer.seal(KEY, b"Ada"), sealer.seal(KEY, b"Ada"));
    }

    #[test]
    fn a_new_secret_decrypts_items_of_the_retired_one_and_not_vice_versa() {
        let (before, after) = (sealer(OLD, &[]), sealer(NEW, &[OLD]));
        assert_eq!(after.open(KEY, &before.seal(KEY, b"Ada")), Ok(b"Ada".to_vec()));
        assert_eq!(before.open(KEY, &after.seal(KEY, b"Ada")), Err(NotOpened::UnknownKey));
    }

    #[test]
    fn the_head_of_an_envelope_identifies_its_key() {
        let envelope = sealer(OLD, &[]).seal(KEY, b"Ada");
        for (sealer, knows) in
            [(sealer(OLD, &[]), true), (sealer(NEW, &[OLD]), true), (sealer(NEW, &[]), false)]
        {
            assert_eq!(sealer.knows(&envelope[..HEAD_BYTES]), knows);
        }
        assert!(!sealer(OLD, &[]).knows(&envelope[..HEAD_BYTES - 1]));
        assert!(!sealer(OLD, &[]).knows(&[]));
    }

    #[test]
    fn an_envelope_of_a_later_version_is_refused() {
        let sealer = sealer(NEW, &[]);
        let mut envelope = sealer.seal(KEY, b"Ada");
        envelope[0] = 2;
        assert_eq!(sealer.open(KEY, &envelope), Err(NotOpened::NotAnEnvelope));
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", sealer(NEW, &[OLD])), "Sealer { ring: KeyRing(<redacted>) }");
    }
}
