//! What the fuzz targets call of this module. Built for them alone.

use super::codec::{Ordered, from_row, to_row};
use super::redis;
use super::table::{self, Table, TableId};
use crate::remote::Value;

macro_rules! any_of {
    ($id:expr, $key:expr, $row:expr, $($table:ident)+) => {
        match $id {
            $(TableId::$table => one::<table::$table>($key, $row),)+
        }
    };
}

/// Reads bytes of a store as a row of a table, with its key.
///
/// # Panics
/// Where what was read is written as something else.
pub fn row(table: u8, key: &[u8], row: &[u8]) {
    let id = TableId::ALL[usize::from(table) % TableId::ALL.len()];
    any_of!(id, key, row,
        Teams Keys Tallies Uses Observations Batches Slots Jobs JobLeads Answers Settlements Joins Leads
        Persons Superseded Replays Due Rotations Waiting Journal Carried Numbers Budgets Outages
        Shortages Addresses Validations ReplayEnds Remnants Stages Openings HourlyUses
    );
}

/// Reads what a Redis says as each of the answers that the books are read from.
pub fn answer(table: u8, value: &Value) {
    let id = TableId::ALL[usize::from(table) % TableId::ALL.len()];
    redis::fuzz::answer(id, value);
}

fn one<T: Table>(mut key: &[u8], row: &[u8]) {
    if let Ok(record) = from_row::<T::Row>(row) {
        let written = to_row(&record);
        let Ok(again) = from_row::<T::Row>(&written) else { panic!("what is written is read") };
        assert_eq!(to_row(&again), written, "what is read again is the same");
    }
    if let Ok(parsed) = T::Key::parse(&mut key) {
        let written = parsed.to_key();
        let again = T::Key::parse(&mut written.as_slice());
        assert_eq!(again.map(|again| again.to_key()), Ok(written), "so is a key");
    }
}
