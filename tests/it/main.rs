//! Everything that is tested through the front door, in one binary.

mod disk;
mod house;
mod ledger;
mod support;
