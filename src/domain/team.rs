//! Teams, which own credits.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A team's name: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`, starting with a letter or digit, so
/// that it needs no quoting in paths, labels and logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TeamId(Arc<str>);

impl TeamId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a team's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a team's name is 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit")]
pub struct NotATeam;

const NAME_BYTES_MAX: usize = 64;

impl FromStr for TeamId {
    type Err = NotATeam;

    fn from_str(name: &str) -> Result<Self, NotATeam> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first_is_plain = name.bytes().next().is_some_and(is_plain);
        let rest_is_allowed = name.bytes().all(|b| is_plain(b) || b"-_.".contains(&b));
        if first_is_plain && rest_is_allowed && name.len() <= NAME_BYTES_MAX {
            Ok(Self(name.into()))
        } else {
            Err(NotATeam)
        }
    }
}

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_quoting_in_a_path() {
        for name in ["sales", "eu.sales-2", "7", "a_b"] {
            assert_eq!(name.parse::<TeamId>().unwrap().as_str(), name);
        }
        let long = "a".repeat(65);
        for name in ["", "-a", ".", "Sales", "a b", "a/b", "é", &long] {
            assert_eq!(name.parse::<TeamId>(), Err(NotATeam), "{name:?}");
        }
    }
}
