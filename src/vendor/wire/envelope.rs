//! The vendor's `_errors`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::list;
use crate::vendor::VendorError;

/// Longer texts are cut: they end up in stores and in other people's answers.
const TEXT_CHARS_MAX: usize = 500;

/// The longest code that is taken for one.
const CODE_BYTES_MAX: usize = 48;

/// In place of a code that is none. Codes are logged and answered, and what is no word may be
/// somebody's data.
const NO_CODE: &str = "undocumented_code";

/// So many entries are kept of a list.
const ERRORS_MAX: usize = 100;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "_errors")]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    code: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    pointer: Option<String>,
}

/// The errors in an answer; none where it is not the vendor's envelope.
pub(in crate::vendor) fn errors(body: &[u8]) -> Vec<VendorError> {
    serde_json::from_slice::<Envelope<'_>>(body)
        .map_or_else(|_| Vec::new(), |envelope| error_list(envelope.errors))
}

/// The errors in a list; whatever is no error is passed over.
pub(super) fn error_list(list: Option<&RawValue>) -> Vec<VendorError> {
    let first = list.and_then(|list| list::first(list, ERRORS_MAX).ok());
    first
        .map(|first| first.entries)
        .into_iter()
        .flatten()
        .filter_map(|entry| serde_json::from_str::<Entry>(entry.get()).ok())
        .map(|entry| VendorError {
            code: entry.code.map(code),
            detail: entry.detail.or_else(|| entry.title.clone()).map(shortened),
            title: entry.title.map(shortened),
            pointer: entry.source.and_then(|source| source.pointer).map(shortened),
        })
        .collect()
}

/// A code as the vendor documents them: words of small letters.
fn code(text: String) -> String {
    let is_code = (1..=CODE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { text } else { NO_CODE.to_owned() }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_envelope_is_read() {
        let body =
            br#"{"object":"error","_errors":[{"code":"missing_field","title":"Missing Field",
            "detail":"Missing field from request: leads","source":{"pointer":"/leads"}},
            {"code":"other","title":"Other"}]}"#;
        let read = errors(body);
        assert_eq!(
            read[0],
            VendorError {
                code: Some("missing_field".into()),
                title: Some("Missing Field".into()),
                detail: Some("Missing field from request: leads".into()),
                pointer: Some("/leads".into()),
            }
        );
        assert_eq!((read[1].detail.as_deref(), &read[1].pointer), (Some("Other"), &None));
    }

    #[test]
    fn what_is_no_envelope_holds_no_errors() {
        for body in ["", "<html>", "[]", "{}", r#"{"_errors":7}"#, r#"{"_errors":[7]}"#] {
            assert_eq!(errors(body.as_bytes()), [], "{body}");
        }
    }

    #[test]
    fn what_does_not_look_like_a_code_is_not_repeated() {
        for text in ["ada@x.example", "Ada Lovelace", "5551234", "", &"a".repeat(49)] {
            let body = format!(r#"{{"_errors":[{{"code":"{text}"}}]}}"#);
            assert_eq!(errors(body.as_bytes())[0].code.as_deref(), Some(NO_CODE), "{text}");
        }
    }

    #[test]
    fn long_texts_and_long_lists_are_cut() {
        let entry = format!(r#"{{"detail":"{}"}}"#, "é".repeat(TEXT_CHARS_MAX + 1));
        let list = vec![entry; ERRORS_MAX + 1].join(",");
        let read = errors(format!(r#"{{"_errors":[{list}]}}"#).as_bytes());
        assert_eq!(read.len(), ERRORS_MAX);
        assert_eq!(read[0].detail.as_ref().unwrap().chars().count(), TEXT_CHARS_MAX);
    }
}
