//! Request ids: they connect log lines, here and in the caller's logs, with one request.

use std::fmt;
use std::str::FromStr;

/// The id of a request. Only letters, digits and a few marks are allowed, because an email or a web
/// address used as an id would appear in every log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

/// The longest id.
const BYTES_MAX: usize = 128;

impl RequestId {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {BYTES_MAX} letters, digits and marks of -_.:+=")]
pub struct NotARequestId;

impl FromStr for RequestId {
    type Err = NotARequestId;

    fn from_str(text: &str) -> Result<Self, NotARequestId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+=".contains(&byte);
        let is_id = (1..=BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        if is_id { Ok(Self(text.to_owned())) } else { Err(NotARequestId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_refused_as_a_request_id() {
        let longest = "x".repeat(BYTES_MAX);
        for id in ["018f-a.b_c:1", longest.as_str()] {
            assert_eq!(id.parse::<RequestId>().unwrap().as_str(), id);
        }
        let too_long = "x".repeat(BYTES_MAX + 1);
        for private in
            ["ada@x.example", "https://linkedin.com/in/ada", "Ada Lovelace", "", too_long.as_str()]
        {
            assert_eq!(private.parse::<RequestId>(), Err(NotARequestId), "{private}");
        }
    }
}
