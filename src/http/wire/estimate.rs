//! What an enrichment would cost, as its caller is told.

use serde::Serialize;

use super::credits::Number;
use crate::domain::credits::Unit;
use crate::gateway::{Basis, Estimate};

/// The body of an answer to an estimate.
#[derive(Serialize)]
pub(in crate::http) struct EstimateShown {
    leads: LeadsShown,
    credits: CreditsShown,
    basis: BasisShown,
    fits: bool,
    remaining: RemainingShown,
}

#[derive(Serialize)]
struct LeadsShown {
    submitted: u32,
    repeated: u32,
    cached: u32,
    joined: u32,
    fresh: u32,
    /// None is, unless that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    trimmed: Option<u32>,
}

#[derive(Serialize)]
struct CreditsShown {
    email: Cost,
    phone: Cost,
}

#[derive(Serialize)]
struct Cost {
    worst: Number,
    expected: Number,
}

/// On how many observations of the team's each expectation rests; null where it is assumed.
#[derive(Serialize)]
struct BasisShown {
    person_found: Option<u32>,
    email_revealed: Option<u32>,
    phone_revealed: Option<u32>,
}

/// A unit without a quota is left out.
#[derive(Serialize)]
struct RemainingShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Number>,
}

impl From<Estimate> for EstimateShown {
    fn from(estimate: Estimate) -> Self {
        let Estimate { dispositions, worst, expected, basis, fits, remaining } = estimate;
        let Basis { person_found, email_revealed, phone_revealed } = basis;
        let cost = |worst, expected| Cost { worst: Number(worst), expected: Number(expected) };
        Self {
            leads: LeadsShown {
                submitted: dispositions.submitted,
                repeated: dispositions.repeated,
                cached: dispositions.cached,
                joined: dispositions.joined,
                fresh: dispositions.fresh,
                trimmed: Some(dispositions.trimmed).filter(|trimmed| *trimmed > 0),
            },
            credits: CreditsShown {
                email: cost(worst.email, expected.email),
                phone: cost(worst.phone, expected.phone),
            },
            basis: BasisShown { person_found, email_revealed, phone_revealed },
            fits,
            remaining: RemainingShown {
                email: remaining.tightest(Unit::Email).map(Number),
                phone: remaining.tightest(Unit::Phone).map(Number),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::{Amounts, Credits};
    use crate::gateway::Remaining;
    use crate::http::wire::batch::samples;

    #[test]
    fn an_estimate_tells_leads_credits_and_what_is_left_of_each_quota() {
        let amounts = |email, phone| Amounts {
            email: Credits::from_thousandths(email),
            phone: Credits::from_thousandths(phone),
        };
        let estimate = Estimate {
            dispositions: samples::account().dispositions,
            worst: amounts(7_500, 5_000),
            expected: amounts(5_100, 2_550),
            basis: Basis {
                person_found: Some(1234),
                email_revealed: Some(812),
                phone_revealed: None,
            },
            fits: true,
            remaining: Remaining {
                quotas: vec![samples::remaining().quotas[0]],
                ..Remaining::default()
            },
        };
        assert_eq!(
            serde_json::to_string(&EstimateShown::from(estimate)).unwrap(),
            r#"{"leads":{"submitted":10,"repeated":1,"cached":3,"joined":1,"fresh":5},"credits":{"email":{"worst":7.5,"expected":5.1},"phone":{"worst":5,"expected":2.55}},"basis":{"person_found":1234,"email_revealed":812,"phone_revealed":null},"fits":true,"remaining":{"email":492.5}}"#
        );
    }
}
