//! A web address, split into the parts that may identify: its host and its path.
//!
//! It is not parsed by the URL standard, which tolerates text that can be read as two addresses: it
//! drops tabs and line breaks, converts backslashes, and resolves `..` segments.

use super::fold::trimmed;
use super::host;

/// The longest text that is parsed. A lead's fields are far shorter; the vendor's texts may not be.
pub(super) const TEXT_BYTES_MAX: usize = 4096;

/// An `http` or `https` address, or one without a scheme.
pub(super) struct Address<'a> {
    /// In canonical form.
    pub(super) host: String,
    /// Whether a port was written, even the scheme's default.
    pub(super) has_port: bool,
    /// As written, with its leading slash, without query and fragment.
    pub(super) path: &'a str,
    /// As written, without its question mark; empty if there is none.
    pub(super) query: &'a str,
}

impl<'a> Address<'a> {
    /// `None` with userinfo, another scheme, or text that browsers repair silently.
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
        // Userinfo needs no check of its own: a host cannot contain an `@`.
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
