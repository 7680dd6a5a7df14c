//! The header that names a request.

use axum::http::HeaderMap;

use crate::domain::idempotency_key::{IdempotencyKey, NotAKey};

/// The header's name.
pub(super) const KEY: &str = "idempotency-key";

/// The name that a request is given, if it is given one; else what is wrong with it.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, String> {
    let mut keys = headers.get_all(KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        return Err("Idempotency-Key: expected one key, found several".to_owned());
    }
    let key = key.to_str().map_err(|_| NotAKey).and_then(str::parse);
    key.map(Some).map_err(|not| format!("Idempotency-Key: {not}"))
}
