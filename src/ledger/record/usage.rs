//! What counts towards a team's limits.

use crate::domain::period::PeriodId;
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;

/// Which count is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UseKey {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub measure: Measure,
    /// Over which period: all time, or a day.
    pub period: PeriodId,
}

impl UseKey {
    /// The count of what lasts.
    #[must_use]
    pub fn lasting(team: &TeamId, measure: Measure) -> Self {
        Self { team: team.clone(), measure, period: PeriodId::total() }
    }
}
