//! Any bytes as a folder of exported books: never a panic. Where files are verified, nothing but what
//! was written under the secret is taken; where they are not, what is taken counts up.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate::domain::epoch::Epoch;
use tollgate::domain::time::Timestamp;
use tollgate::export::{CheckKey, CheckKeys, Exported, Trust, last_entry};

/// A folder of this process, with the two files that are written anew each time.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("tollgate-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is room for a folder");
    folder
});

// A checkpoint, an empty line, and a file of entries.
fuzz_target!(|text: &str| {
    let (checkpoint, journal) = text.split_once("\n\n").unwrap_or((text, ""));
    let files = [
        ("checkpoint-000000000002-2026-10-25.jsonl", checkpoint),
        ("journal-000000000000-2026-10-24.jsonl", journal),
    ];
    for (name, content) in files {
        fs::write(FOLDER.join(name), content).expect("there is room for a file");
    }
    let keys = CheckKeys::new(CheckKey::new([9; 32], &[9; 32]), Vec::new());
    assert!(Exported::open(&FOLDER, &keys, Trust::Keyed).is_err(), "nobody guesses a check");
    let _ = last_entry(&FOLDER, Epoch::from_number(0xfeed), &keys);
    let Ok(exported) = Exported::open(&FOLDER, &keys, Trust::Unverified) else { return };
    if let Ok(books) = exported.books(Timestamp::EPOCH) {
        assert!(!books.unverified.is_empty());
    }
    let mut next = None;
    for (number, _) in exported.entries().flatten() {
        assert!(next.is_none_or(|next| next == number), "entries follow one another");
        next = number.checked_add(1);
    }
});
