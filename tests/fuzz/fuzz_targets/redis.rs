//! Any bytes as what a Redis sends: answers, errors, `INFO`, roles, slots, rows of the books. Never a
//! panic, an error is never taken for a success, and what is read is written as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The first byte chooses the table that the rows are of.
fuzz_target!(|bytes: &[u8]| {
    let Some((table, answer)) = bytes.split_first() else { return };
    if let Some(value) = tollgate::remote::fuzz::answer(answer) {
        tollgate::ledger::fuzz::answer(*table, &value);
    }
});
