//! What the tests stand on.

pub(crate) mod faulty_disk;
