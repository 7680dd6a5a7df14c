//! Counters: rows that many steps add to. A step writes how they move, so that steps side by side
//! never collide at them; a quota is a bound that is checked when the step is kept.

use super::draft::{Draft, Fault};
use super::record::tally::{Tally, TallyKey};
use super::table::{Observations, Tallies};
use super::writes::Bounded;
use crate::domain::credits::Credits;
use crate::domain::estimate::{Observed, ObservedChange};
use crate::domain::team::TeamId;

impl Draft<'_> {
    /// A tally as it stands with what this step moves. Others may move it meanwhile:
    /// [`Draft::keep_below`] is what a quota relies on.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn tally(&self, key: &TallyKey) -> Result<Tally, Fault> {
        let stands = self.peek::<Tallies>(key)?.unwrap_or_default();
        Ok(self.writes.tallies.get(key).map_or(stands, |more| stands.plus(*more)))
    }

    /// Moves a tally, from wherever it stands when the step is kept.
    pub fn move_tally(&mut self, key: TallyKey, by: Tally) {
        let more = self.writes.tallies.entry(key).or_default();
        *more = more.plus(by);
    }

    /// The hit rates of a team with what this step moves. Other steps may move them meanwhile.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn observed(&self, team: &TeamId) -> Result<Observed, Fault> {
        let stands = self.peek::<Observations>(team)?.unwrap_or_default();
        Ok(self.writes.observed.get(team).map_or(stands, |more| stands.changed(*more)))
    }

    /// Moves the hit rates of a team, from wherever they stand when the step is kept.
    pub fn move_observed(&mut self, team: &TeamId, by: ObservedChange) {
        let more = self.writes.observed.entry(team.clone()).or_default();
        *more = more.with(by);
    }

    /// The step is taken only if `needed` more than is used when it is kept does not pass `limit`.
    pub fn keep_below(&mut self, key: TallyKey, needed: Credits, limit: Credits) {
        self.writes.bounds.push(Bounded { key, needed, limit });
    }
}
