//! Names of validations: UUIDs that contain the batch's id, so that no lookup is needed, and a part
//! of its token, so that two validations with one id are distinguished.

use crate::domain::uuid::Uuid;
use crate::ledger::ids::{BatchId, Token};

/// How many bits of the token are in the first 60, besides the batch's 53.
const MARK_BITS: u32 = 7;

/// The name of a validation: a UUID of version 8 (RFC 9562), whose content is free.
pub(super) fn name_of(batch: BatchId, token: Token) -> Uuid {
    let mark = token.as_bytes();
    let first = batch.get() << MARK_BITS | u64::from(mark[0] >> 1);
    let [_, _, high @ ..] = (first >> 12).to_be_bytes();
    let [.., mid, low] = first.to_be_bytes();
    let mut bytes = [0; 16];
    // The upper 48 of the 60 bits, then the version, then the other 12.
    bytes[..6].copy_from_slice(&high);
    bytes[6] = 0x80 | (mid & 0x0f);
    bytes[7] = low;
    bytes[8] = 0x80 | (mark[1] & 0x3f);
    bytes[9..].copy_from_slice(&mark[2..9]);
    Uuid::from_bytes(bytes)
}

/// The batch of a name, if it is one of ours. Whether the validation exists depends on the batch.
pub(super) fn batch_of(name: Uuid) -> Option<BatchId> {
    let bytes = name.as_bytes();
    let is_ours = bytes[6] >> 4 == 8 && bytes[8] >> 6 == 2;
    let high = bytes[..6].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let first = high << 12 | u64::from(bytes[6] & 0x0f) << 8 | u64::from(bytes[7]);
    BatchId::new(first >> MARK_BITS).filter(|_| is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_contains_its_batch_and_token() {
        let marks = [[0; 16], [0xff; 16], std::array::from_fn(|n| u8::try_from(n * 7).unwrap())];
        for number in [0, 1, 7_354_185_130_097_280, BatchId::MAX] {
            let batch = BatchId::new(number).unwrap();
            let names = marks.map(|mark| name_of(batch, Token::new(mark)));
            for name in names {
                assert_eq!(batch_of(name), Some(batch), "{name}");
                let text = name.to_string();
                assert_eq!(&text[14..15], "8", "{text}");
                assert!("89ab".contains(&text[19..20]), "{text}");
            }
            assert!(names[0] != names[1] && names[1] != names[2]);
        }
    }

    #[test]
    fn a_name_of_the_vendor_contains_no_batch() {
        let name = "019584f8-22f9-77c3-b056-ffef68a4bf4d".parse().unwrap();
        assert_eq!(batch_of(name), None);
    }
}
