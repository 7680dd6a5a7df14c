//! Any bytes as a gzip body that comes in pieces: never a panic, never more at once than room was made
//! for, the same whatever the pieces are, and what another reader of gzip unpacks.
#![no_main]

use std::io::Read;

use flate2::read::MultiGzDecoder;
use libfuzzer_sys::fuzz_target;
use tollgate::http::fuzz::unpacked;

const BYTES_MAX: usize = 1 << 20;

// The first byte says how long the pieces are.
fuzz_target!(|bytes: &[u8]| {
    let Some((piece_bytes, packed)) = bytes.split_first() else { return };
    let in_pieces = unpacked(packed, usize::from(*piece_bytes), BYTES_MAX);
    assert_eq!(in_pieces, unpacked(packed, packed.len(), BYTES_MAX), "pieces make no difference");
    if let Some(whole) = in_pieces {
        let mut other = Vec::new();
        MultiGzDecoder::new(packed).read_to_end(&mut other).expect("what is taken is gzip");
        assert_eq!(whole, other);
    }
});
