//! What every vault keeps to, and what becomes of it where its store fails.

mod contract;
mod redis;
