//! Where keys begin and end that have something in common.

use std::ops::Bound;

/// The least key above all that begin with `prefix`; none where there is no such key.
pub(in crate::ledger) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let (end, head) = prefix.get(..=last)?.split_last()?;
    let mut after = head.to_vec();
    after.push(end.saturating_add(1));
    Some(after)
}

/// The upper bound that excludes this key; none where there is no such key.
pub(in crate::ledger) fn below(end: Option<&Vec<u8>>) -> Bound<&[u8]> {
    end.map_or(Bound::Unbounded, |end| Bound::Excluded(end.as_slice()))
}

/// The group of a key: all of it but its last bytes.
pub(in crate::ledger) fn group_of(key: &[u8], tail: usize) -> &[u8] {
    key.get(..key.len().saturating_sub(tail)).unwrap_or_default()
}
