//! Stored answers of calls: the vendor's answer, for as long as the same request is a retry.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tracing::warn;

use crate::gateway::{BatchId, Failed, Gateway};
use crate::vault::{Item, ItemKey, Vault};
use crate::vendor::Whole;

/// The maximum size of a stored answer.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

/// A call has one answer, stored under one lease.
fn key(call: BatchId) -> ItemKey {
    ItemKey::Result { batch: call.get(), job: 0, index: 0, turn: 0 }
}

impl Gateway {
    /// Stores an answer for this long, if it is not too large. A retry of a call without a stored
    /// answer is refused.
    pub(super) async fn keep_answer(&self, call: BatchId, answer: &Whole, window: Duration) {
        if answer.body.len() > KEPT_BYTES_MAX {
            return;
        }
        let expires = self.clock.now().after(window);
        let Some(bytes) = pack(answer) else { return };
        let item = Item { key: key(call), bytes, expires };
        if let Err(error) = self.vault.put(vec![item]).await {
            warn!(batch.id = %call, %error, "the answer to call {call} could not be stored");
        }
    }

    /// The answer to a call; `None` if it is not stored.
    pub(super) async fn kept_answer(&self, call: BatchId) -> Result<Option<Whole>, Failed> {
        let kept = self.vault.fetch(&[key(call)]).await?;
        Ok(kept.into_iter().flatten().next().and_then(unpack))
    }
}

/// The status; the length of the media type plus one, or zero if there is none; the media type; the
/// body. `None` if the media type is too long.
fn pack(Whole { status, content_type, body }: &Whole) -> Option<Vec<u8>> {
    let content_type = content_type.as_ref().map(HeaderValue::as_bytes);
    let length = content_type.map_or(0, |bytes| bytes.len() + 1);
    let length = u16::try_from(length).ok()?;
    let (status, content_type) = (status.as_u16().to_be_bytes(), content_type.unwrap_or_default());
    Some([&status[..], &length.to_be_bytes(), content_type, body].concat())
}

fn unpack(bytes: Vec<u8>) -> Option<Whole> {
    let bytes = Bytes::from(bytes);
    let (status, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (content_type, body) = rest.split_at_checked(length.saturating_sub(1))?;
    let content_type = HeaderValue::from_bytes(content_type).ok().filter(|_| length > 0);
    let status = StatusCode::from_u16(u16::from_be_bytes(*status)).ok()?;
    Some(Whole { status, content_type, body: bytes.slice_ref(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_restored_as_stored() {
        let json = || Some(HeaderValue::from_static("application/json"));
        for (content_type, body) in [(json(), "{}"), (None, "x"), (json(), ""), (None, "")] {
            let body = Bytes::from_static(body.as_bytes());
            let answer = Whole { status: StatusCode::CREATED, content_type, body };
            assert_eq!(unpack(pack(&answer).unwrap()), Some(answer));
        }
        for cut in [&[][..], &[0, 201, 0], &[0, 201, 0, 9, b'a'], &[0, 7, 0, 0]] {
            assert_eq!(unpack(cut.to_vec()), None, "{cut:?}");
        }
    }
}
