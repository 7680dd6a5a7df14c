//! Any text as settings: a file, flags, an address of a store. Never a panic, and what is in force is
//! what is printed, without the secrets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::config::{Sources, load};
use tollgate::remote::Address;

const API_KEY: &str = "sesame-open-sesame";

fuzz_target!(|text: &str| {
    let (file, flags) = text.split_once("\n---\n").unwrap_or((text, ""));
    let flags = flags.lines().map(str::to_owned).chain([format!("vendor.api_key={API_KEY}")]);
    let sources = Sources::none().with_text("tollgate.toml", file).with_flags(flags);
    match load(&sources) {
        Ok(loaded) => {
            assert!(!loaded.in_force.to_string().contains(API_KEY), "a secret is printed");
            assert!(!format!("{:?}", loaded.config).contains(API_KEY), "a secret is printed");
        }
        Err(faults) => assert!(!faults.to_string().is_empty()),
    }
    if let Ok(address) = text.trim().parse::<Address>() {
        let _ = address.to_string();
    }
});
