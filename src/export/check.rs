//! Checks: keyed fingerprints of exported lines. The key is derived from the gateway's secret, so
//! only a holder of the secret can write a line that passes verification.
//!
//! The check of a line covers the check of the line before it, so a line cannot be changed,
//! removed, moved or inserted. The first line of a file names its key and has the last check of the
//! previous file.

use std::fmt;

/// The number of digits of a check.
const DIGITS: usize = 32;

/// The number of digits of a check in version 1, without a key.
const PLAIN_DIGITS: usize = 16;

/// The number of bytes of a key's fingerprint that identify it.
const ID_BYTES: usize = 4;

/// A key for checks.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckKey {
    id: String,
    key: [u8; 32],
}

impl CheckKey {
    /// The key, identified by the first bytes of this fingerprint.
    #[must_use]
    pub fn new(key: [u8; 32], fingerprint: &[u8; 32]) -> Self {
        Self { id: hex::encode(&fingerprint[..ID_BYTES]), key }
    }

    /// Its identifier in files.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for CheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckKey({}, <redacted>)", self.id)
    }
}

/// The keys for checks: one for writing new files, and any number for reading.
#[derive(Clone, Debug)]
pub struct CheckKeys {
    active: CheckKey,
    retired: Vec<CheckKey>,
}

impl CheckKeys {
    /// Writes with one key, and reads files of any.
    #[must_use]
    pub fn new(active: CheckKey, retired: Vec<CheckKey>) -> Self {
        Self { active, retired }
    }

    pub(super) fn active(&self) -> &CheckKey {
        &self.active
    }

    pub(super) fn named(&self, id: &str) -> Option<&CheckKey> {
        std::iter::once(&self.active).chain(&self.retired).find(|key| key.id == id)
    }
}

/// Which files are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only files with a known key.
    Keyed,
    /// Also files of version 1, without a key.
    KeyedOrOlder,
    /// Any file that is not known to be wrong.
    Unverified,
}

/// How the lines of a file are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Each line on its own, without a key.
    Plain,
    /// With this key, chained to the line before.
    Keyed(CheckKey),
    /// With an unknown key: the lines cannot be checked.
    Unknown,
}

/// The chained checks of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    scheme: Scheme,
    last: String,
}

impl Chain {
    /// The chain of a file, before its first line.
    pub(super) fn new(scheme: Scheme) -> Self {
        Self { scheme, last: String::new() }
    }

    /// The check of the previous line; empty at the beginning.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Whether the file can be continued under this key.
    pub(super) fn is_under(&self, key: &CheckKey) -> bool {
        self.scheme == Scheme::Keyed(key.clone())
    }

    /// Whether the file cannot be verified.
    pub(super) fn is_unverified(&self) -> bool {
        !matches!(self.scheme, Scheme::Keyed(_))
    }

    /// Adds a line and returns its check.
    pub(super) fn push(&mut self, body: &str) -> &str {
        self.last = self.check(body).unwrap_or_default();
        &self.last
    }

    /// Verifies the next line with its check; false if it does not match.
    pub(super) fn take(&mut self, body: &str, found: &str) -> bool {
        let is_due = self.check(body).is_none_or(|due| due == found);
        if is_due {
            found.clone_into(&mut self.last);
        }
        is_due
    }

    fn check(&self, body: &str) -> Option<String> {
        let (hash, digits) = match &self.scheme {
            Scheme::Plain => (blake3::hash(body.as_bytes()), PLAIN_DIGITS),
            Scheme::Keyed(CheckKey { key, .. }) => {
                let mut hasher = blake3::Hasher::new_keyed(key);
                // A check has only digits and a body begins with a brace, so the boundary is
                // unambiguous.
                hasher.update(self.last.as_bytes()).update(body.as_bytes());
                (hasher.finalize(), DIGITS)
            }
            Scheme::Unknown => return None,
        };
        let mut check = hash.to_hex().to_string();
        check.truncate(digits);
        Some(check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(of: u8) -> CheckKey {
        CheckKey::new([of; 32], &[of; 32])
    }

    #[test]
    fn a_check_depends_on_the_key_the_line_and_the_lines_before() {
        let checks = |key: CheckKey, bodies: [&str; 2]| {
            let mut chain = Chain::new(Scheme::Keyed(key));
            bodies.map(|body| chain.push(body).to_owned())
        };
        let one = checks(key(1), ["{\"a\":1", "{\"b\":2"]);
        assert_eq!(one, checks(key(1), ["{\"a\":1", "{\"b\":2"]));
        for other in [
            checks(key(2), ["{\"a\":1", "{\"b\":2"]),
            checks(key(1), ["{\"a\":2", "{\"b\":2"]),
            checks(key(1), ["{\"a\":1", "{\"b\":3"]),
        ] {
            assert_ne!(one[1], other[1]);
        }
        assert_eq!(one[1].len(), DIGITS);
    }

    #[test]
    fn a_line_with_another_check_is_refused() {
        let mut written = Chain::new(Scheme::Keyed(key(1)));
        let checks = ["{\"a\":1", "{\"b\":2"].map(|body| written.push(body).to_owned());
        let mut read = Chain::new(Scheme::Keyed(key(1)));
        assert!(!read.take("{\"b\":2", &checks[1]), "the line before it is missing");
        assert!(read.take("{\"a\":1", &checks[0]) && !read.take("{\"b\":3", &checks[1]));
        assert!(read.take("{\"b\":2", &checks[1]));
        assert!(Chain::new(Scheme::Unknown).take("{\"b\":3", "anything"));
    }
}
