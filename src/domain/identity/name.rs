//! Names of persons and companies in their one form.

use unicode_normalization::UnicodeNormalization as _;

use super::address::TEXT_BYTES_MAX;
use super::canonical::Canonical;

/// The name with its compatibility characters resolved, in lower case, and with single spaces.
/// `None` where it has no letter or digit.
pub(super) fn canonical(name: &str) -> Option<Canonical> {
    if name.len() > TEXT_BYTES_MAX {
        return None;
    }
    let folded: String = name.nfkc().flat_map(char::to_lowercase).map(unfinal).nfkc().collect();
    let words = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_a_name = words.contains(char::is_alphanumeric) && !words.contains(char::is_control);
    is_a_name.then(|| Canonical::new(words))
}

/// The one letter whose lower case depends on its place in the word.
fn unfinal(c: char) -> char {
    if c == 'ς' { 'σ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str) -> Option<String> {
        canonical(name).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn a_name_has_one_form_however_it_is_written() {
        for name in ["Ada Lovelace", " ADA \t\u{a0} lovelace\n", "Ａda　Ｌovelace", "ada\rlovelace"]
        {
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
    fn names_spelt_otherwise_are_other_names() {
        for (one, other) in
            [("İrem", "irem"), ("Weiß", "Weiss"), ("Renée", "Renee"), ("Ann", "Anne")]
        {
            assert_ne!(form(one), form(other));
        }
    }

    #[test]
    fn what_has_no_letter_names_nobody() {
        for name in ["", " ", "-", "?", "\u{0}ada", &"a".repeat(TEXT_BYTES_MAX + 1)] {
            assert_eq!(form(name), None, "{name:?}");
        }
    }
}
