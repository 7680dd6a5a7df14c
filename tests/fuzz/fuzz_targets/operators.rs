//! Any bytes as the body of an operator's request: never a panic, and no fault that another reader of
//! JSON would not share.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| tollgate::http::fuzz::operators_body(body));
