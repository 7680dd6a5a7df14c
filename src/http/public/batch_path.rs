//! The batch that a path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::envelope::Envelope;
use crate::gateway::{BatchId, Refusal};

/// The id at the end of a path. What is no number names no batch.
pub(super) struct BatchPath(pub(super) BatchId);

impl<S: Send + Sync> FromRequestParts<S> for BatchPath {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = path.and_then(|Path(text)| batch_id(&text));
        id.map(Self).ok_or_else(|| Refusal::NoSuchBatch.into())
    }
}

fn batch_id(text: &str) -> Option<BatchId> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).and_then(BatchId::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_number_names_a_batch() {
        for number in [0, 7, BatchId::MAX] {
            assert_eq!(batch_id(&number.to_string()), BatchId::new(number));
        }
        let beyond = (BatchId::MAX + 1).to_string();
        for text in [
            "",
            "+7",
            "-7",
            "7.0",
            "0x7",
            " 7",
            "７",
            "7/8",
            "me",
            &beyond,
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(batch_id(text), None, "{text:?}");
        }
    }
}
