//! Tallies as four numbers, since scripts reckon with them.

use crate::domain::credits::Credits;
use crate::ledger::codec::{Corrupt, from_row, to_row};
use crate::ledger::record::tally::Tally;

/// `spent,reserved,unresolved,avoided` in thousandths.
pub(super) fn to_text(tally: &Tally) -> Vec<u8> {
    let [spent, reserved, unresolved, avoided] = thousandths(tally);
    format!("{spent},{reserved},{unresolved},{avoided}").into_bytes()
}

/// The four counters, in the order in which they stand.
pub(super) fn thousandths(tally: &Tally) -> [i64; 4] {
    [tally.spent, tally.reserved, tally.unresolved, tally.avoided].map(Credits::as_thousandths)
}

/// The text as a row of the table.
pub(super) fn row_of(text: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let numbers = std::str::from_utf8(text).ok().and_then(|text| {
        let numbers: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
        <[i64; 4]>::try_from(numbers.ok()?).ok()
    });
    let numbers = numbers.ok_or(Corrupt("a tally is not four numbers"))?;
    let [spent, reserved, unresolved, avoided] = numbers.map(Credits::from_thousandths);
    Ok(to_row(&Tally { spent, reserved, unresolved, avoided }))
}

/// A row of the table as text.
pub(super) fn text_of(row: &[u8]) -> Result<Vec<u8>, Corrupt> {
    Ok(to_text(&from_row(row)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_the_same_as_text_and_as_a_row() {
        let of = Credits::from_thousandths;
        let tally =
            Tally { spent: of(1500), reserved: of(0), unresolved: of(-500), avoided: of(7) };
        assert_eq!(to_text(&tally), b"1500,0,-500,7");
        assert_eq!(row_of(b"1500,0,-500,7").unwrap(), to_row(&tally));
        assert_eq!(text_of(&to_row(&tally)).unwrap(), b"1500,0,-500,7");
        // Some scripts print a zero so.
        assert_eq!(row_of(b"1500,-0,-500,7").unwrap(), to_row(&tally));
        for text in [&b"1,2,3"[..], b"1,2,3,4,5", b"1,2,3,x", b"\xff"] {
            assert!(row_of(text).is_err());
        }
    }
}
