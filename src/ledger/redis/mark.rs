//! Marks: how a row says that a step too large for one commit is writing it.

use crate::ledger::table::TableId;

/// The first byte of a marked row; every other row begins with the version of its form.
const MARKED: u8 = 0xfe;

/// The bytes of a mark.
const BYTES: usize = 9;

/// The mark of one such step: random, so that no two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark([u8; BYTES]);

/// What became of a step that marks rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkState {
    /// It may yet be kept.
    Staging,
    /// It was kept: its rows are what they were to become.
    Kept,
    /// It was given up: its rows are what they were.
    GivenUp,
}

impl Mark {
    pub(super) fn random() -> Self {
        let mut bytes = [MARKED; BYTES];
        let [_, random @ ..] = &mut bytes;
        getrandom::fill(random).expect("the operating system provides random bytes");
        Self(bytes)
    }

    /// The mark whose record has this key, as far as the key names one.
    pub(super) fn of_record(key: &[u8]) -> Option<Self> {
        Some(Self(super::keys::front_of(key)?.try_into().ok()?))
    }
}

impl std::ops::Deref for Mark {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A marked row: whose it is, and what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked<'a> {
    pub(super) by: Mark,
    pub(super) before: &'a [u8],
}

impl<'a> Marked<'a> {
    /// The mark on a row as it is kept; none where it has none.
    pub(super) fn read(raw: &'a [u8]) -> Option<Self> {
        let (mark, before) = raw.split_first_chunk::<BYTES>()?;
        (mark.first() == Some(&MARKED)).then_some(Self { by: Mark(*mark), before })
    }

    /// What a row is called in the record of its step.
    pub(super) fn name(table: TableId, key: &[u8]) -> Vec<u8> {
        [table.name().as_bytes(), b":", key].concat()
    }

    /// The table and the key of a row by its name in a record.
    pub(super) fn of_name(name: &[u8]) -> Option<(TableId, Vec<u8>)> {
        let end = name.iter().position(|byte| *byte == b':')?;
        let (table, key) = name.split_at_checked(end)?;
        let table = TableId::ALL.iter().find(|id| id.name().as_bytes() == table)?;
        Some((*table, key.get(1..)?.to_vec()))
    }

    /// What a record says a row is to become: `+` and bytes, or `-` for nothing.
    pub(super) fn new_row(said: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let said = said?;
        let (sign, row) = said.split_first()?;
        (*sign == b'+').then(|| row.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_off_a_row_and_leaves_what_it_was() {
        let mark = Mark::random();
        let raw = [&*mark, b"\x01row"].concat();
        assert_eq!(Marked::read(&raw), Some(Marked { by: mark, before: b"\x01row" }));
        assert_eq!(Marked::read(&mark), Some(Marked { by: mark, before: b"" }));
        assert_eq!(Marked::read(b"\x01a row of more than nine bytes"), None);
        assert_ne!(mark, Mark::random());
    }

    #[test]
    fn a_row_is_found_again_by_its_name_in_the_record() {
        let name = Marked::name(TableId::Leads, b"a:b");
        assert_eq!(Marked::of_name(&name), Some((TableId::Leads, b"a:b".to_vec())));
        assert_eq!(Marked::of_name(b"state"), None);
    }
}
