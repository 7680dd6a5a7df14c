//! Everything that is tested through the front door, in one binary.
#![expect(clippy::unwrap_used, reason = "a test fails where what it expects is not there")]
#![expect(clippy::float_cmp, reason = "half-credits are exact in floats")]

mod astray;
mod caller_limits;
mod callers;
mod cancels;
mod chaos;
mod commands;
mod compat;
mod conforms;
mod crossings;
mod crowds;
mod disk;
mod exports;
mod finds;
mod freshness;
mod gathers;
mod house;
mod kills;
mod ledger;
mod limits_told;
mod malformed;
mod one_store;
mod operators;
mod outages;
mod pace;
mod pages;
mod passing;
mod policies;
mod power;
mod privacy;
mod quotas;
mod redis_servers;
mod remote;
mod replicas;
mod retries;
mod reveals;
mod scrapes;
mod stuck_vendor;
mod support;
mod two_books;
mod validations;
mod vault;
mod vendor_trouble;
mod vendor_words;
mod window;
