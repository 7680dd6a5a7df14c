//! Lines: each is a JSON object whose last member checks what stands before it, so that a line that
//! was cut short or changed is known.
//!
//! The check is the first 16 hexadecimal digits of BLAKE3 over the line up to the comma before it.

use serde::Serialize;
use serde::de::DeserializeOwned;

const MEMBER: &str = ",\"check\":\"";
const CHECK_DIGITS: usize = 16;

/// The line of a form, its newline with it.
pub(super) fn sealed(form: &impl Serialize) -> String {
    let json = serde_json::to_string(form).expect("a form is an object of plain values");
    let body = json.strip_suffix('}').expect("an object ends with a brace");
    format!("{body}{MEMBER}{}\"}}\n", check(body))
}

/// The form in a line; why there is none.
pub(super) fn opened<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?;
    let no_check = || "ends without its check".to_owned();
    let text = text.strip_suffix("\n").unwrap_or(text).strip_suffix("\"}").ok_or_else(no_check)?;
    let (body, found) = text.rsplit_once(MEMBER).ok_or_else(no_check)?;
    if found != check(body) {
        return Err("is not what was written: its check differs".to_owned());
    }
    serde_json::from_str(&format!("{body}}}")).map_err(|why| format!("cannot be read: {why}"))
}

fn check(body: &str) -> String {
    let mut check = blake3::hash(body.as_bytes()).to_hex().to_string();
    check.truncate(CHECK_DIGITS);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_is_read_as_it_was_written_and_not_otherwise(
            pair: (u64, String), at: prop::sample::Index, bit in 0..8_u32,
        ) {
            let form = std::collections::BTreeMap::from([("pair", &pair)]);
            let mut line = sealed(&form).into_bytes();
            let opened_as = |line: &[u8]| opened::<std::collections::BTreeMap<String, (u64, String)>>(line);
            prop_assert_eq!(&opened_as(&line).unwrap()["pair"], &pair);
            let at = at.index(line.len() - 1);
            prop_assert!(opened_as(&line[..at]).is_err());
            line[at] ^= 1 << bit;
            prop_assert!(opened_as(&line).is_err());
        }
    }
}
