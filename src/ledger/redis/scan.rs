//! Scans: rows in the order of their keys or from the end, a piece of them at a time.

use std::ops::{Bound, RangeBounds};

use super::books::{KeptRows, entries, entry_id, fields};
use super::error::{read_error, unexpected};
use super::keys::{Front, Shape, front_of, shape};
use super::scripts::NAMES;
use super::view::BooksView;
use super::{books, counters};
use crate::ledger::LedgerError;
use crate::ledger::draft::{Order, Range, RawRows, Reliance, View, after_prefix, below};
use crate::ledger::table::TableId;
use crate::remote::{Call, Command, Value};

/// How many hashes of a directory are looked at together at most.
const HASHES: usize = 1000;

/// How many rows are fetched together, unless one hash alone has more.
const ROWS_AT_ONCE: u64 = 2000;

/// The bytes of a row of a sorted set, which says nothing beside its key.
pub(super) const MEMBER_ROW: usize = 1;

/// The rows in a range.
pub(super) fn rows(
    view: &BooksView<'_>,
    table: TableId,
    range: Range<'_>,
) -> Result<RawRows, LedgerError> {
    match shape(table) {
        Shape::Whole => {
            let mut rows = hash(view, table, &view.books().keys.table(table), &[])?;
            if table == TableId::Numbers {
                for key in [super::keys::EPOCH, super::keys::NEXT_ENTRY] {
                    rows.extend(apart(view, key)?);
                }
                rows.sort();
            }
            Ok(within(rows, range))
        }
        Shape::Counters => {
            let key = view.books().keys.table(table);
            let read = |(field, text): (Vec<u8>, Vec<u8>)| match counters::row_of(table, &text) {
                Ok(row) => Ok((field, row)),
                Err(corrupt) => Err(LedgerError::Invariant(corrupt.to_string())),
            };
            let [value] = ask(view, vec![Command::new("HGETALL", &key)])?;
            let rows: Result<_, _> = fields(value)?.into_iter().map(read).collect();
            Ok(within(rows?, range))
        }
        Shape::Fronts(front) => fronts(view, table, front, range),
        Shape::Owned(_) => Ok(within(owned(view, table)?, range)),
        Shape::Sorted => members(view, table, range),
        Shape::Journal => journal(view, table, range),
    }
}

/// How many rows there are whose keys begin with `prefix`.
pub(super) fn count(
    view: &BooksView<'_>,
    table: TableId,
    prefix: &[u8],
) -> Result<usize, LedgerError> {
    let end = after_prefix(prefix);
    let range = Range::between(Bound::Included(prefix), below(end.as_ref()));
    if shape(table) != Shape::Sorted {
        return Ok(rows(view, table, range)?.len());
    }
    let (least, most) = member_bounds(range);
    let count = Command::new("ZLEXCOUNT", &view.books().keys.table(table)).with(least).with(most);
    let [value] = ask(view, vec![count])?;
    let count = value.as_int().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| unexpected("ZLEXCOUNT"))
}

fn ask<const N: usize>(
    view: &BooksView<'_>,
    commands: Vec<Command>,
) -> Result<[Value; N], LedgerError> {
    let values = view.wait(view.books().ask(commands, false))?;
    values.try_into().map_err(|_| unexpected("a scan"))
}

/// The rows in the range, of all rows by their keys.
fn within(rows: RawRows, range: Range<'_>) -> RawRows {
    let bounds = (range.from, range.to);
    let is_within =
        |(key, _): &(Vec<u8>, Vec<u8>)| RangeBounds::<[u8]>::contains(&bounds, key.as_slice());
    range.take(rows.into_iter().filter(is_within))
}

/// All rows of one hash, whose keys begin with `front`.
fn hash(
    view: &BooksView<'_>,
    table: TableId,
    key: &[u8],
    front: &[u8],
) -> Result<RawRows, LedgerError> {
    loop {
        let [value] = ask(view, vec![Command::new("HGETALL", key)])?;
        if let Some(rows) = understood(view, table, front, value)? {
            return Ok(rows);
        }
    }
}

/// Rows without their marks; none where they have to be fetched again.
fn understood(
    view: &BooksView<'_>,
    table: TableId,
    front: &[u8],
    value: Value,
) -> Result<Option<RawRows>, LedgerError> {
    let kept = |(field, raw): (Vec<u8>, Vec<u8>)| {
        let row = Some(raw.clone());
        ([front, &field].concat(), books::Kept { raw, row })
    };
    let mut rows: KeptRows = fields(value)?.into_iter().map(kept).collect();
    if !view.understand(table, &mut rows)? {
        return Ok(None);
    }
    Ok(Some(rows.into_iter().filter_map(|(key, kept)| Some((key, kept.row?))).collect()))
}

/// A number that is kept apart.
fn apart(view: &BooksView<'_>, key: &[u8]) -> Result<RawRows, LedgerError> {
    let row = view.row(TableId::Numbers, key, Reliance::Glanced);
    let row = row.map_err(|fault| LedgerError::NotApplied(fault.to_string()))?;
    Ok(row.into_iter().map(|row| (key.to_vec(), row)).collect())
}

/// Rows of hashes that a directory lists, from hash to hash until there are enough. Each hash has a
/// row at least and says how many it has, so a few round trips are enough however the rows are
/// spread, and not many more rows are fetched than are wanted.
fn fronts(
    view: &BooksView<'_>,
    table: TableId,
    by: Front,
    range: Range<'_>,
) -> Result<RawRows, LedgerError> {
    let keys = &view.books().keys;
    let directory = keys.table(table);
    let (near, far) = in_order((range.from, range.to), range.order);
    let (open, end) = in_order(("-", "+"), range.order);
    let mut next = match near {
        Bound::Unbounded => open.as_bytes().to_vec(),
        Bound::Included(key) | Bound::Excluded(key) => {
            [b"[", keys.hash(table, &by.of(key)).as_slice()].concat()
        }
    };
    let mut found = RawRows::new();
    loop {
        let missing = range.limit.saturating_sub(found.len());
        // The first hash may have no row within the bounds.
        let count = missing.saturating_add(1).min(HASHES);
        let listed = Command::new(by_name(range.order), &directory).with(&next).with(end);
        let listed = listed.with("LIMIT").with("0").with(count.to_string());
        let [value] = ask(view, vec![listed])?;
        let names = value.into_list().unwrap_or_default().into_iter().map_while(Value::into_bytes);
        let names: Vec<_> = names.collect();
        let mut rest = sized(view, &names)?.into_iter().peekable();
        while rest.peek().is_some() {
            let missing = range.limit.saturating_sub(found.len());
            let wanted = u64::try_from(missing).unwrap_or(u64::MAX);
            let some = next_hashes(&mut rest, wanted);
            let commands = some.iter().map(|name| Command::new("HGETALL", name)).collect();
            let values = view.wait(view.books().ask(commands, false))?;
            for (name, value) in some.iter().zip(values) {
                let front = front_of(name).ok_or_else(|| unexpected("a directory"))?;
                let said = front.get(..by.whole_bytes()).unwrap_or(&front);
                let rows = match understood(view, table, said, value)? {
                    Some(rows) => rows,
                    None => hash(view, table, name, said)?,
                };
                let missing = range.limit.saturating_sub(found.len());
                found.extend(within(rows, range.limit(missing)));
                if found.len() >= range.limit || is_last(&front, far, by, range.order) {
                    return Ok(found);
                }
            }
        }
        match names.last() {
            Some(last) if names.len() == count => next = [b"(", last.as_slice()].concat(),
            _ => return Ok(found),
        }
    }
}

/// The command that reads members of a sorted set by their names.
const fn by_name(order: Order) -> &'static str {
    match order {
        Order::Ascending => "ZRANGEBYLEX",
        Order::Descending => "ZREVRANGEBYLEX",
    }
}

/// Whether every hash after this one lies beyond the far bound.
fn is_last(front: &[u8], far: Bound<&[u8]>, by: Front, order: Order) -> bool {
    let far = match far {
        Bound::Unbounded => return false,
        Bound::Included(key) | Bound::Excluded(key) => by.of(key),
    };
    match order {
        Order::Ascending => front >= far.as_slice(),
        Order::Descending => front <= far.as_slice(),
    }
}

/// Hashes with the number of their fields.
fn sized<'a>(
    view: &BooksView<'_>,
    names: &'a [Vec<u8>],
) -> Result<Vec<(&'a [u8], u64)>, LedgerError> {
    let commands = names.iter().map(|name| Command::new("HLEN", name)).collect();
    let values = view.wait(view.books().ask(commands, false))?;
    let count = |value: Value| value.as_int().and_then(|count| u64::try_from(count).ok());
    let sizes = values.into_iter().map(|value| count(value).unwrap_or_default());
    Ok(names.iter().map(Vec::as_slice).zip(sizes).collect())
}

/// The hashes that are fetched together: those that have as many rows as are wanted, beside the first
/// of them, whose rows may lie before the bound.
fn next_hashes<'a>(
    rest: &mut std::iter::Peekable<impl Iterator<Item = (&'a [u8], u64)>>,
    wanted: u64,
) -> Vec<&'a [u8]> {
    let (mut some, mut rows) = (Vec::new(), 0_u64);
    let mut enough = wanted.min(ROWS_AT_ONCE);
    while let Some((name, size)) = rest.next_if(|_| rows < enough) {
        if some.is_empty() {
            enough = enough.saturating_add(size);
        }
        rows = rows.saturating_add(size);
        some.push(name);
    }
    some
}

/// The rows of every owner: only a dump wants them all.
fn owned(view: &BooksView<'_>, table: TableId) -> Result<RawRows, LedgerError> {
    let books = view.books();
    let (mut rows, mut names) = (RawRows::new(), std::collections::BTreeSet::new());
    let mut cursor = b"0".to_vec();
    loop {
        let keys = vec![books.keys.epoch()];
        let args = vec![cursor, books.keys.pattern(table)];
        let piece = view.wait(books.remote.run(&Call { script: &NAMES, keys, args }));
        let mut piece = piece.map_err(read_error)?.into_list().unwrap_or_default().into_iter();
        let next = piece.next().and_then(Value::into_bytes).ok_or_else(|| unexpected("SCAN"))?;
        let some = piece.next().and_then(Value::into_list).unwrap_or_default();
        names.extend(some.into_iter().filter_map(Value::into_bytes));
        if next == b"0" {
            break;
        }
        cursor = next;
    }
    for name in &names {
        let owner = front_of(name).ok_or_else(|| unexpected("SCAN"))?;
        rows.extend(hash(view, table, name, &owner)?);
    }
    rows.sort();
    Ok(rows)
}

/// Rows of a sorted set: key and row are one member of it.
fn members(view: &BooksView<'_>, table: TableId, range: Range<'_>) -> Result<RawRows, LedgerError> {
    let (first, last) = in_order(member_bounds(range), range.order);
    let limit = i64::try_from(range.limit);
    let limit = limit.map_or_else(|_| "-1".to_owned(), |limit| limit.to_string());
    let members = Command::new(by_name(range.order), &view.books().keys.table(table));
    let members = members.with(first).with(last).with("LIMIT").with("0").with(limit);
    let [value] = ask(view, vec![members])?;
    let members = value.into_list().unwrap_or_default().into_iter().map_while(Value::into_bytes);
    members.map(|member| member_row(&member)).collect()
}

/// The bounds in the order in which a command takes them: where it begins comes first.
fn in_order<T>((least, most): (T, T), order: Order) -> (T, T) {
    match order {
        Order::Ascending => (least, most),
        Order::Descending => (most, least),
    }
}

/// Where members between two bounds begin and end.
fn member_bounds(range: Range<'_>) -> (Vec<u8>, Vec<u8>) {
    let least = match range.from {
        Bound::Unbounded | Bound::Excluded([]) => b"-".to_vec(),
        Bound::Included(key) => [b"[", key].concat(),
        // Whatever begins so is this key's member.
        Bound::Excluded(key) => [b"(", key, &[0xff]].concat(),
    };
    let most = match range.to {
        Bound::Unbounded => b"+".to_vec(),
        Bound::Excluded(key) => [b"(", key].concat(),
        Bound::Included(key) => [b"(", key, &[0xff]].concat(),
    };
    (least, most)
}

/// The key and the row in one member of a sorted set.
pub(super) fn member_row(member: &[u8]) -> Result<(Vec<u8>, Vec<u8>), LedgerError> {
    let key_bytes = member.len().checked_sub(MEMBER_ROW);
    let (key, row) =
        key_bytes.map(|at| member.split_at(at)).ok_or_else(|| unexpected("a sorted set"))?;
    Ok((key.to_vec(), row.to_vec()))
}

fn journal(view: &BooksView<'_>, table: TableId, range: Range<'_>) -> Result<RawRows, LedgerError> {
    let id = |key: &[u8]| key.try_into().map(u64::from_be_bytes).ok().map(entry_id);
    let bound = |key: Bound<&[u8]>, open: &str| match key {
        Bound::Unbounded => open.to_owned(),
        Bound::Included(key) => id(key).unwrap_or_else(|| open.to_owned()),
        Bound::Excluded(key) => id(key).map_or_else(|| open.to_owned(), |id| format!("({id}")),
    };
    let command = match range.order {
        Order::Ascending => "XRANGE",
        Order::Descending => "XREVRANGE",
    };
    let (first, last) = in_order((bound(range.from, "-"), bound(range.to, "+")), range.order);
    let read = Command::new(command, &view.books().keys.table(table)).with(first).with(last);
    let read = match i64::try_from(range.limit) {
        Ok(limit) => read.with("COUNT").with(limit.to_string()),
        Err(_) => read,
    };
    let [value] = ask(view, vec![read])?;
    let entries = entries(value)?.into_iter();
    Ok(entries.map(|(number, row)| (number.to_be_bytes().to_vec(), row)).collect())
}
