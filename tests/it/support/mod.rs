//! What the tests stand on.

pub(crate) mod client;
pub(crate) mod faulty_disk;
pub(crate) mod gateway;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod wait;
