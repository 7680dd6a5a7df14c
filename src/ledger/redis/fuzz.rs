//! What the fuzz targets call of this module. Built for them alone.

use super::books::{entries, epoch_of_text, fields, text_of_epoch};
use super::found::next_entry_of;
use super::keys::{Shape, front_of, shape};
use super::mark::Marked;
use super::{counters, heads, scan};
use crate::ledger::table::TableId;
use crate::remote::Value;

/// Reads what a server says as each of the answers that the books are read from.
///
/// # Panics
/// Where what was read is written as something else.
pub(in crate::ledger) fn answer(table: TableId, value: &Value) {
    let _ = entries(value.clone());
    let _ = next_entry_of(value);
    if let Ok((_, rows)) = heads::one(value.clone()) {
        assert!(rows.iter().all(|(_, row)| row.len() == scan::MEMBER_ROW));
    }
    for (name, raw) in fields(value.clone()).unwrap_or_default() {
        let _ = front_of(&name);
        if let Some(Marked { by, before }) = Marked::read(&raw) {
            assert_eq!([&*by, before].concat(), raw, "a mark and what was there before");
        }
        if let Some((table, key)) = Marked::of_name(&name) {
            assert_eq!(Marked::name(table, &key), name);
        }
        if shape(table) == Shape::Counters
            && let Ok(row) = counters::row_of(table, &raw)
        {
            let text = counters::text_of(table, &row).expect("what was read is written");
            assert_eq!(counters::row_of(table, &text), Ok(row));
        }
        if let Ok(member) = scan::member_row(&raw) {
            assert_eq!([member.0, member.1].concat(), raw);
        }
    }
    if let Some(epoch) = value.as_text().and_then(epoch_of_text) {
        assert_eq!(epoch_of_text(&text_of_epoch(epoch)), Some(epoch));
    }
}
