//! Scans from the end: the last rows first, and how many rows there are.

use std::ops::Bound;

use super::error::unexpected;
use super::keys::{Front, Shape, front_of, shape};
use super::scan;
use super::scan::{
    Bounds, HASHES, ask, hash, member_bounds, member_row, next_hashes, sized, understood, within,
};
use super::view::BooksView;
use crate::ledger::LedgerError;
use crate::ledger::draft::{RawRows, after_prefix};
use crate::ledger::table::TableId;
use crate::remote::{Command, Value};

/// The last `limit` rows between two bounds, the last of them first.
pub(super) fn rows(
    view: &BooksView<'_>,
    table: TableId,
    bounds: Bounds<'_>,
    limit: usize,
) -> Result<RawRows, LedgerError> {
    match shape(table) {
        Shape::Fronts(front) => fronts(view, table, front, bounds, limit),
        Shape::Sorted => members(view, table, bounds, limit),
        Shape::Whole | Shape::Counters | Shape::Owned(_) | Shape::Journal => {
            let mut rows = scan::rows(view, table, bounds.0, bounds.1, usize::MAX)?;
            rows.reverse();
            rows.truncate(limit);
            Ok(rows)
        }
    }
}

/// How many rows there are whose keys begin so.
pub(super) fn count(
    view: &BooksView<'_>,
    table: TableId,
    prefix: &[u8],
) -> Result<usize, LedgerError> {
    let end = after_prefix(prefix);
    let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let bounds = (Bound::Included(prefix), to);
    if shape(table) != Shape::Sorted {
        return Ok(scan::rows(view, table, bounds.0, bounds.1, usize::MAX)?.len());
    }
    let (least, most) = member_bounds(bounds);
    let count = Command::new("ZLEXCOUNT", &view.books().keys.table(table)).with(least).with(most);
    let [value] = ask(view, vec![count])?;
    let count = value.as_int().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| unexpected("ZLEXCOUNT"))
}

fn members(
    view: &BooksView<'_>,
    table: TableId,
    bounds: Bounds<'_>,
    limit: usize,
) -> Result<RawRows, LedgerError> {
    let (least, most) = member_bounds(bounds);
    let limit = i64::try_from(limit).map_or_else(|_| "-1".to_owned(), |limit| limit.to_string());
    let members = Command::new("ZREVRANGEBYLEX", &view.books().keys.table(table));
    let members = members.with(most).with(least).with("LIMIT").with("0").with(limit);
    let [value] = ask(view, vec![members])?;
    let members = value.into_list().unwrap_or_default().into_iter().map_while(Value::into_bytes);
    members.map(|member| member_row(&member)).collect()
}

/// Rows of hashes that a directory lists, from its end, as [`scan::rows`] reads them from its beginning.
fn fronts(
    view: &BooksView<'_>,
    table: TableId,
    by: Front,
    bounds: Bounds<'_>,
    limit: usize,
) -> Result<RawRows, LedgerError> {
    let keys = &view.books().keys;
    let directory = keys.table(table);
    let mut to = match bounds.1 {
        Bound::Unbounded => b"+".to_vec(),
        Bound::Included(key) | Bound::Excluded(key) => {
            [b"[", keys.hash(table, &by.of(key)).as_slice()].concat()
        }
    };
    let mut found = RawRows::new();
    loop {
        // The last hash may have no row before the bound.
        let count = limit.saturating_sub(found.len()).saturating_add(1).min(HASHES);
        let listed = Command::new("ZREVRANGEBYLEX", &directory).with(&to).with("-").with("LIMIT");
        let listed = listed.with("0").with(count.to_string());
        let [value] = ask(view, vec![listed])?;
        let names = value.into_list().unwrap_or_default().into_iter().map_while(Value::into_bytes);
        let names: Vec<_> = names.collect();
        let mut rest = sized(view, &names)?.into_iter().peekable();
        while rest.peek().is_some() {
            let wanted = u64::try_from(limit.saturating_sub(found.len())).unwrap_or(u64::MAX);
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
                let mut rows = within(rows, bounds, usize::MAX);
                rows.reverse();
                rows.truncate(limit.saturating_sub(found.len()));
                found.extend(rows);
                if found.len() >= limit || is_before_all(&front, bounds.0, by) {
                    return Ok(found);
                }
            }
        }
        match names.last() {
            Some(last) if names.len() == count => to = [b"(", last.as_slice()].concat(),
            _ => return Ok(found),
        }
    }
}

/// Whether what lies before this front lies before the bound, too.
fn is_before_all(front: &[u8], from: Bound<&[u8]>, by: Front) -> bool {
    match from {
        Bound::Unbounded | Bound::Included([]) => false,
        Bound::Included(key) | Bound::Excluded(key) => front <= by.of(key).as_slice(),
    }
}
