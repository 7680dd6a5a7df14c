//! Any bytes as what a store holds: rows with their keys, sealed items, persons. Never a panic, and what
//! is read is written as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::domain::person::Sections;
use tollgate::vault::ItemKey;
use tollgate::vault::sealing::{KeyRing, Sealer};

// The first byte chooses the table, the second says how long the key is.
fuzz_target!(|bytes: &[u8]| {
    let Some(([table, key_bytes], rest)) = bytes.split_first_chunk() else { return };
    let (key, row) = rest.split_at(rest.len().min(usize::from(*key_bytes)));
    tollgate::ledger::fuzz::row(*table, key, row);
    if let Ok(sections) = Sections::from_bytes(rest) {
        assert_eq!(sections.to_bytes(), rest);
    }
    let sealer = Sealer::new(KeyRing::new(b"a secret of 32 bytes, or a few more", &[]));
    let key = ItemKey::Result { batch: 7, job: 0, index: 3, turn: 1 };
    assert!(sealer.open(key, rest).is_err(), "nobody guesses a seal");
});
