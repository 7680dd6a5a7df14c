//! What an audit found, as operators are shown it.

use serde::Serialize;

use super::counters::Counters;
use crate::gateway::Audit;

/// The most differences that one answer lists; all are counted.
const DIFFERENCES_MAX: usize = 100;

/// What an audit found.
#[derive(Serialize)]
pub(in crate::http) struct AuditShown {
    mismatches: usize,
    entries: u64,
    tallies: u64,
    differences: Vec<Difference>,
    misplaced: Vec<Misplaced>,
}

/// A job that the index of open jobs lists wrongly.
#[derive(Serialize)]
struct Misplaced {
    job: String,
    stage: &'static str,
}

/// A tally that does not say what a witness says.
#[derive(Serialize)]
struct Difference {
    team: String,
    unit: &'static str,
    period: String,
    by: &'static str,
    stands: Counters,
    should: Counters,
}

/// The complete result of an audit.
#[must_use]
pub fn audit_shown(audit: &Audit) -> impl Serialize + use<> {
    AuditShown::of(audit, usize::MAX)
}

impl From<Audit> for AuditShown {
    fn from(audit: Audit) -> Self {
        Self::of(&audit, DIFFERENCES_MAX)
    }
}

impl AuditShown {
    /// With at most so many differences of each kind.
    fn of(audit: &Audit, differences_max: usize) -> Self {
        let differences =
            audit.mismatches.iter().take(differences_max).map(|mismatch| Difference {
                team: mismatch.tally.team.as_str().to_owned(),
                unit: mismatch.tally.unit.name(),
                period: mismatch.tally.period.as_str().to_owned(),
                by: mismatch.by.name(),
                stands: {
                    let tally = mismatch.stands;
                    Counters::of([tally.spent, tally.reserved, tally.unresolved, tally.avoided])
                },
                should: {
                    let tally = mismatch.should;
                    Counters::of([tally.spent, tally.reserved, tally.unresolved, tally.avoided])
                },
            });
        let misplaced = audit.misplaced.iter().take(differences_max);
        let misplaced =
            misplaced.map(|(stage, job)| Misplaced { job: job.to_string(), stage: stage.name() });
        Self {
            mismatches: audit.differences(),
            entries: audit.entries,
            tallies: audit.tallies,
            differences: differences.collect(),
            misplaced: misplaced.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_that_agree_have_no_mismatches() {
        let audit = Audit { entries: 12, tallies: 4, ..Audit::default() };
        assert_eq!(
            serde_json::to_string(&AuditShown::from(audit)).unwrap(),
            r#"{"mismatches":0,"entries":12,"tallies":4,"differences":[],"misplaced":[]}"#
        );
    }
}
