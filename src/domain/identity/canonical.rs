//! A text in canonical form, so that texts are compared only for equality.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// A text in canonical form. Only the parsers of this module create one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Canonical(Box<str>);

impl Canonical {
    /// The caller has converted `text` to its canonical form.
    pub(super) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Composed and in lower case. Composed again at the end, since `İ` in lower case is two
/// characters. This is not full case folding: `ß` differs from `ss`, and `İ` from `i`.
pub(super) fn lower_case(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Whether a character can occur neither in a slug nor in an email address.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}
