//! Adds up the estimates of the parts of a file.

use serde_json::{Map, Value, json};

use crate::app::cli::output::{record, table, text};
use crate::app::cli::quota_spec::number;
use crate::domain::credits::{Credits, Unit};

/// The sum of several estimates.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) parts: usize,
    /// The counts of leads, as the gateway names them.
    leads: Map<String, Value>,
    /// The worst and the expected cost by unit.
    credits: [[Credits; 2]; 2],
    /// Whether each part fits on its own.
    each_fits: bool,
    /// The last estimate.
    last: Value,
}

/// The costs of a unit.
const COSTS: [&str; 2] = ["worst", "expected"];

impl Sum {
    /// Adds a part.
    pub(super) fn add(&mut self, answer: &Value) {
        for (name, count) in answer["leads"].as_object().into_iter().flatten() {
            let before = self.leads.get(name).and_then(Value::as_u64).unwrap_or_default();
            let sum = before.saturating_add(count.as_u64().unwrap_or_default());
            self.leads.insert(name.clone(), sum.into());
        }
        for (unit, sums) in Unit::ALL.into_iter().zip(&mut self.credits) {
            for (cost, sum) in COSTS.into_iter().zip(sums) {
                *sum = sum.plus(credits(&answer["credits"][unit.name()][cost]).unwrap_or_default());
            }
        }
        self.each_fits = (self.parts == 0 || self.each_fits) && answer["fits"] == true;
        self.parts = self.parts.saturating_add(1);
        self.last = answer.clone();
    }

    /// Whether all parts together fit the quotas.
    fn fits(&self) -> bool {
        let is_within = |(unit, [worst, _]): (Unit, [Credits; 2])| {
            let left = credits(&self.last["remaining"][unit.name()]);
            left.is_none_or(|left| worst <= left)
        };
        self.each_fits
            && (self.parts == 1 || Unit::ALL.into_iter().zip(self.credits).all(is_within))
    }

    /// The estimate for the whole file, in the gateway's form.
    pub(super) fn document(&self, file: &Value) -> Value {
        let mut costs = Map::new();
        for (unit, [worst, expected]) in Unit::ALL.into_iter().zip(self.credits) {
            let cost = json!({"worst": number(worst), "expected": number(expected)});
            costs.insert(unit.name().to_owned(), cost);
        }
        json!({
            "leads": self.leads,
            "credits": costs,
            "basis": self.last["basis"],
            "fits": self.fits(),
            "remaining": self.last["remaining"],
            "parts": self.parts,
            "file": file,
        })
    }
}

fn credits(value: &Value) -> Option<Credits> {
    value.is_number().then(|| value.to_string().parse().ok()).flatten()
}

/// The estimate as text.
pub(super) fn shown(document: &Value) -> String {
    const LEADS: [&str; 5] = ["submitted", "repeated", "cached", "joined", "fresh"];
    let leads = LEADS.map(|name| (name, text(&document["leads"][name])));
    let row = |unit: Unit| {
        let name = unit.name();
        let [worst, expected] = COSTS.map(|cost| text(&document["credits"][name][cost]));
        [name.to_owned(), worst, expected, text(&document["remaining"][name])]
    };
    let headings = ["unit", "worst", "expected", "remaining"];
    let costs = table(headings, &headings[1..], Unit::ALL.map(row));
    let fits = [("fits", text(&document["fits"]))];
    format!("{}\n\n{costs}\n\n{}", record(leads), record(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(worst: f64, fits: bool, left: Option<f64>) -> Value {
        let mut remaining = json!({});
        if let Some(left) = left {
            remaining["email"] = json!(left);
        }
        json!({
            "leads": {"submitted": 2, "repeated": 0, "cached": 1, "joined": 0, "fresh": 1},
            "credits": {
                "email": {"worst": worst, "expected": 1.105},
                "phone": {"worst": 0, "expected": 0},
            },
            "fits": fits, "remaining": remaining,
        })
    }

    #[test]
    fn parts_are_added_up_and_fit_together_or_not() {
        let mut sum = Sum::default();
        sum.add(&part(1.5, true, Some(4.5)));
        assert!(sum.fits());
        sum.add(&part(3.0, true, Some(4.5)));
        let document = sum.document(&Value::Null);
        assert_eq!(document["leads"]["submitted"], 4);
        assert_eq!(document["credits"]["email"], json!({"worst": 4.5, "expected": 2.21}));
        assert_eq!(document["fits"], true);
        sum.add(&part(0.5, true, Some(4.5)));
        assert!(!sum.fits(), "each fits, and all together do not");
    }

    #[test]
    fn one_part_fits_by_the_gateways_own_word() {
        let mut sum = Sum::default();
        sum.add(&part(1.5, true, Some(1.0)));
        assert!(sum.fits(), "a quota that only warns is left, too");
        let mut sum = Sum::default();
        sum.add(&part(1.5, false, None));
        sum.add(&part(1.5, true, None));
        assert!(!sum.fits());
    }
}
