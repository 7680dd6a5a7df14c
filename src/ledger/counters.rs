//! Counters: rows that many steps add to. A step writes how they move, so that steps side by side
//! never collide at them; a quota is a bound that is checked when the step is kept.

use super::draft::{Draft, Fault};
use super::record::tally::{Tally, TallyKey};
use super::record::usage::UseKey;
use super::table::{Observations, Tallies, Uses};
use super::writes::{Bounded, Counter};
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
        let (needed, limit) = (needed.as_thousandths(), limit.as_thousandths());
        self.writes.bounds.push(Bounded { counter: Counter::Tally(key), needed, limit });
    }

    /// What counts towards a limit, with what this step moves. Others may move it meanwhile:
    /// [`Draft::keep_used_below`] is what a limit relies on.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn used(&self, key: &UseKey) -> Result<u64, Fault> {
        let stands = self.peek::<Uses>(key)?.unwrap_or_default();
        Ok(stands.saturating_add_signed(self.writes.uses.get(key).copied().unwrap_or_default()))
    }

    /// So much more counts towards a limit, from wherever it stands when the step is kept.
    pub fn use_more(&mut self, key: UseKey, by: u64) {
        let more = self.writes.uses.entry(key).or_default();
        *more = more.saturating_add(signed(by));
    }

    /// So much less counts towards a limit.
    pub fn use_less(&mut self, key: UseKey, by: u64) {
        let more = self.writes.uses.entry(key).or_default();
        *more = more.saturating_sub(signed(by));
    }

    /// The step is taken only if `needed` more than is used when it is kept does not pass `limit`.
    pub fn keep_used_below(&mut self, key: UseKey, needed: u64, limit: u64) {
        let (needed, limit) = (signed(needed), signed(limit));
        self.writes.bounds.push(Bounded { counter: Counter::Use(key), needed, limit });
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
