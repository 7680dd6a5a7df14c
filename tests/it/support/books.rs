//! Both books side by side: ours, as an operator reads them, and the vendor's bill.

use std::fmt;

use serde_json::json;
use tollgate::sandbox::{self, Sandbox};

use super::client::Client;
use super::wait::eventually;

/// Our books over all teams. Half-credits are exact in these numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) email: Sum,
    pub(crate) phone: Sum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) spent: f64,
    pub(crate) reserved: f64,
    pub(crate) unresolved: f64,
}

impl Sums {
    /// The sums as this operator is told.
    pub(crate) async fn now(operator: &Client) -> Self {
        let mut sums = Self::default();
        let teams = operator.insist_on("/admin/v1/teams").await;
        for team in teams.body["teams"].as_array().unwrap() {
            let path = format!("/admin/v1/teams/{}/usage", team["team"].as_str().unwrap());
            let usage = operator.insist_on(&path).await;
            assert_eq!(usage.status, 200, "{usage:?}");
            for (unit, sum) in [("email", &mut sums.email), ("phone", &mut sums.phone)] {
                let totals = &usage.body["totals"][unit];
                sum.spent += totals["spent"].as_f64().unwrap();
                sum.reserved += totals["reserved"].as_f64().unwrap();
                sum.unresolved += totals["unresolved"].as_f64().unwrap();
            }
        }
        sums
    }

    /// Waits until no reservation is open, and checks that the books agree with themselves.
    pub(crate) async fn at_rest(operator: &Client) -> Self {
        eventually("no reservation is open", async || {
            let sums = Self::now(operator).await;
            sums.email.reserved == 0.0 && sums.phone.reserved == 0.0
        })
        .await;
        let audit = operator.insist_on("/admin/v1/audit").await;
        assert_eq!(audit.body["mismatches"], json!(0), "{audit:?}");
        Self::now(operator).await
    }
}

/// Our books at rest beside the vendor's bill. Shown, they are a table of both.
#[derive(Clone, Copy)]
pub(crate) struct Books {
    pub(crate) ours: Sums,
    pub(crate) bill: sandbox::Totals,
}

impl Books {
    /// Waits until no reservation is open, and reads both.
    pub(crate) async fn at_rest(operator: &Client, vendor: &Sandbox) -> Self {
        let ours = Sums::at_rest(operator).await;
        let bill = vendor.bill();
        Self { ours, bill: sandbox::Totals { email: bill.email, phone: bill.phone } }
    }

    /// Checks that they are equal to the half-credit.
    pub(crate) fn assert_equal(&self) {
        let bill = (credits(self.bill.email), credits(self.bill.phone));
        assert!((self.ours.email.spent, self.ours.phone.spent) == bill, "the books differ\n{self}");
    }

    /// Checks that nothing is in doubt.
    pub(crate) fn assert_resolved(&self) {
        let unresolved = (self.ours.email.unresolved, self.ours.phone.unresolved);
        assert!(unresolved == (0.0, 0.0), "credits are unresolved\n{self}");
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "unit     spent  reserved  unresolved  vendor's bill")?;
        let units = [
            ("email", self.ours.email, self.bill.email),
            ("phone", self.ours.phone, self.bill.phone),
        ];
        for (unit, Sum { spent, reserved, unresolved }, bill) in units {
            let bill = credits(bill);
            writeln!(f, "{unit}  {spent:>8}  {reserved:>8}  {unresolved:>10}  {bill:>13}")?;
        }
        Ok(())
    }
}

/// The vendor's credits as a number.
pub(crate) fn credits(credits: sandbox::Credits) -> f64 {
    f64::from(credits.halves()) / 2.0
}
