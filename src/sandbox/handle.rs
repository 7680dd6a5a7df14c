//! Handles: the identifiers of invented people.

use unicode_normalization::UnicodeNormalization;

/// Lower-case words joined by `-`. No `Debug`: it is personal data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Handle(String);

impl Handle {
    /// The words of a text; characters that are neither letters nor digits separate them.
    pub(super) fn from_words(text: &str) -> Option<Self> {
        let folded = text.nfkc().collect::<String>().to_lowercase();
        let words: Vec<&str> =
            folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        (!words.is_empty()).then(|| Self(words.join("-")))
    }

    /// The local part of an address; its domain does not matter.
    pub(super) fn from_email(address: &str) -> Option<Self> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        let is_domain = !domain.is_empty() && !domain.contains(char::is_whitespace);
        if is_domain { Self::from_words(local) } else { None }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it contains `word`.
    pub(super) fn says(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split('-')
    }

    /// A number that depends only on this handle and on `about`.
    pub(super) fn hash(&self, about: &str) -> u64 {
        let digest = self.digest(about);
        u64::from_le_bytes(*digest.first_chunk().expect("a digest has 32 bytes"))
    }

    /// A vendor id that depends only on this handle and on `about`.
    pub(super) fn uuid(&self, about: &str) -> String {
        let hex = hex::encode(self.digest(about));
        format!(
            "{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..15],
            &hex[15..18],
            &hex[18..30]
        )
    }

    fn digest(&self, about: &str) -> [u8; 32] {
        *blake3::hash(format!("{about}:{}", self.0).as_bytes()).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(address: &str) -> Option<String> {
        Handle::from_email(address).map(|handle| handle.as_str().to_owned())
    }

    #[test]
    fn separators_and_case_do_not_matter() {
        assert_eq!(email("ada.lovelace@x.example").as_deref(), Some("ada-lovelace"));
        assert_eq!(email("Ada_Lovelace@BÜCHER.example").as_deref(), Some("ada-lovelace"));
        assert_eq!(email("J\u{75}\u{308}rgen@x.example").as_deref(), Some("jürgen"));
    }

    #[test]
    fn an_invalid_address_identifies_no_one() {
        for address in ["", "ada", "@x.example", "ada@", "ada@x example", "...@x.example"] {
            assert_eq!(email(address), None, "{address}");
        }
    }

    #[test]
    fn ids_are_well_formed_and_differ_by_subject() {
        let ada = Handle::from_words("Ada Lovelace").unwrap();
        assert_eq!(ada.uuid("person").len(), 36);
        assert_eq!(ada.uuid("person"), ada.clone().uuid("person"));
        assert_ne!(ada.uuid("person"), ada.uuid("company"));
    }
}
