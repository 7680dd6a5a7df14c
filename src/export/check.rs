//! Checks: fingerprints under a key that is derived from the gateway's secret, so that only a holder of
//! the secret can write a line that is taken for exported.
//!
//! The check of a line covers the check of the line before it, so no line can be changed, removed, moved
//! or put in. The first line of a file names its key, and the last check of the file before.

use std::fmt;

/// How many digits a check has.
const DIGITS: usize = 32;

/// How many digits a check had before checks were keyed.
const PLAIN_DIGITS: usize = 16;

/// How many bytes of a key's fingerprint name it.
const ID_BYTES: usize = 4;

/// A key of checks.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckKey {
    id: String,
    key: [u8; 32],
}

impl CheckKey {
    /// The key, which is named by the first bytes of this fingerprint.
    #[must_use]
    pub fn new(key: [u8; 32], fingerprint: &[u8; 32]) -> Self {
        Self { id: hex::encode(&fingerprint[..ID_BYTES]), key }
    }

    /// Its name in files.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for CheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckKey({}, <redacted>)", self.id)
    }
}

/// The keys of checks: one that new files are written under, and any that files are read under.
#[derive(Clone, Debug)]
pub struct CheckKeys {
    active: CheckKey,
    retired: Vec<CheckKey>,
}

impl CheckKeys {
    /// Writes under one key, and reads what was written under any.
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

/// Which files are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only files under a key that is known.
    Keyed,
    /// Files written before checks were keyed, too.
    KeyedOrOlder,
    /// Any file that is not known to be wrong.
    Unverified,
}

/// How the lines of a file are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Each line by itself, without a key.
    Plain,
    /// Under this key, each line with the one before.
    Keyed(CheckKey),
    /// Under a key that is not known: not at all.
    Unknown,
}

/// The checks of a file, line after line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    scheme: Scheme,
    last: String,
}

impl Chain {
    /// The chain of a file whose first line is the next one.
    pub(super) fn new(scheme: Scheme) -> Self {
        Self { scheme, last: String::new() }
    }

    /// The check of the line before; empty where there is none.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Whether the file can be continued under this key.
    pub(super) fn is_under(&self, key: &CheckKey) -> bool {
        self.scheme == Scheme::Keyed(key.clone())
    }

    /// Whether nothing proves who has written the file.
    pub(super) fn is_unverified(&self) -> bool {
        !matches!(self.scheme, Scheme::Keyed(_))
    }

    /// The check of the next line, which is now the last one.
    pub(super) fn push(&mut self, body: &str) -> &str {
        self.last = self.check(body).unwrap_or_default();
        &self.last
    }

    /// Takes the next line with its check; false where another was due.
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
                // A check has digits only, and a body begins with a brace.
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
    fn what_is_not_due_is_not_taken() {
        let mut written = Chain::new(Scheme::Keyed(key(1)));
        let checks = ["{\"a\":1", "{\"b\":2"].map(|body| written.push(body).to_owned());
        let mut read = Chain::new(Scheme::Keyed(key(1)));
        assert!(!read.take("{\"b\":2", &checks[1]), "the line before it is missing");
        assert!(read.take("{\"a\":1", &checks[0]) && !read.take("{\"b\":3", &checks[1]));
        assert!(read.take("{\"b\":2", &checks[1]));
        assert!(Chain::new(Scheme::Unknown).take("{\"b\":3", "anything"));
    }
}
