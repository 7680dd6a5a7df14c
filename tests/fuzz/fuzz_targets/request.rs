//! Any bytes as what a caller sends beside its leads: headers, a query, a path, addresses to be
//! validated. Never a panic, and what is taken is what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate::domain::idempotency_key::IdempotencyKey;
use tollgate::domain::lead::Field;
use tollgate::domain::route::VendorPath;
use tollgate::http::fuzz;

// The first line is a query and a path, the second a body, the rest headers.
fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let [query, body, headers] = [(); 3].map(|()| lines.next().unwrap_or_default());
    if let Ok(query) = std::str::from_utf8(query) {
        fuzz::query(query);
        let _ = query.parse::<IdempotencyKey>();
        let path = query.split('?').next().unwrap_or_default();
        if VendorPath::of(path).is_ok() {
            let is_dotted = |segment: &str| segment == ".." || segment == ".";
            assert!(!path.split('/').any(is_dotted), "a path leads where it says");
        }
    }
    fuzz::headers(headers);
    if let Some(addresses) = fuzz::validation(body) {
        assert!((1..=fuzz::ADDRESSES_MAX).contains(&addresses.len()));
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let tree: Value = serde_json::from_slice(body).expect("what is taken is JSON");
        for (address, written) in addresses.iter().zip(tree["emails"].as_array().unwrap()) {
            assert_eq!(address.field(Field::Email), written["email"].as_str());
        }
    }
});
