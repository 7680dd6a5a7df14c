//! What the fuzz targets call of this module. Built for them alone.

use super::address::Endpoint;
use super::error::RemoteError;
use super::facts::Facts;
use super::judgement::{Durability, judge};
use super::role::Role;
use super::value::{Value, reply};
use super::{greeting, route};

/// Reads bytes as what a server sends, and what it says as each answer that a server is asked for.
/// Returns what was said.
///
/// # Panics
/// Where what was read cannot be right.
pub fn answer(bytes: &[u8]) -> Option<Value> {
    for count in 1..4 {
        if let Ok(replies) = greeting::parsed(bytes, count) {
            assert!(replies.len() <= count, "each is an answer to a question");
        }
    }
    let value = match reply(redis::parse_redis_value(bytes).ok()?) {
        Ok(value) => value,
        Err(refusal) => {
            let (code, shown) = (refusal.code.clone(), refusal.to_string());
            assert!(shown.starts_with(&code));
            let is_done = matches!(RemoteError::from(refusal), RemoteError::NotDurable);
            assert!(!is_done, "an error is no success");
            return None;
        }
    };
    let _ = Role::read(&value);
    let asked = Endpoint { host: "localhost".to_owned(), port: 6379 };
    if let Some((_, _, endpoint)) = route::cluster_range(&value, &asked) {
        assert!(!endpoint.host.is_empty());
    }
    let _ = route::named_primary(&value);
    let mut told = value.clone().into_list().unwrap_or_default().into_iter();
    let facts = Facts::read([(); 4].map(|()| told.next()));
    for durability in [Durability::Strict, Durability::Single, Durability::Relaxed] {
        let _ = judge(&facts, durability, 0);
    }
    Some(value)
}
