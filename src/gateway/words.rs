//! The vendor's errors for refused leads, stored beside the leads until their batch is read.

use std::collections::BTreeMap;

use super::Failed;
use crate::domain::time::Timestamp;
use crate::ledger::ids::Token;
use crate::vault::any::AnyVault;
use crate::vault::{Item, ItemKey, Vault};
use crate::vendor::VendorError;

/// The vendor's error. It may quote the lead.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// For programs.
    pub code: String,
    /// The title of the code.
    pub title: String,
    /// The vendor's explanation.
    pub detail: String,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({}, <redacted>)", self.code)
    }
}

impl Words {
    /// The text of an error; `None` if it has no code.
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

/// Stores the errors of these leads, each under the token of its batch's admission and its
/// position.
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

/// The errors of these leads of a batch, by their positions; leads without an error are omitted.
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
    fn errors_are_restored_as_written() {
        let [code, title, detail] = ["invalid_lead", "", "“é” is no address"].map(str::to_owned);
        let words = Words { code, title, detail };
        let bytes = words.pack();
        assert_eq!(Words::unpack(&bytes), Some(words));
        assert_eq!(Words::unpack(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn missing_parts_are_taken_from_others() {
        let code = Some("invalid_lead".to_owned());
        let error = VendorError { code, title: None, detail: None, pointer: None };
        let words = Words::of(&error).unwrap();
        assert_eq!((words.title.as_str(), words.detail.as_str()), ("invalid_lead", "invalid_lead"));
        assert_eq!(Words::of(&VendorError { code: None, ..error }), None);
    }
}
