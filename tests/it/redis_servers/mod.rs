//! The tests' own Redis servers do what they say: without that, no test over them is evidence.

mod alone;
mod cluster;
mod proxy;
mod replicas;
mod sentinels;
