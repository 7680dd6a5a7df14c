//! Lines: each is a JSON object whose last member is the check of everything before it, up to the
//! comma, so that a truncated or changed line is detected.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::check::Chain;

const MEMBER: &str = ",\"check\":\"";

/// The next line of a file, including its newline.
pub(super) fn sealed(form: &impl Serialize, chain: &mut Chain) -> String {
    let json = serde_json::to_string(form).expect("a form is an object of plain values");
    let body = json.strip_suffix('}').expect("an object ends with a brace");
    format!("{body}{MEMBER}{}\"}}\n", chain.push(body))
}

/// Parses the next line of a file, or says what is wrong with it.
pub(super) fn opened<T: DeserializeOwned>(line: &[u8], chain: &mut Chain) -> Result<T, String> {
    let (body, found) = parts(line)?;
    if !chain.take(body, found) {
        return Err("was changed after it was written: its check differs".to_owned());
    }
    form(body)
}

/// Parses a line without verifying it.
pub(super) fn unchecked<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    form(parts(line)?.0)
}

/// The checked part of a line, and its check.
fn parts(line: &[u8]) -> Result<(&str, &str), String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?;
    let no_check = || "ends without its check".to_owned();
    let text = text.strip_suffix("\n").unwrap_or(text).strip_suffix("\"}").ok_or_else(no_check)?;
    text.rsplit_once(MEMBER).ok_or_else(no_check)
}

fn form<T: DeserializeOwned>(body: &str) -> Result<T, String> {
    serde_json::from_str(&format!("{body}}}")).map_err(|why| format!("cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::export::check::{CheckKey, Scheme};

    proptest! {
        #[test]
        fn a_changed_line_is_refused(
            pair: (u64, String), at: prop::sample::Index, bit in 0..8_u32, is_keyed: bool,
        ) {
            let key = CheckKey::new([7; 32], &[7; 32]);
            let scheme = if is_keyed { Scheme::Keyed(key) } else { Scheme::Plain };
            let chain = || Chain::new(scheme.clone());
            let form = BTreeMap::from([("pair", &pair)]);
            let mut line = sealed(&form, &mut chain()).into_bytes();
            let opened_as =
                |line: &[u8]| opened::<BTreeMap<String, (u64, String)>>(line, &mut chain());
            prop_assert_eq!(&opened_as(&line).unwrap()["pair"], &pair);
            let at = at.index(line.len() - 1);
            prop_assert!(opened_as(&line[..at]).is_err());
            line[at] ^= 1 << bit;
            prop_assert!(opened_as(&line).is_err());
        }
    }
}
