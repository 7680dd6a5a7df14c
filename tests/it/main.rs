//! Everything that is tested through the front door, in one binary.

mod disk;
mod support;
mod house;
