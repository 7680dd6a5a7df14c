//! stub
pub mod keys;
