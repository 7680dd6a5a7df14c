//! The first rows of many groups in one round trip: one script reads them all.

use super::error::{read_error, unexpected};
use super::keys::{Shape, shape};
use super::scan::{MEMBER_ROW, member_row};
use super::scripts::HEADS;
use super::view::BooksView;
use crate::ledger::LedgerError;
use crate::ledger::draft::{Heads, RawRows, after_prefix, group_of};
use crate::ledger::table::TableId;
use crate::remote::{Call, Value};

/// How many groups of each front one script reads at most.
const GROUPS_MAX: usize = 500;

/// Which groups are still to be read.
struct Rest {
    /// The place of the front in the answer.
    place: usize,
    /// The least key of the next group.
    from: Vec<u8>,
}

/// The first rows of each group of a table that is a sorted set.
pub(super) fn heads(
    view: &BooksView<'_>,
    table: TableId,
    tail: usize,
    of: &[Heads],
) -> Result<Vec<RawRows>, LedgerError> {
    if shape(table) != Shape::Sorted {
        let what = format!("the rows of {} are in no groups of a sorted set", table.name());
        return Err(LedgerError::Invariant(what));
    }
    let mut found = vec![RawRows::new(); of.len()];
    let begin = |(place, heads): (usize, &Heads)| Rest { place, from: heads.front.clone() };
    let mut rests: Vec<_> = of.iter().enumerate().map(begin).collect();
    while !rests.is_empty() {
        let answers = ask(view, table, tail, of, &rests)?;
        let mut further = Vec::new();
        for (rest, (has_more, rows)) in rests.iter().zip(answers) {
            let last = rows.last().map(|(key, _)| group_of(key, tail));
            if let Some(from) = last.filter(|_| has_more).and_then(after_prefix) {
                further.push(Rest { place: rest.place, from });
            }
            found.get_mut(rest.place).ok_or_else(|| unexpected("heads"))?.extend(rows);
        }
        rests = further;
    }
    Ok(found)
}

/// Whether there may be further groups, and rows.
type Answer = (bool, RawRows);

fn ask(
    view: &BooksView<'_>,
    table: TableId,
    tail: usize,
    of: &[Heads],
    rests: &[Rest],
) -> Result<Vec<Answer>, LedgerError> {
    let books = view.books();
    let keys = vec![books.keys.table(table)];
    let tail = tail.saturating_add(MEMBER_ROW);
    let mut args = vec![tail.to_string().into_bytes(), GROUPS_MAX.to_string().into_bytes()];
    for Rest { place, from } in rests {
        let heads = of.get(*place).ok_or_else(|| unexpected("heads"))?;
        args.push([b"[", from.as_slice()].concat());
        args.push(match after_prefix(&heads.front) {
            Some(end) => [b"(", end.as_slice()].concat(),
            None => b"+".to_vec(),
        });
        args.push(heads.limit.to_string().into_bytes());
    }
    let answer = view.wait(books.remote.run(&Call { script: &HEADS, keys, args }));
    let answer = answer.map_err(read_error)?.into_list().ok_or_else(|| unexpected("heads"))?;
    if answer.len() != rests.len() {
        return Err(unexpected("heads"));
    }
    answer.into_iter().map(one).collect()
}

pub(super) fn one(value: Value) -> Result<Answer, LedgerError> {
    let mut parts = value.into_list().unwrap_or_default().into_iter();
    let has_more = parts.next().and_then(|more| more.as_int());
    let members = parts.next().and_then(Value::into_list);
    let (Some(has_more), Some(members)) = (has_more, members) else {
        return Err(unexpected("heads"));
    };
    let members = members.into_iter().map_while(Value::into_bytes);
    Ok((has_more == 1, members.map(|member| member_row(&member)).collect::<Result<_, _>>()?))
}
