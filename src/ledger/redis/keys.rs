//! Every key of the books in Redis: its name, its type and its lifetime. All are under one hash
//! tag, so that one script may touch any of them, on one server and in a cluster alike. Nothing
//! expires but the marks of commits: what is over is swept.
//!
//! | name, after `{tollgate:<namespace>}:` | type | what it holds |
//! |---|---|---|
//! | `epoch` | string | the version of this layout and the name of these books |
//! | `teams`, `keys`, … | hash | a small table: a field for each row |
//! | `tallies`, `uses`, `observations` | hash | counters, as numbers with commas between: `spent,reserved,unresolved,avoided` in thousandths; what counts towards limits; hit rates |
//! | `leads:<front>`, `persons:<front>`, `jobs:<front>`, `batches:<front>`, `addresses:<front>`, `settlements:<front>`, `validations:<front>`, `superseded:<front>`, `replays:<front>`, `replay_ends:<front>` | hash | the rows whose keys begin so: small hashes take a third of the memory that a key for each row would |
//! | `leads`, `persons`, `jobs`, `batches`, `addresses`, `settlements`, `validations`, `superseded`, `replays`, `replay_ends` | sorted set, by name | a directory: which of those hashes there are |
//! | `slots:<batch>`, `job_leads:<job>`, `answers:<job>`, `joins:<job>` | hash | the rows of one owner |
//! | `due`, `stages` | sorted set, by name | in which lane, whose, when and which job; at which stage and which job: the bytes of the key and of the row |
//! | `secret` | string | a fingerprint of the secret that the books were written under |
//! | `journal`, `next_entry` | stream, string | the entries, and the next one's number |
//! | `commit:<token>` | string, expires | a commit that was taken: asked again, it changes nothing |
//! | `staged:<mark>`, `staged` | hash, sorted set | a step too large for one commit, while it is taken |

use crate::ledger::table::TableId;

/// The layout's version. A gateway that knows another leaves these books alone.
pub(super) const LAYOUT: &str = "6";

/// How the rows of a table are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// All in one hash.
    Whole,
    /// All in one hash, as some numbers each.
    Counters,
    /// In hashes by the fronts of their keys, and a directory of these.
    Fronts(Front),
    /// In a hash for each owner, whose key is so long.
    Owned(usize),
    /// As members of a sorted set: key and row in one. A row says nothing beside its key.
    Sorted,
    /// As entries of a stream.
    Journal,
}

/// Which part of its key says in which hash a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Front {
    /// Its bytes.
    bytes: usize,
    /// Which bits of the last one count.
    last: u8,
}

impl Front {
    /// The front of a key.
    pub(super) fn of(self, key: &[u8]) -> Vec<u8> {
        let mut front = key.get(..self.bytes).unwrap_or(key).to_vec();
        if let Some(last) = front.get_mut(self.bytes.saturating_sub(1)) {
            *last &= self.last;
        }
        front
    }

    /// Whether a key that begins so has this front already.
    pub(super) const fn is_in(self, prefix: &[u8]) -> bool {
        prefix.len() >= self.bytes
    }

    /// The bytes of the key that the hash already says, and no field repeats.
    pub(super) const fn whole_bytes(self) -> usize {
        if self.last == u8::MAX { self.bytes } else { self.bytes.saturating_sub(1) }
    }
}

/// How a table's rows are kept.
pub(super) const fn shape(table: TableId) -> Shape {
    match table {
        TableId::Teams
        | TableId::Keys
        | TableId::Carried
        | TableId::Numbers
        | TableId::Budgets
        | TableId::HourlyUses
        | TableId::Rotations
        | TableId::Outages
        | TableId::Shortages
        // A team has one while its new quotas are counted.
        | TableId::Openings
        // Nothing waits for longer than the window.
        | TableId::Waiting
        // What is left of large batches is swept within seconds.
        | TableId::Remnants => Shape::Whole,
        TableId::Tallies | TableId::Uses | TableId::Observations => Shape::Counters,
        // 16,384 hashes: eight million rows are small hashes still, and few rows not too many.
        TableId::Leads
        | TableId::Persons
        | TableId::Superseded
        | TableId::Addresses
        | TableId::Replays => {
            Shape::Fronts(Front { bytes: 2, last: 0xfc })
        }
        // Ids are numbers that follow one another: 64 batches are in one hash.
        TableId::Jobs | TableId::Batches | TableId::Settlements | TableId::Validations => {
            Shape::Fronts(Front { bytes: 8, last: 0xc0 })
        }
        // Those that are over within the same sixteen seconds.
        TableId::ReplayEnds => Shape::Fronts(Front { bytes: 7, last: 0xc0 }),
        TableId::Slots => Shape::Owned(BATCH_BYTES),
        TableId::JobLeads | TableId::Answers | TableId::Joins => Shape::Owned(JOB_BYTES),
        TableId::Due | TableId::Stages => Shape::Sorted,
        TableId::Journal => Shape::Journal,
    }
}

const BATCH_BYTES: usize = 8;
const JOB_BYTES: usize = 12;

/// The key of the number that the journal's next entry gets: kept apart from the other numbers,
/// since scripts reckon with it.
pub(super) const NEXT_ENTRY: &[u8] = b"next_entry\0";

/// The key of the number that is the books' epoch: kept apart, since every script looks at it.
pub(super) const EPOCH: &[u8] = b"epoch\0";

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A field of a hash, which a directory lists or none.
    Field {
        /// The hash.
        key: Vec<u8>,
        /// The directory.
        directory: Option<Vec<u8>>,
        /// The field.
        field: Vec<u8>,
    },
    /// Counters: the field of the one hash of the table.
    Counters(Vec<u8>),
    /// The journal's next number.
    NextEntry,
    /// The epoch of the books.
    Epoch,
    /// An entry of the journal.
    Entry(u64),
    /// A member of a sorted set.
    Member,
}

/// The names under one tag.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    tag: String,
}

impl Keys {
    pub(super) fn new(namespace: &str) -> Self {
        Self { tag: format!("{{tollgate:{namespace}}}:") }
    }

    /// A key by its name.
    pub(super) fn named(&self, name: &str) -> Vec<u8> {
        format!("{}{name}", self.tag).into_bytes()
    }

    fn below(&self, table: TableId, bytes: &[u8]) -> Vec<u8> {
        self.named(&format!("{}:{}", table.name(), hex::encode(bytes)))
    }

    /// The key that holds, or lists, a table.
    pub(super) fn table(&self, table: TableId) -> Vec<u8> {
        self.named(table.name())
    }

    /// The hash of an owner's rows, or of those whose keys begin so.
    pub(super) fn hash(&self, table: TableId, front: &[u8]) -> Vec<u8> {
        self.below(table, front)
    }

    /// The pattern of the keys that hold a table's rows.
    pub(super) fn pattern(&self, table: TableId) -> Vec<u8> {
        // Braces have no meaning in a pattern.
        self.named(&format!("{}:*", table.name()))
    }

    pub(super) fn epoch(&self) -> Vec<u8> {
        self.named("epoch")
    }

    pub(super) fn next_entry(&self) -> Vec<u8> {
        self.named("next_entry")
    }

    pub(super) fn commit(&self, token: &[u8]) -> Vec<u8> {
        self.named(&format!("commit:{}", hex::encode(token)))
    }

    pub(super) fn staged(&self, mark: &[u8]) -> Vec<u8> {
        self.named(&format!("staged:{}", hex::encode(mark)))
    }

    /// The list of steps that are being staged.
    pub(super) fn all_staged(&self) -> Vec<u8> {
        self.named("staged")
    }

    /// Where a row is.
    pub(super) fn place(&self, table: TableId, key: &[u8]) -> Place {
        let directory = self.table(table);
        match shape(table) {
            Shape::Whole if key == NEXT_ENTRY && table == TableId::Numbers => Place::NextEntry,
            Shape::Whole if key == EPOCH && table == TableId::Numbers => Place::Epoch,
            Shape::Whole => Place::Field { key: directory, directory: None, field: key.to_vec() },
            Shape::Counters => Place::Counters(key.to_vec()),
            Shape::Fronts(front) => {
                let (_, field) = split(key, front.whole_bytes());
                let directory = Some(directory);
                Place::Field { key: self.below(table, &front.of(key)), directory, field }
            }
            Shape::Owned(length) => {
                let (owner, field) = split(key, length);
                Place::Field { key: self.below(table, owner), directory: None, field }
            }
            Shape::Sorted => Place::Member,
            Shape::Journal => Place::Entry(number(key)),
        }
    }
}

fn split(key: &[u8], length: usize) -> (&[u8], Vec<u8>) {
    let (front, rest) = key.split_at(length.min(key.len()));
    (front, rest.to_vec())
}

/// The number that a key of eight bytes is; keys of the journal are nothing else.
fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX, u64::from_be_bytes)
}

/// The front that a hash of a directory is for.
pub(super) fn front_of(hash: &[u8]) -> Option<Vec<u8>> {
    let name = hash.rsplit(|byte| *byte == b':').next()?;
    hex::decode(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_under_one_tag() {
        let keys = Keys::new("prod");
        for table in TableId::ALL {
            for name in [keys.table(*table), keys.hash(*table, b"\0\xff"), keys.pattern(*table)] {
                assert!(name.starts_with(b"{tollgate:prod}:"), "{name:?}");
            }
        }
    }

    #[test]
    fn a_row_is_found_by_the_front_of_its_key_and_the_rest() {
        let keys = Keys::new("x");
        let place = keys.place(TableId::Leads, b"\x01\xabrest");
        let Place::Field { key, directory, field } = place else { panic!("{place:?}") };
        assert_eq!(key, b"{tollgate:x}:leads:01a8");
        assert_eq!(directory.unwrap(), b"{tollgate:x}:leads");
        assert_eq!(field, b"\xabrest");
        assert_eq!(front_of(&key).unwrap(), b"\x01\xa8");
    }

    #[test]
    fn the_journals_next_number_is_apart_from_other_numbers() {
        let keys = Keys::new("x");
        assert_eq!(keys.place(TableId::Numbers, NEXT_ENTRY), Place::NextEntry);
        assert!(matches!(keys.place(TableId::Numbers, b"turns\0"), Place::Field { .. }));
    }
}
