//! A web address, taken apart for what may identify: its host and its path.
//!
//! Taken apart by hand and not by the URL standard, which forgives what would let one text be read
//! as two addresses: it drops tabs and line breaks, turns backslashes, and walks `..` segments.

use super::fold::trimmed;
use super::host;

/// The longest text that is read at all. A lead's fields are far shorter; the vendor's texts may
/// not be.
pub(super) const TEXT_BYTES_MAX: usize = 4096;

/// An `http` or `https` address, or one without a scheme.
pub(super) struct Address<'a> {
    /// In its one form.
    pub(super) host: String,
    /// Whether a port was written, be it the scheme's own.
    pub(super) has_port: bool,
    /// As written, with its leading slash, without query and fragment.
    pub(super) path: &'a str,
    /// As written, without its question mark; empty where there is none.
    pub(super) query: &'a str,
}

impl<'a> Address<'a> {
    /// `None` with userinfo, another scheme, or what browsers repair in silence.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = trimmed(text);
        if text.len() > TEXT_BYTES_MAX || text.contains(|c: char| c.is_control() || c == '\\') {
            return None;
        }
        let rest = without_scheme(text)?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Userinfo needs no look of its own: no host has an `@`.
        Some(Self { host: host::canonical(host)?, has_port: port.is_some(), path, query })
    }
}

fn without_scheme(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("//") {
        return Some(rest);
    }
    match text.split_once("://") {
        // A later `://` belongs to a query, not to this address.
        Some((scheme, _)) if scheme.contains(['/', '?', '#']) => Some(text),
        Some((scheme, rest)) => {
            let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
            is_web.then_some(rest)
        }
        None => Some(text),
    }
}
