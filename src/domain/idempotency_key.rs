//! The idempotency key: the caller's own name for a request, which identifies its retries.

use std::fmt;
use std::str::FromStr;

/// A caller's name for one request. It may contain anything, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The maximum length.
const CHARACTERS_MAX: usize = 255;

impl IdempotencyKey {
    /// The key as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(<redacted>)")
    }
}

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {CHARACTERS_MAX} visible ASCII characters without blanks")]
pub struct NotAKey;

impl FromStr for IdempotencyKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_key = (1..=CHARACTERS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(text.to_owned())) } else { Err(NotAKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_up_to_255_visible_characters() {
        let longest = "k".repeat(255);
        for text in ["1", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "a/b:c~", &longest] {
            assert_eq!(text.parse::<IdempotencyKey>().unwrap().as_str(), text);
        }
        for text in ["", " ", "a b", "a\tb", "é", "\u{7f}", &"k".repeat(256)] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(NotAKey), "{text:?}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let key: IdempotencyKey = "ada@x.example".parse().unwrap();
        assert_eq!(format!("{key:?}"), "IdempotencyKey(<redacted>)");
    }
}
