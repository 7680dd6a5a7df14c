//! Adjustments: the body that asks for one, and what operators are shown of it.

use serde::Serialize;

use super::credits::Number;
use super::fault::{Fault, Faults};
use super::given::Given;
use super::team::read_unit;
use crate::domain::credits::Credits;
use crate::gateway::Correction;

/// The most credits that one adjustment moves, either way.
const AMOUNT_MAX: Credits = Credits::from_thousandths(1_000_000_000_000);

/// Reads an adjustment.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<Correction, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let names = ["team", "unit", "amount", "reason"];
        let [team, unit, amount, reason] = given.with_required(names, 4, faults)?;
        // All are read before any is asked for, so that every fault is noted.
        let team = team.and_then(|given| given.named(faults));
        let unit = unit.and_then(|given| read_unit(&given, faults));
        let amount = amount.and_then(|given| read_amount(&given, faults));
        let note = reason.and_then(|given| given.named(faults));
        Some(Correction { team: team?, unit: unit?, amount: amount?, note: note? })
    })
}

fn read_amount(given: &Given<'_>, faults: &mut Faults) -> Option<Credits> {
    let amount = given.credits(faults)?;
    if amount.is_zero() {
        given.refuse(
            "an amount must not be 0; a positive one adds to the spent credits, a negative one \
             reduces them",
            faults,
        );
    } else if amount > AMOUNT_MAX || amount < AMOUNT_MAX.negated() {
        given.refuse(
            format!("an amount is at most {AMOUNT_MAX} credits in either direction"),
            faults,
        );
    }
    Some(amount)
}

/// An adjustment that is booked.
#[derive(Serialize)]
pub(in crate::http) struct AdjustmentShown {
    entry: u64,
    team: String,
    unit: &'static str,
    amount: Number,
    reason: String,
}

impl AdjustmentShown {
    /// As it is booked under this number.
    pub(in crate::http) fn of(entry: u64, correction: &Correction) -> Self {
        Self {
            entry,
            team: correction.team.as_str().to_owned(),
            unit: correction.unit.name(),
            amount: Number(correction.amount),
            reason: correction.note.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::places;
    use super::*;

    fn faults(body: &str) -> Vec<(&'static str, String)> {
        places(parse(body.as_bytes()))
    }

    #[test]
    fn an_adjustment_says_whose_of_what_how_much_and_why() {
        let body = br#"{"team":"sales","unit":"phone","amount":-0.125,"reason":"invoice 7"}"#;
        let correction = parse(body).unwrap();
        assert_eq!(correction.amount, Credits::from_thousandths(-125));
        assert_eq!(
            serde_json::to_string(&AdjustmentShown::of(12, &correction)).unwrap(),
            r#"{"entry":12,"team":"sales","unit":"phone","amount":-0.125,"reason":"invoice 7"}"#
        );
    }

    #[test]
    fn every_fault_is_listed_with_its_place() {
        let at = |code, pointer: &str| (code, pointer.to_owned());
        assert_eq!(
            faults("{}"),
            ["/team", "/unit", "/amount", "/reason"].map(|pointer| at("missing_field", pointer))
        );
        assert_eq!(faults("[]"), [at("type_error", "")]);
        for amount in ["0", "0.0005", "1000000000.001", "-1000000000.001", "1e3"] {
            let body =
                format!(r#"{{"team":"sales","unit":"email","amount":{amount},"reason":"x"}}"#);
            assert_eq!(faults(&body), [at("invalid_field", "/amount")], "{amount}");
        }
        assert_eq!(
            faults(r#"{"team":"Sales","unit":"fax","amount":"1","reason":" ","why":1}"#),
            [
                at("unknown_field", "/why"),
                at("invalid_field", "/team"),
                at("invalid_field", "/unit"),
                at("type_error", "/amount"),
                at("invalid_field", "/reason"),
            ]
        );
    }
}
