//! What a step relied on and what it writes, row by row, as one list.

use std::collections::BTreeMap;

use super::books::{Kept, text_of_epoch};
use super::counters;
use super::keys::{Keys, Place, Shape, shape};
use super::view::Seen;
use crate::domain::epoch::Epoch;
use crate::ledger::LedgerError;
use crate::ledger::codec::{Ordered, from_row};
use crate::ledger::draft::Reliance;
use crate::ledger::table::TableId;
use crate::ledger::writes::Writes;

/// What becomes of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// The bytes that must still be there, empty for nothing; none where anything may be.
    pub(super) expected: Option<Vec<u8>>,
    /// The new bytes, empty for nothing; none where the row stays as it is.
    pub(super) new: Option<Vec<u8>>,
    /// The row that was read, without marks, empty for nothing.
    pub(super) stands: Vec<u8>,
}

impl Change {
    /// The row must still be what was read.
    fn expect(&mut self, kept: &Kept) {
        self.expected = Some(kept.raw.clone());
        self.stands = kept.row.clone().unwrap_or_default();
    }

    /// How many bytes it takes in a script.
    pub(super) fn bytes(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        length(&self.expected).saturating_add(length(&self.new))
    }
}

/// A field of a hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Field {
    pub(super) table: TableId,
    /// The row's key in its table.
    pub(super) row: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) directory: Option<Vec<u8>>,
    pub(super) name: Vec<u8>,
}

/// A step as it is to be kept.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Fields of hashes.
    pub(super) fields: BTreeMap<Field, Change>,
    /// Hashes that must have so many fields.
    pub(super) groups: BTreeMap<Vec<u8>, usize>,
    /// Members of sorted sets, with their set: those that go, as the first and the one past the last;
    /// those that come, after nothing.
    pub(super) members: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>,
    /// The bytes of the journal's next number that must still be there.
    pub(super) next_expected: Option<Vec<u8>>,
    /// The journal's next number, where it is set.
    pub(super) next_entry: Option<u64>,
    /// The epoch, where it is set: the bytes of its key, empty for nothing.
    pub(super) epoch: Option<Vec<u8>>,
    /// The number of the first entry that stays, where older ones go.
    pub(super) trimmed_to: Option<u64>,
    /// What moves and what must not be passed.
    pub(super) writes: Writes,
}

impl Changes {
    /// What a step that saw this and writes that comes to.
    pub(super) fn of(keys: &Keys, seen: &Seen, mut writes: Writes) -> Result<Self, LedgerError> {
        let rows = std::mem::take(&mut writes.rows);
        let mut changes = Self { writes, ..Self::default() };
        for ((table, key), (kept, reliance)) in &seen.rows {
            if *reliance == Reliance::Glanced {
                continue;
            }
            if keys.place(*table, key) == Place::NextEntry {
                changes.next_expected = Some(kept.raw.clone());
            }
            if let Some(field) = field_of(keys, *table, key) {
                changes.fields.entry(field).or_default().expect(kept);
            }
        }
        for ((table, prefix), (rows, reliance)) in &seen.groups {
            if *reliance == Reliance::Glanced {
                continue;
            }
            match shape(*table) {
                Shape::Owned(_) => changes.groups.insert(keys.hash(*table, prefix), rows.len()),
                // Rows of others are in the same hash; those of one owner change in number only
                // together with the owner's row.
                Shape::Fronts(_) => None,
                _ => changes.groups.insert(keys.table(*table), rows.len()),
            };
            for (key, kept) in rows {
                if let Some(field) = field_of(keys, *table, key) {
                    changes.fields.entry(field).or_default().expect(kept);
                }
            }
        }
        for ((table, key), row) in rows {
            changes.write(keys, table, &key, row)?;
        }
        Ok(changes)
    }

    fn write(
        &mut self,
        keys: &Keys,
        table: TableId,
        key: &[u8],
        row: Option<Vec<u8>>,
    ) -> Result<(), LedgerError> {
        let corrupt = |why: crate::ledger::codec::Corrupt| LedgerError::Invariant(why.to_string());
        match (keys.place(table, key), row) {
            (Place::Member, Some(row)) => {
                let member = [key, row.as_slice()].concat();
                self.members.push((keys.table(table), Vec::new(), member));
            }
            // A row begins with its version, which is no such byte.
            (Place::Member, None) => {
                let (first, past) = ([b"[", key].concat(), [b"(", key, &[0xff]].concat());
                self.members.push((keys.table(table), first, past));
            }
            (Place::NextEntry, Some(row)) => {
                self.next_entry = Some(from_row(&row).map_err(corrupt)?);
            }
            (Place::Epoch, row) => {
                let number = row.map(|row| from_row(&row)).transpose().map_err(corrupt)?;
                let text = number.map(|number| text_of_epoch(Epoch::from_number(number)));
                self.epoch = Some(text.unwrap_or_default().into_bytes());
            }
            // Only the oldest go, and all of them up to some number.
            (Place::Entry(number), None) => {
                self.trimmed_to = self.trimmed_to.max(number.checked_add(1));
            }
            (Place::Entry(_), Some(_)) | (Place::NextEntry, None) => {
                let what = "the journal is appended to, and not written";
                return Err(LedgerError::Invariant(what.into()));
            }
            (Place::Counters(_) | Place::Field { .. }, row) => {
                let new = match row {
                    Some(row) if counters::is_counters(table) => {
                        counters::text_of(table, &row).map_err(corrupt)?
                    }
                    row => row.unwrap_or_default(),
                };
                if let Some(field) = field_of(keys, table, key) {
                    self.fields.entry(field).or_default().new = Some(new);
                }
            }
        }
        Ok(())
    }

    /// The counters that move: the hash of their table, their field, and by how much each moves.
    pub(super) fn counters(&self, keys: &Keys) -> Vec<(Vec<u8>, Vec<u8>, Vec<i64>)> {
        let [tallies, uses, observed] =
            [TableId::Tallies, TableId::Uses, TableId::Observations].map(|table| keys.table(table));
        let tallies =
            self.writes.tallies.iter().map(|(key, by)| {
                (tallies.clone(), key.to_key(), counters::thousandths(by).to_vec())
            });
        let uses = self.writes.uses.iter().map(|(key, by)| (uses.clone(), key.to_key(), vec![*by]));
        let observed = self
            .writes
            .observed
            .iter()
            .map(|(team, by)| (observed.clone(), team.to_key(), by.0.to_vec()));
        tallies.chain(uses).chain(observed).collect()
    }

    /// Whether the step writes nothing.
    pub(super) fn writes_nothing(&self) -> bool {
        self.fields.values().all(|change| change.new.is_none())
            && self.members.is_empty()
            && self.next_entry.is_none()
            && self.epoch.is_none()
            && self.trimmed_to.is_none()
            && self.writes.is_empty()
    }

    /// Whether there is nothing to check and nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        let checks_nothing =
            self.fields.is_empty() && self.groups.is_empty() && self.next_expected.is_none();
        checks_nothing && self.writes_nothing()
    }
}

/// The field where a row is; none for what is no field of a hash.
pub(super) fn field_of(keys: &Keys, table: TableId, row: &[u8]) -> Option<Field> {
    let (key, directory, field) = match keys.place(table, row) {
        Place::Field { key, directory, field } => (key, directory, field),
        Place::Counters(field) => (keys.table(table), None, field),
        Place::NextEntry | Place::Epoch | Place::Entry(_) | Place::Member => return None,
    };
    Some(Field { table, row: row.to_vec(), key, directory, name: field })
}
