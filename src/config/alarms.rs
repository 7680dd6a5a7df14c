//! Alarms: from how many leads of a team in an hour operators are warned.

use super::reading::Reading;

/// The thresholds, each for one team, one hour and one replica; zero for no warning.
#[derive(Clone, Copy, Debug)]
pub struct Alarms {
    /// Leads for which no person was found.
    pub not_found_per_hour: u32,
    /// Leads of persons who are to be forgotten.
    pub removed_per_hour: u32,
    /// Leads whose answer contradicted an alias.
    pub contradicted_per_hour: u32,
}

impl Alarms {
    pub(super) fn read(from: &mut Reading) -> Self {
        Self {
            not_found_per_hour: from.value("alarms.not_found_per_hour"),
            removed_per_hour: from.value("alarms.removed_per_hour"),
            contradicted_per_hour: from.value("alarms.contradicted_per_hour"),
        }
    }
}
