//! What a team has used, as its callers and operators are shown it.

use serde::Serialize;

use super::counters::Counters;
use super::credits::Number;
use crate::domain::credits::Unit;
use crate::gateway::Usage;

/// What a team has used.
#[derive(Serialize)]
pub(in crate::http) struct UsageShown {
    team: String,
    totals: Totals,
    quotas: Vec<QuotaUsed>,
}

/// Of all time.
#[derive(Serialize)]
struct Totals {
    email: Counters,
    phone: Counters,
}

/// A quota in its present period.
#[derive(Serialize)]
struct QuotaUsed {
    unit: &'static str,
    period: &'static str,
    limit: Number,
    spent: Number,
    reserved: Number,
    unresolved: Number,
    remaining: Number,
    resets_at: Option<String>,
    /// A forecast, which nobody makes yet: always null.
    exhausted_at: Option<String>,
}

impl From<Usage> for UsageShown {
    fn from(usage: Usage) -> Self {
        let total = |unit: Unit| {
            let tally = usage.in_unit(unit);
            Counters::of([tally.spent, tally.reserved, tally.unresolved, tally.avoided])
        };
        let used = usage.quotas.iter().map(|now| QuotaUsed {
            unit: now.quota.unit.name(),
            period: now.quota.period.name(),
            limit: Number(now.quota.limit),
            spent: Number(now.tally.spent),
            reserved: Number(now.tally.reserved),
            unresolved: Number(now.tally.unresolved),
            remaining: Number(now.remaining),
            resets_at: now.resets_at.map(|moment| moment.to_string()),
            exhausted_at: None,
        });
        Self {
            team: usage.team.id.as_str().to_owned(),
            totals: Totals { email: total(Unit::Email), phone: total(Unit::Phone) },
            quotas: used.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;
    use crate::domain::policy::Policies;
    use crate::gateway::{Standing, Team};

    #[test]
    fn usage_tells_the_totals_of_each_unit() {
        let team = Team {
            id: "sales".parse().unwrap(),
            version: 1,
            name: "Sales".to_owned(),
            quotas: Vec::new(),
            policies: Policies::default(),
            standing: Standing::Open,
            opening: 1,
            counting: Vec::new(),
        };
        #[expect(clippy::default_trait_access, reason = "a tally is the ledger's to name")]
        let mut usage = Usage {
            team,
            email: Default::default(),
            phone: Default::default(),
            quotas: Vec::new(),
            uses: Vec::new(),
        };
        usage.email.spent = Credits::from_thousandths(7_500);
        usage.phone.avoided = Credits::from_thousandths(2_000);
        assert_eq!(
            serde_json::to_string(&UsageShown::from(usage)).unwrap(),
            r#"{"team":"sales","totals":{"email":{"spent":7.5,"reserved":0,"unresolved":0,"avoided":0},"phone":{"spent":0,"reserved":0,"unresolved":0,"avoided":2}},"quotas":[]}"#
        );
    }
}
