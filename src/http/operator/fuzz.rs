//! What the fuzz targets call of this module. Built for them alone.

use super::query;

/// Reads the parameters of an operator's query.
pub(in crate::http) fn query(text: &str) {
    let _ = query::limit(Some(text));
    let _ = query::cursor::<u64>(Some(text));
}
