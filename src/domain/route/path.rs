//! A path that may be forwarded: its meaning does not depend on the parser.
//!
//! The vendor may remove encoding, letter case and suffixes from a path before it interprets it,
//! and the wrong route would apply to an ambiguous path. Such a path is refused, never corrected.

use std::fmt;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

/// Paths that the gateway serves and that no table can have.
const OFF_THE_TABLE: [&str; 3] = ["/people/enrichment-requests", "/people/find", "/gateway"];

/// The path that the gateway serves for the teams and at the price in the table.
pub(super) const VALIDATIONS: &str = "/email-validations";

/// A path, as received and as routes see it. It may contain personal data, so its `Debug` shows
/// nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorPath {
    /// Decoded, in lower case, without a trailing slash.
    folded: String,
}

/// Why a path is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// It does not begin with a slash.
    #[error("it does not begin with a slash")]
    NoSlash,
    /// Two slashes follow one another.
    #[error("it has an empty segment")]
    EmptySegment,
    /// It has a segment `.` or `..`, perhaps encoded.
    #[error("it has a dot segment")]
    DotSegment,
    /// It has a character that is not allowed in a path.
    #[error("it has a character that is not allowed in a path, such as a space or a semicolon")]
    Character,
    /// It has a character that some servers read as a separator after decoding.
    #[error("it has an encoded slash, backslash, semicolon, percent sign or control character")]
    Disguised,
    /// It is not UTF-8 after decoding, so its meaning is unknown.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It has characters that some servers read as others.
    #[error("it has characters that Unicode's compatibility form (NFKC) changes")]
    Unstable,
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("its percent-encoding is broken")]
    Encoding,
}

impl VendorPath {
    /// The path of a request, without its query.
    ///
    /// # Errors
    /// [`Unsafe`] if it is ambiguous.
    pub fn of(path: &str) -> Result<Self, Unsafe> {
        let rest = path.strip_prefix('/').ok_or(Unsafe::NoSlash)?;
        let rest = rest.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(rest);
        let mut folded = String::with_capacity(path.len());
        for segment in rest.split('/').filter(|_| !rest.is_empty()) {
            folded.push('/');
            folded.push_str(&folded_segment(segment)?);
        }
        Ok(Self { folded })
    }

    /// The path at which email addresses are validated.
    #[must_use]
    pub fn of_validations() -> Self {
        Self { folded: VALIDATIONS.to_owned() }
    }

    /// Whether the path belongs to the gateway, even if no endpoint exists there: it is never
    /// forwarded.
    #[must_use]
    pub fn is_the_gateways(&self) -> bool {
        self.is_off_the_table() || self.is_at_or_below(VALIDATIONS)
    }

    /// Whether the gateway serves it regardless of the table.
    pub(super) fn is_off_the_table(&self) -> bool {
        OFF_THE_TABLE.iter().any(|own| self.is_at_or_below(own))
    }

    fn is_at_or_below(&self, literal: &str) -> bool {
        self.is(literal) || self.is_below(literal)
    }

    /// Whether this is the path `literal`; a suffix such as `.json` does not matter.
    pub(super) fn is(&self, literal: &str) -> bool {
        self.folded
            .strip_prefix(literal)
            .is_some_and(|rest| rest.is_empty() || (rest.starts_with('.') && !rest.contains('/')))
    }

    /// Whether its last segment has a suffix such as `.json`.
    pub(super) fn has_ending(&self) -> bool {
        self.folded.rsplit('/').next().is_some_and(|last| last.contains('.'))
    }

    /// Whether it is below the path `literal`.
    pub(super) fn is_below(&self, literal: &str) -> bool {
        self.folded.strip_prefix(literal).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The form that routes are matched with.
    pub(super) fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether it has this prefix.
    pub(super) fn begins_with(&self, literal: &str) -> bool {
        self.folded.starts_with(literal)
    }
}

impl fmt::Debug for VendorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VendorPath(<redacted>)")
    }
}

fn folded_segment(segment: &str) -> Result<String, Unsafe> {
    if segment.is_empty() {
        return Err(Unsafe::EmptySegment);
    }
    let is_plain = |byte: u8| {
        // The characters that RFC 3986 allows in a segment, except `;`, at which some servers cut a
        // path.
        byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@%".contains(&byte)
    };
    if !segment.bytes().all(is_plain) {
        return Err(Unsafe::Character);
    }
    let encoded = segment.split('%').skip(1);
    let is_encoding = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !encoded.into_iter().all(is_encoding) {
        return Err(Unsafe::Encoding);
    }
    let decoded: Vec<u8> = percent_decode_str(segment).collect();
    let is_disguised = |byte: &u8| byte.is_ascii_control() || b"/\\;%".contains(byte);
    if decoded.iter().any(is_disguised) {
        return Err(Unsafe::Disguised);
    }
    if decoded == b"." || decoded == b".." {
        return Err(Unsafe::DotSegment);
    }
    let decoded = String::from_utf8(decoded).map_err(|_| Unsafe::NotUtf8)?;
    if !decoded.nfkc().eq(decoded.chars()) {
        return Err(Unsafe::Unstable);
    }
    Ok(decoded.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(path: &str) -> String {
        VendorPath::of(path).unwrap().folded
    }

    #[test]
    fn all_spellings_of_a_path_are_equal() {
        for path in ["/people/search", "/People/SEARCH", "/people/search/", "/peopl%65/se%61rch"] {
            assert_eq!(folded(path), "/people/search", "{path}");
        }
        assert_eq!(folded("/contacts/ada@x.example"), "/contacts/ada@x.example");
        assert_eq!(folded("/contacts/J%C3%BCrgen"), "/contacts/jürgen");
        assert_eq!(folded("/"), "");
    }

    #[test]
    fn an_ambiguous_path_is_refused() {
        for (path, why) in [
            ("", Unsafe::NoSlash),
            ("*", Unsafe::NoSlash),
            ("contacts", Unsafe::NoSlash),
            ("//", Unsafe::EmptySegment),
            ("//contacts", Unsafe::EmptySegment),
            ("/contacts//7", Unsafe::EmptySegment),
            ("/contacts//", Unsafe::EmptySegment),
            ("/contacts/../people/find", Unsafe::DotSegment),
            ("/contacts/.", Unsafe::DotSegment),
            ("/contacts/%2e%2E/people/find", Unsafe::DotSegment),
            ("/contacts/.%2e/people/find", Unsafe::DotSegment),
            ("/contacts%2F..%2Fpeople", Unsafe::Disguised),
            ("/contacts/a%5Cb", Unsafe::Disguised),
            ("/contacts/%252e%252e", Unsafe::Disguised),
            ("/contacts/%00", Unsafe::Disguised),
            ("/contacts/%0d%0a", Unsafe::Disguised),
            ("/contacts/7%3bx", Unsafe::Disguised),
            ("/contacts/7;x=1", Unsafe::Character),
            ("/contacts\\..\\people", Unsafe::Character),
            ("/contacts/jürgen", Unsafe::Character),
            ("/contacts/a b", Unsafe::Character),
            ("/contacts/%", Unsafe::Encoding),
            ("/contacts/%4", Unsafe::Encoding),
            ("/contacts/%zz", Unsafe::Encoding),
            ("/contacts/%+1", Unsafe::Encoding),
            ("/contacts/%FF", Unsafe::NotUtf8),
            ("/contacts/%C0%AE%C0%AE", Unsafe::NotUtf8),
            ("/contacts/%ED%A0%80", Unsafe::NotUtf8),
            // A full-width full stop, a letter with its accent apart, a long s, a ligature.
            ("/contacts/%EF%BC%8E%EF%BC%8E/people", Unsafe::Unstable),
            ("/contacts/Ju%CC%88rgen", Unsafe::Unstable),
            ("/contact%C5%BF", Unsafe::Unstable),
            ("/%EF%AC%81nd", Unsafe::Unstable),
        ] {
            assert_eq!(VendorPath::of(path), Err(why), "{path}");
        }
    }

    #[test]
    fn the_gateways_own_paths_are_recognised_in_every_spelling() {
        for path in [
            "/people/find",
            "/people/find/",
            "/People/Find",
            "/people/find.json",
            "/people/f%69nd",
            "/people/enrichment-requests/7/x",
            "/gateway",
            "/gateway/v2/usage",
            "/email-validations/",
            "/Email-Validations",
            "/email-validations.json",
            "/email-v%61lidations",
            "/email-validations/7/results",
        ] {
            assert!(VendorPath::of(path).unwrap().is_the_gateways(), "{path}");
        }
        for path in
            ["/people/finders", "/people/search", "/people", "/gateways", "/email-validators"]
        {
            assert!(!VendorPath::of(path).unwrap().is_the_gateways(), "{path}");
        }
    }

    #[test]
    fn a_path_is_not_printed() {
        let path = VendorPath::of("/lists/ada@x.example").unwrap();
        assert!(!format!("{path:?}").contains("ada"));
    }
}
