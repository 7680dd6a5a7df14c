//! Names of persons and companies in canonical form, and which of them are placeholders.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::address::{Address, TEXT_BYTES_MAX};
use super::canonical::Canonical;
use super::lists::{Beginnings, Phrases};
use super::{fold, shared_hosts};

static COMPANIES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_companies.txt")]));
static COMPANY_WORDS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::of(include_str!("lists/placeholder_company_words.txt")));
static PERSONS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_names.txt")]));
static PERSON_WORDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_name_words.txt")]));
static PARTICLES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/name_particles.txt")]));

/// The name of a person; `None` for a placeholder.
pub(super) fn of_person(name: &str) -> Option<Canonical> {
    let words = fold::words(name);
    let is_placeholder =
        is_nothing(&words) || PERSONS.have(&words) || PERSON_WORDS.have_each(&words);
    if is_placeholder { None } else { canonical(name) }
}

/// The name of a company; `None` if it does not identify one company.
pub(super) fn of_company(name: &str) -> Option<Canonical> {
    let words = fold::words(name);
    let is_placeholder = is_nothing(&words)
        || COMPANIES.have(&words)
        || COMPANY_WORDS.have(&words)
        || is_page_on_a_shared_host(&tidied(name));
    if is_placeholder { None } else { canonical(name) }
}

/// Nothing, one letter, a number, or one repeated letter.
fn is_nothing(words: &[String]) -> bool {
    let text = words.concat();
    let mut characters = text.chars();
    let first = characters.next();
    let is_letter = |c: char| c.is_ascii() || !c.is_alphabetic();
    text.chars().all(char::is_numeric)
        || (characters.all(|c| Some(c) == first) && first.is_none_or(is_letter))
}

fn is_page_on_a_shared_host(name: &str) -> bool {
    Address::parse(name).is_some_and(|page| shared_hosts::is_shared(&page.host, page.path))
}

/// A title in canonical form; every title is accepted.
pub(super) fn title(text: &str) -> Canonical {
    canonical(text).unwrap_or_else(|| Canonical::new(tidied(text)))
}

/// The name with its compatibility characters resolved, in lower case, and with single spaces.
/// `None` if it has no letter or digit.
pub(super) fn canonical(name: &str) -> Option<Canonical> {
    if name.len() > TEXT_BYTES_MAX {
        return None;
    }
    let folded: String = tidied(name).chars().flat_map(char::to_lowercase).map(unfinal).collect();
    let words = tidied(&folded);
    let is_a_name = words.contains(char::is_alphanumeric) && !words.contains(char::is_control);
    is_a_name.then(|| Canonical::new(words))
}

/// The name with its compatibility characters resolved, with single spaces and without invisible
/// characters; its case is kept.
pub(super) fn tidied(name: &str) -> String {
    let composed: String = name.nfkc().filter(|c| !fold::is_ignorable(*c)).nfkc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The only letter whose lower case depends on its position in the word.
fn unfinal(c: char) -> char {
    if c == 'ς' { 'σ' } else { c }
}

/// The words of a name that distinguish persons: without forms of address, degrees and particles,
/// unless it has no others.
pub(super) fn telling_words(name: &str) -> Vec<String> {
    let all = fold::words(name);
    let is_particle = |word: &String| PARTICLES.have(std::slice::from_ref(word));
    let telling: Vec<_> = all.iter().filter(|word| !is_particle(word)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str) -> Option<String> {
        canonical(name).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn a_name_has_one_canonical_form() {
        for name in [
            "Ada Lovelace",
            "A\u{200b}da Love\u{ad}lace",
            " ADA \t\u{a0} lovelace\n",
            "Ａda　Ｌovelace",
            "ada\rlovelace",
        ] {
            assert_eq!(form(name).as_deref(), Some("ada lovelace"), "{name:?}");
        }
        assert_eq!(form("ΟΔΥΣΣΕΥΣ"), form("οδυσσευς"));
        assert_eq!(form("Jo\u{308}rg"), form("J\u{f6}RG"));
        assert_eq!(form("İ\u{327}rem"), form("i\u{327}\u{307}rem"));
        assert_eq!(form("ﬁona"), form("Fiona"));
        assert_eq!(form("3M").as_deref(), Some("3m"));
        assert_eq!(form("山田 太郎").as_deref(), Some("山田 太郎"));
    }

    #[test]
    fn names_with_another_spelling_are_different() {
        for (one, other) in
            [("İrem", "irem"), ("Weiß", "Weiss"), ("Renée", "Renee"), ("Ann", "Anne")]
        {
            assert_ne!(form(one), form(other));
        }
    }

    #[test]
    fn a_name_without_letters_identifies_no_one() {
        for name in ["", " ", "-", "?", "\u{0}ada", &"a".repeat(TEXT_BYTES_MAX + 1)] {
            assert_eq!(form(name), None, "{name:?}");
        }
    }

    #[test]
    fn placeholders_for_a_company_identify_none() {
        for name in [
            "Self-employed",
            "SELF EMPLOYED",
            "Selfemployed",
            "Freelance",
            "Freelance Designer",
            "Unknown",
            "N/A",
            "n.a.",
            "[not provided]",
            "Stealth Startup",
            "Stealth Mode Startup",
            "Stealth AI",
            "Retired",
            "Retired from the railway",
            "Confidential",
            "Student",
            "Student at a university",
            "Selbstständig",
            "freiberuflich",
            "Indépendant",
            "À son compte",
            "Autónomo",
            "Libero professionista",
            "ZZP'er",
            "Własna działalność",
            "Eläkkeellä",
            "x",
            "Looking for new opportunities",
            "Open to work",
            "0",
            "---",
            "linkedin.com/company/x",
            "https://www.facebook.com/acme",
            "Between jobs",
            "Самозанятый",
            "フリーランス",
        ] {
            assert_eq!(of_company(name), None, "{name:?}");
        }
        for name in
            ["Acme", "Google", "3M", "IBM", "Example", "Self Storage Group", "Open Systems", "株"]
        {
            assert!(of_company(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn placeholders_for_a_person_identify_none() {
        for name in [
            "Unknown",
            "LinkedIn Member",
            "LinkedIn-Mitglied",
            "Membre LinkedIn",
            "Test",
            "Test User 2",
            "undefined undefined",
            "null null",
            "John Doe",
            "N/A",
            "First Last",
            "Vorname Nachname",
            "xxx",
            "A",
            "Sales Team",
            "Anonymous",
            "-",
            "Mr.",
            "Miembro de LinkedIn",
            "12345",
        ] {
            assert_eq!(of_person(name), None, "{name:?}");
        }
        for name in ["Ada Lovelace", "Person 7", "Bo Li", "Test Maier", "李", "Grant Sales"] {
            assert!(of_person(name).is_some(), "{name:?}");
        }
    }
}
