//! Rows that are counters: as text in Redis, since scripts add to them.

use crate::domain::credits::Credits;
use crate::domain::estimate::Observed;
use crate::ledger::codec::{Corrupt, from_row, to_row};
use crate::ledger::record::tally::Tally;
use crate::ledger::table::TableId;

/// Whether the rows of a table are counters.
pub(super) const fn is_counters(table: TableId) -> bool {
    matches!(table, TableId::Tallies | TableId::Uses | TableId::Observations)
}

/// How many of a tally's counters count against a quota: the first ones.
pub(super) const USED: usize = 3;

/// The four counters of a tally, in thousandths.
pub(super) fn thousandths(tally: &Tally) -> [i64; 4] {
    [tally.spent, tally.reserved, tally.unresolved, tally.avoided].map(Credits::as_thousandths)
}

/// The text as a row of the table.
pub(super) fn row_of(table: TableId, text: &[u8]) -> Result<Vec<u8>, Corrupt> {
    if table == TableId::Observations {
        // Changes made side by side may sum up to less than nothing.
        let count = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        return Ok(to_row(&Observed::of_counts(numbers(text)?.map(count))));
    }
    if table == TableId::Uses {
        let [used] = numbers(text)?;
        return Ok(to_row(&u64::try_from(used).unwrap_or_default()));
    }
    let [spent, reserved, unresolved, avoided] = numbers(text)?.map(Credits::from_thousandths);
    Ok(to_row(&Tally { spent, reserved, unresolved, avoided }))
}

/// A row of the table as text.
pub(super) fn text_of(table: TableId, row: &[u8]) -> Result<Vec<u8>, Corrupt> {
    Ok(match table {
        TableId::Observations => text(&from_row::<Observed>(row)?.counts()),
        TableId::Uses => text(&[from_row::<u64>(row)?]),
        _ => text(&thousandths(&from_row(row)?)),
    })
}

fn text<N: ToString>(numbers: &[N]) -> Vec<u8> {
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(",").into_bytes()
}

fn numbers<const N: usize>(text: &[u8]) -> Result<[i64; N], Corrupt> {
    let numbers = std::str::from_utf8(text).ok().and_then(|text| {
        let numbers: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
        numbers.ok()?.try_into().ok()
    });
    numbers.ok_or(Corrupt("a counter is not so many numbers"))
}
