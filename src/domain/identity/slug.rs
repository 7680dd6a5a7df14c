//! The profile name in a LinkedIn address: a slug or an opaque id, but not a placeholder or the
//! name of a page.

use std::sync::LazyLock;

use super::canonical::{Canonical, is_blank, lower_case};
use super::fold;
use super::lists::Phrases;

/// The prefixes of opaque ids; case-sensitive.
const OPAQUE: [&str; 3] = ["ACoAA", "ACwAA", "AEMAA"];

/// LinkedIn's own limits, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=100;

static PLACEHOLDERS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_slugs.txt")]));
static WORDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_name_words.txt")]));

/// Whether a text is a complete opaque id.
pub(super) fn is_opaque(text: &str) -> bool {
    let rest = OPAQUE.iter().find_map(|prefix| text.strip_prefix(prefix));
    let is_id = |rest: &str| {
        rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && rest.bytes().any(|b| b != b'A')
    };
    rest.is_some_and(is_id) && text.len() <= *LENGTHS.end()
}

/// A slug in canonical form; `None` if it is not valid, or does not identify one person.
pub(super) fn canonical(text: &str) -> Option<Canonical> {
    let slug = lower_case(text);
    let is_slug = LENGTHS.contains(&slug.chars().count())
        && slug.chars().all(may_be_in_a_slug)
        && !is_part_of_an_id(&slug)
        && !is_placeholder(&slug);
    is_slug.then(|| Canonical::new(slug))
}

/// LinkedIn assigns letters, digits and hyphens; other characters in slugs are not ASCII.
fn may_be_in_a_slug(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "-_'".contains(c)
    } else {
        !is_blank(c) && !fold::is_ignorable(c)
    }
}

/// An opaque id whose case is lost, or that is truncated, identifies no one.
fn is_part_of_an_id(slug: &str) -> bool {
    OPAQUE.iter().any(|prefix| slug.starts_with(&prefix.to_ascii_lowercase()))
}

fn is_placeholder(slug: &str) -> bool {
    let words = fold::words(slug);
    let is_repeated = || {
        let characters: Vec<_> = slug.chars().filter(|c| c.is_alphanumeric()).collect();
        characters.len() != 2 && characters.windows(2).all(|two| two.first() == two.last())
    };
    PLACEHOLDERS.have(&words) || WORDS.have_each(&words) || is_repeated()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_names_of_pages_are_not_slugs() {
        for text in [
            "unknown",
            "Unknown",
            "na",
            "n-a",
            "-",
            "---",
            "authwall",
            "search",
            "login",
            "feed",
            "profile",
            "username",
            "404",
            "me",
            "in",
            "NULL",
            "undefined",
            "null-null",
            "undefined-undefined",
            "first-last",
            "your-profile",
            "your-name",
            "page-not-found",
            "xxx",
            "aaaa",
            "999",
            "12345",
            "test",
            "test-user-2",
            "linkedin",
            "https",
            "www",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn invalid_characters_are_refused() {
        let long = "ab".repeat(51);
        for text in [
            "p7",
            "https:",
            "linkedin.com",
            "john.smith",
            "a@b",
            "ada&trk",
            "ada=1",
            "ada(1)",
            "ada,b",
            "ada\u{200b}x",
            "acoaa",
            "ACoAA",
            "acoaaabcdef",
            "aemaaxyz",
            &long,
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_opaque_id_is_longer_than_its_prefix() {
        for id in ["ACoAAAtEsT-_x1", "ACwAAxyz", "AEMAAAx", "ACoAA-ada-lovelace"] {
            assert!(is_opaque(id), "{id}");
        }
        for text in ["ACoAA", "ACoAAAAAA", "acoaaxyz", "ACoAAx.y", "ada"] {
            assert!(!is_opaque(text), "{text}");
        }
    }
}
