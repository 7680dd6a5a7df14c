//! UUIDs: ids of email validations, the vendor's and our own.

use std::fmt;
use std::str::FromStr;

/// A UUID: 32 hexadecimal digits with four hyphens, so that no other text can be inserted into a
/// path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

/// Why a text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotUuid;

/// The positions of the hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const TEXT_BYTES: usize = 36;

impl Uuid {
    /// The UUID of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Uuid {
    type Err = NotUuid;

    fn from_str(text: &str) -> Result<Self, NotUuid> {
        let is_hyphen = |place: usize| text.as_bytes().get(place) == Some(&b'-');
        if text.len() != TEXT_BYTES || !HYPHENS.into_iter().all(is_hyphen) {
            return Err(NotUuid);
        }
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let mut bytes = [0; 16];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| NotUuid)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Uuid {
    /// Lower-case, with hyphens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_written_as_it_is_read() {
        let text = "019584f8-22f9-77c3-b056-ffef68a4bf4d";
        assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
        let upper = "019584F8-22F9-77C3-B056-FFEF68A4BF4D";
        assert_eq!(upper.parse::<Uuid>().unwrap().to_string(), text);
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "019584f822f977c3b056ffef68a4bf4d",
            "019584f8-22f9-77c3-b056-ffef68a4bf4",
            "019584f8-22f9-77c3-b056-ffef68a4bf4g",
            "019584f8/22f9-77c3-b056-ffef68a4bf4d",
            "../../../../../../../../../account-in",
            "é19584f8-22f9-77c3-b056-ffef68a4bf4",
            "-19584f8-22f9-77c3-b056-ffef68a4bf4d",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(NotUuid), "{text:?}");
        }
    }
}
