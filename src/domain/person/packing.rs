//! The stored form of sections, before encryption. A change of the form needs a new version and
//! keeps the old one readable, because stored data outlives the release that wrote it.
//!
//! Version 1: one byte `1`, then the four sections in order, each as its length (four bytes,
//! big-endian) and its UTF-8. The length of a contact that was not sent is `0xFFFF_FFFF`.

use super::Sections;

const VERSION: u8 = 1;
const NOT_SENT: u32 = u32::MAX;

/// Why bytes are not sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpackable {
    /// Written by a later release, or not by the gateway.
    #[error("sections of version {0} are not supported")]
    Version(u8),
    /// The bytes end before the last section.
    #[error("the bytes end before the last section")]
    Short,
    /// There are bytes left after the last section.
    #[error("there are bytes after the last section")]
    Long,
    /// A section is not UTF-8, or a mandatory one is missing.
    #[error("a section is not valid text")]
    NoText,
}

impl Sections {
    /// The sections as bytes.
    ///
    /// # Panics
    /// If a section is 4 GiB or longer, which is far above the limit of the vendor's answers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let sections = [
            Some(&self.person),
            self.email.as_ref(),
            self.phone_numbers.as_ref(),
            Some(&self.undocumented),
        ];
        let mut bytes = vec![VERSION];
        for section in sections {
            match section {
                Some(text) => {
                    let length = u32::try_from(text.len())
                        .ok()
                        .filter(|length| *length != NOT_SENT)
                        .expect("answers are bounded far below 4 GiB, and so is a section");
                    bytes.extend(length.to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
                None => bytes.extend(NOT_SENT.to_be_bytes()),
            }
        }
        bytes
    }

    /// The sections of bytes from [`Sections::to_bytes`].
    ///
    /// # Errors
    /// If the bytes are not valid.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unpackable> {
        let (&version, mut rest) = bytes.split_first().ok_or(Unpackable::Short)?;
        if version != VERSION {
            return Err(Unpackable::Version(version));
        }
        let sections = Self {
            person: take(&mut rest)?.ok_or(Unpackable::NoText)?,
            email: take(&mut rest)?,
            phone_numbers: take(&mut rest)?,
            undocumented: take(&mut rest)?.ok_or(Unpackable::NoText)?,
        };
        if rest.is_empty() { Ok(sections) } else { Err(Unpackable::Long) }
    }
}

/// The next section, cut off the front of `bytes`.
fn take(bytes: &mut &[u8]) -> Result<Option<Box<str>>, Unpackable> {
    let (length, rest) = bytes.split_first_chunk().ok_or(Unpackable::Short)?;
    *bytes = rest;
    let length = u32::from_be_bytes(*length);
    if length == NOT_SENT {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| Unpackable::Short)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(Unpackable::Short)?;
    *bytes = rest;
    let text = str::from_utf8(text).map_err(|_| Unpackable::NoText)?;
    Ok(Some(text.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sections() -> impl Strategy<Value = Sections> {
        let text = || any::<String>().prop_map(String::into_boxed_str);
        let sent = || proptest::option::of(text());
        (text(), sent(), sent(), text()).prop_map(|(person, email, phone_numbers, undocumented)| {
            Sections { person, email, phone_numbers, undocumented }
        })
    }

    proptest! {
        #[test]
        fn sections_are_restored_from_their_bytes(sections in sections()) {
            prop_assert_eq!(Sections::from_bytes(&sections.to_bytes()), Ok(sections));
        }

        #[test]
        fn truncated_bytes_are_refused(sections in sections(), at in any::<prop::sample::Index>()) {
            let bytes = sections.to_bytes();
            let cut = &bytes[..at.index(bytes.len())];
            prop_assert_eq!(Sections::from_bytes(cut), Err(Unpackable::Short));
        }

        #[test]
        fn bytes_of_any_kind_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            if let Ok(sections) = Sections::from_bytes(&bytes) {
                prop_assert_eq!(sections.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn stored_forms_stay_readable() {
        let sections = Sections {
            person: "\"id\":1".into(),
            email: Some("null".into()),
            phone_numbers: None,
            undocumented: "".into(),
        };
        let stored = b"\x01\0\0\0\x06\"id\":1\0\0\0\x04null\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(Sections::from_bytes(stored), Ok(sections));
    }

    #[test]
    fn other_versions_leftovers_and_broken_text_are_refused() {
        let empty = Sections::default().to_bytes();
        let longer = [empty.as_slice(), b"!"].concat();
        let broken = b"\x01\0\0\0\x01\xC3\0\0\0\0\0\0\0\0\0\0\0\0";
        let without_person = b"\x01\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(Sections::from_bytes(b"\x02"), Err(Unpackable::Version(2)));
        assert_eq!(Sections::from_bytes(&longer), Err(Unpackable::Long));
        assert_eq!(Sections::from_bytes(broken), Err(Unpackable::NoText));
        assert_eq!(Sections::from_bytes(without_person), Err(Unpackable::NoText));
    }
}
