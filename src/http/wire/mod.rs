//! Wire forms: the bodies that cross the edges, read and written.

pub mod fault;
mod json;
pub mod request;
