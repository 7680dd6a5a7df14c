//! A shortage: the vendor's account has no credits of one unit, and one request per interval is
//! sent as a probe.
//!
//! Teams take turns. A refused team is added to a queue, and the queue advances with every probe:
//! its first team may go as soon as a probe is due, the others each a little later, in case the
//! first does not retry. A team that retries all the time therefore does not starve the others.

use std::time::Duration;

use super::team::TeamId;
use super::time::Timestamp;

/// How much later each further team may go, and the upper limit of this delay.
const YIELD: Duration = Duration::from_secs(5);
const YIELD_MAX: Duration = Duration::from_secs(30);

/// The maximum length of the queue. Further teams go last.
const WAITING_MAX: usize = 100;

/// The vendor's account has no credits of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// When the next probe is due.
    pub probe_at: Timestamp,
    /// The teams that were refused since, in order.
    pub waiting: Vec<TeamId>,
}

impl Shortage {
    /// A shortage whose next probe is due then.
    #[must_use]
    pub const fn new(probe_at: Timestamp) -> Self {
        Self { probe_at, waiting: Vec::new() }
    }

    /// When a team may go as the probe.
    #[must_use]
    pub fn turn_of(&self, team: &TeamId, every: Duration, now: Timestamp) -> Timestamp {
        let before = self.waiting.iter().take_while(|waiting| *waiting != team).count();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let probe_at = self.probe_at.not_beyond(every, now);
        probe_at.after(YIELD.saturating_mul(before).min(YIELD_MAX))
    }

    /// The team was refused and is added to the queue.
    #[must_use]
    pub fn refused(mut self, team: &TeamId) -> Self {
        if self.waiting.len() < WAITING_MAX && !self.waiting.contains(team) {
            self.waiting.push(team.clone());
        }
        self
    }

    /// The team goes as the probe. Teams before it did not retry, and are added again when they do.
    #[must_use]
    pub fn probed(mut self, team: &TeamId, every: Duration, now: Timestamp) -> Self {
        let gone = self.waiting.iter().position(|waiting| waiting == team);
        self.waiting.drain(..gone.map_or(self.waiting.len(), |at| at.saturating_add(1)));
        Self { probe_at: now.after(every), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    /// Which teams go as probes within this many seconds, if each retries at its interval.
    fn probes(teams: &[(&str, u64)], seconds: u64) -> Vec<String> {
        let mut shortage = Shortage::new(NOON.after(MINUTE));
        let mut probes = Vec::new();
        for second in 0..seconds {
            let now = NOON.after(Duration::from_secs(second));
            for (name, every) in teams.iter().filter(|(_, every)| second.is_multiple_of(*every)) {
                let team: TeamId = name.parse().unwrap();
                assert!(*every > 0);
                if now < shortage.turn_of(&team, MINUTE, now) {
                    shortage = shortage.refused(&team);
                } else {
                    shortage = shortage.probed(&team, MINUTE, now);
                    probes.push((*name).to_owned());
                }
            }
        }
        probes
    }

    #[test]
    fn a_team_alone_goes_every_interval() {
        assert_eq!(probes(&[("a", 1)], 301).len(), 5);
    }

    #[test]
    fn teams_take_turns_however_often_one_retries() {
        let probes = probes(&[("a", 1), ("b", 4), ("c", 3)], 1_000);
        for team in ["a", "b", "c"] {
            let count = probes.iter().filter(|name| *name == team).count();
            assert!(count * 3 >= probes.len() - 3, "{team}: {probes:?}");
        }
    }

    #[test]
    fn a_team_that_does_not_retry_delays_others_only_briefly() {
        let (gone, here): (TeamId, TeamId) = ("gone".parse().unwrap(), "here".parse().unwrap());
        let shortage = Shortage::new(NOON).refused(&gone).refused(&here).refused(&here);
        assert_eq!(shortage.turn_of(&here, MINUTE, NOON), NOON.after(YIELD));
        let after = shortage.probed(&here, MINUTE, NOON.after(YIELD));
        assert_eq!(after.waiting, []);
    }
}
