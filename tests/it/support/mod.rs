//! What the tests stand on.

pub(crate) mod asking;
pub(crate) mod books;
pub(crate) mod client;
pub(crate) mod document;
pub(crate) mod exported;
pub(crate) mod fake_clock;
pub(crate) mod faulty_disk;
pub(crate) mod gateway;
pub(crate) mod gateways;
pub(crate) mod metrics;
pub(crate) mod people;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod recorder;
pub(crate) mod redis;
pub(crate) mod vendor;
pub(crate) mod wait;
