//! The vendor's `_errors`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::list;
use crate::vendor::VendorError;

/// Longer texts are truncated: they are stored and returned to callers.
const TEXT_CHARS_MAX: usize = 500;

/// The longest accepted code.
const CODE_BYTES_MAX: usize = 48;

/// Replaces an invalid code. Codes are logged and returned, and a text that is not a word may be
/// personal data.
const NO_CODE: &str = "undocumented_code";

/// The maximum number of errors that are kept.
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

/// The errors in an answer; none if it is not the vendor's envelope.
pub(in crate::vendor) fn errors(body: &[u8]) -> Vec<VendorError> {
    serde_json::from_slice::<Envelope<'_>>(body)
        .map_or_else(|_| Vec::new(), |envelope| error_list(envelope.errors))
}

/// The errors in a list; other entries are ignored.
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

/// A code in the documented form: lower-case words.
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
    fn the_vendors_envelope_is_parsed() {
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
    fn another_body_has_no_errors() {
        for body in ["", "<html>", "[]", "{}", r#"{"_errors":7}"#, r#"{"_errors":[7]}"#] {
            assert_eq!(errors(body.as_bytes()), [], "{body}");
        }
    }

    #[test]
    fn text_that_does_not_look_like_a_code_is_replaced() {
        for text in ["ada@x.example", "Ada Lovelace", "5551234", "", &"a".repeat(49)] {
            let body = format!(r#"{{"_errors":[{{"code":"{text}"}}]}}"#);
            assert_eq!(errors(body.as_bytes())[0].code.as_deref(), Some(NO_CODE), "{text}");
        }
    }

    #[test]
    fn long_texts_and_long_lists_are_truncated() {
        let entry = format!(r#"{{"detail":"{}"}}"#, "é".repeat(TEXT_CHARS_MAX + 1));
        let list = vec![entry; ERRORS_MAX + 1].join(",");
        let read = errors(format!(r#"{{"_errors":[{list}]}}"#).as_bytes());
        assert_eq!(read.len(), ERRORS_MAX);
        assert_eq!(read[0].detail.as_ref().unwrap().chars().count(), TEXT_CHARS_MAX);
    }
}
