//! A text in its one form, so that equality is all there is to compare.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// A text in its one form. Only the parsers of this module make one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Canonical(Box<str>);

impl Canonical {
    /// The caller has brought `text` into its one form.
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
/// characters. Not a full case folding: `ß` stays apart from `ss`, and `İ` from `i`.
pub(super) fn lower_case(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Whether a character can stand neither in a slug nor in an email address.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}
