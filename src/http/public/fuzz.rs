//! What the fuzz targets call of this module. Built for them alone.

use axum::http::HeaderMap;

use super::media_type::Naming;
use super::{ask_headers, page};

/// Reads what the headers of a request ask.
pub(in crate::http) fn headers(headers: &HeaderMap) {
    let _ = ask_headers::read(headers);
    let _ = Naming::of(headers);
}

/// Reads which page a query asks for.
pub(in crate::http) fn page(query: &str) {
    let _ = page::parse(query);
}
