//! Resolutions: the body that says what was charged, and what was booked by it.

use serde::Serialize;

use super::batches::Sums;
use super::fault::{Fault, Faults};
use super::given::Given;
use crate::domain::credits::{Amounts, Credits};
use crate::domain::note::Note;
use crate::gateway::{BatchId, Booked, Charged};

/// Reads an operator's word on what a batch has unresolved.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<(Charged, Note), Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let names = ["outcome", "reason", "credits"];
        let [outcome, reason, credits] = given.with_required(names, 2, faults)?;
        let is_charged = outcome.and_then(|given| read_outcome(&given, faults));
        let said = credits.as_ref().and_then(|given| read_credits(given, faults));
        let charged = match (is_charged, said) {
            (Some(false), _) => {
                if let Some(credits) = &credits {
                    let detail = "omit credits if nothing was charged";
                    credits.refuse(detail, faults);
                }
                Charged::Nothing
            }
            (_, Some(said)) => Charged::Some(said),
            (_, None) => Charged::All,
        };
        Some((charged, reason?.named(faults)?))
    })
}

/// Whether it was charged.
fn read_outcome(given: &Given<'_>, faults: &mut Faults) -> Option<bool> {
    match given.string(faults)?.as_str() {
        "charged" => Some(true),
        "not_charged" => Some(false),
        _ => {
            given.refuse("an outcome is one of: charged, not_charged", faults);
            None
        }
    }
}

fn read_credits(given: &Given<'_>, faults: &mut Faults) -> Option<Amounts> {
    let properties = given.with_required(["email", "phone"], 2, faults)?;
    let [email, phone] = properties.map(|given| given.and_then(|given| amount(&given, faults)));
    Some(Amounts { email: email?, phone: phone? })
}

fn amount(given: &Given<'_>, faults: &mut Faults) -> Option<Credits> {
    let amount = given.credits(faults)?;
    if amount.is_negative() {
        given.refuse("the charged credits must not be negative", faults);
    }
    Some(amount)
}

/// What was booked.
#[derive(Serialize)]
pub(in crate::http) struct ResolutionShown {
    batch: u64,
    outcome: &'static str,
    booked: Sums,
    released: Sums,
}

impl ResolutionShown {
    /// What this word came to.
    pub(in crate::http) fn of(id: BatchId, charged: Charged, booked: &Booked) -> Self {
        let outcome = match charged {
            Charged::All | Charged::Some(_) => "charged",
            Charged::Nothing => "not_charged",
        };
        let (spent, released) = (Sums::of(booked.spent), Sums::of(booked.released));
        Self { batch: id.get(), outcome, booked: spent, released }
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
    fn all_or_nothing_or_so_much_was_charged() {
        let said = |body: &str| parse(body.as_bytes()).unwrap().0;
        assert_eq!(said(r#"{"outcome":"charged","reason":"x"}"#), Charged::All);
        assert_eq!(said(r#"{"outcome":"not_charged","reason":"x"}"#), Charged::Nothing);
        let body = r#"{"outcome":"charged","credits":{"email":1.5,"phone":0},"reason":"x"}"#;
        let email = Credits::from_thousandths(1500);
        assert_eq!(said(body), Charged::Some(Amounts { email, phone: Credits::ZERO }));
    }

    #[test]
    fn every_fault_is_listed_with_its_place() {
        let at = |code, pointer: &str| (code, pointer.to_owned());
        assert_eq!(faults("{}"), [at("missing_field", "/outcome"), at("missing_field", "/reason")]);
        assert_eq!(
            faults(r#"{"outcome":"not_charged","credits":{"email":0,"phone":0},"reason":"x"}"#),
            [at("invalid_field", "/credits")]
        );
        assert_eq!(
            faults(r#"{"outcome":"free","credits":{"email":-1,"fax":1},"reason":"\n"}"#),
            [
                at("invalid_field", "/outcome"),
                at("unknown_field", "/credits/fax"),
                at("missing_field", "/credits/phone"),
                at("invalid_field", "/credits/email"),
                at("invalid_field", "/reason"),
            ]
        );
    }
}
