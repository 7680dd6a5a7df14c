//! Any bytes as an answer of the vendor's, whatever was asked: never a panic, never more results than
//! may be read, and no result lost or given twice.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The first two bytes choose the status.
fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let statuses = [200, 200, 200, 202, 400, 402, 404, 429, 451, 500];
    let status = statuses[usize::from(*choice) % statuses.len()];
    tollgate::vendor::fuzz::answer(status, body);
});
