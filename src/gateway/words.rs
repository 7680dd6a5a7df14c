//! What the vendor said of a lead that it refused, kept beside the lead until its batch is read.

use std::collections::BTreeMap;

use super::Failed;
use crate::domain::time::Timestamp;
use crate::ledger::ids::Token;
use crate::vault::any::AnyVault;
use crate::vault::{Item, ItemKey, Vault};
use crate::vendor::VendorError;

/// The vendor's words for a refusal. They may repeat what the lead said.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// For programs.
    pub code: String,
    /// The code for people.
    pub title: String,
    /// What the vendor says about it.
    pub detail: String,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({}, <redacted>)", self.code)
    }
}

impl Words {
    /// The words of an error; none where it has no code.
    pub(super) fn of(error: &VendorError) -> Option<Self> {
        let code = error.code.clone()?;
        let title = error.title.clone().unwrap_or_else(|| code.clone());
        let detail = error.detail.clone().unwrap_or_else(|| title.clone());
        Some(Self { code, title, detail })
    }

    /// Each text after its length.
    fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in [&self.code, &self.title, &self.detail] {
            let length = u32::try_from(text.len()).expect("a text is cut far below 4 GiB");
            bytes.extend(length.to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    fn unpack(mut bytes: &[u8]) -> Option<Self> {
        let mut text = || {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (text, rest) = rest.split_at_checked(length)?;
            bytes = rest;
            Some(std::str::from_utf8(text).ok()?.to_owned())
        };
        Some(Self { code: text()?, title: text()?, detail: text()? })
    }
}

/// Keeps what the vendor said of these leads, each by the mark of its batch's admission and its place.
pub(super) async fn keep_words(
    vault: &AnyVault,
    words: &[((Token, u32), Words)],
    expires: Timestamp,
) -> Result<(), Failed> {
    let item = |((token, position), words): &((Token, u32), Words)| Item {
        key: key(*token, *position),
        bytes: words.pack(),
        expires,
    };
    Ok(vault.put(words.iter().map(item).collect()).await?)
}

/// What the vendor said of these leads of a batch, by their places; those of which it said nothing are
/// missing.
pub(super) async fn words_at(
    vault: &AnyVault,
    token: Token,
    positions: &[u32],
) -> Result<BTreeMap<u32, Words>, Failed> {
    if positions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys: Vec<_> = positions.iter().map(|position| key(token, *position)).collect();
    let items = vault.fetch(&keys).await?;
    let words = positions.iter().copied().zip(items);
    Ok(words.filter_map(|(position, item)| Some((position, Words::unpack(&item?)?))).collect())
}

fn key(token: Token, position: u32) -> ItemKey {
    ItemKey::Words { token: *token.as_bytes(), position }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_were_written() {
        let [code, title, detail] = ["invalid_lead", "", "“é” is no address"].map(str::to_owned);
        let words = Words { code, title, detail };
        let bytes = words.pack();
        assert_eq!(Words::unpack(&bytes), Some(words));
        assert_eq!(Words::unpack(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn what_is_missing_is_taken_from_what_is_there() {
        let code = Some("invalid_lead".to_owned());
        let error = VendorError { code, title: None, detail: None, pointer: None };
        let words = Words::of(&error).unwrap();
        assert_eq!((words.title.as_str(), words.detail.as_str()), ("invalid_lead", "invalid_lead"));
        assert_eq!(Words::of(&VendorError { code: None, ..error }), None);
    }
}
