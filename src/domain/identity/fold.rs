//! Folding: the spelling in which texts are compared with the lists, without case, accents, spaces
//! and punctuation.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The words of a text. Every character that is neither a letter nor a digit separates them.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_ignorable(*c))
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .fold(String::with_capacity(text.len()), |mut folded, c| {
            match plain(c) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(c),
            }
            folded
        });
    let separates = |c: char| !c.is_alphanumeric();
    folded.split(separates).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words of a text, joined.
pub(super) fn squashed(text: &str) -> String {
    words(text).concat()
}

/// Whether a character is invisible: zero-width spaces and joiners, soft hyphens, direction marks.
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A text without leading and trailing blank and invisible characters.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_ignorable(c))
}

/// The unaccented spelling of letters that have no decomposition.
const fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'æ' => "ae",
        'œ' => "oe",
        'ı' => "i",
        'ħ' => "h",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        for text in ["Self-Employed", "self employed", "SELF_EMPLOYED", "Ｓelf\u{200b}employed"] {
            assert_eq!(squashed(text), "selfemployed", "{text:?}");
        }
        assert_eq!(squashed("Selbstständig"), "selbststandig");
        assert_eq!(squashed("N/A"), "na");
        assert_eq!(words("À la recherche d'emploi"), ["a", "la", "recherche", "d", "emploi"]);
        assert_eq!(squashed("- –?"), "");
    }
}
