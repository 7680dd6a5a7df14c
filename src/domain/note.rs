//! Notes: the reason of an operator's action.

use std::fmt;
use std::str::FromStr;

/// An operator's reason. It is stored in the ledger, so it should not name a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(String);

/// The maximum length.
const CHARACTERS_MAX: usize = 500;

impl Note {
    /// The note as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {CHARACTERS_MAX} characters, not only blanks, and no control characters")]
pub struct NotANote;

impl FromStr for Note {
    type Err = NotANote;

    fn from_str(text: &str) -> Result<Self, NotANote> {
        let is_note = !text.trim().is_empty()
            && text.chars().count() <= CHARACTERS_MAX
            && !text.chars().any(char::is_control);
        if is_note { Ok(Self(text.to_owned())) } else { Err(NotANote) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_text_on_one_line() {
        for text in ["vendor's invoice 11/26", "é", &"x".repeat(500)] {
            assert_eq!(text.parse::<Note>().unwrap().as_str(), text);
        }
        for text in ["", " ", "a\nb", "\u{7f}", &"x".repeat(501)] {
            assert_eq!(text.parse::<Note>(), Err(NotANote), "{text:?}");
        }
    }
}
