//! Lanes and queues: where a job stands among those that are due.

use super::job::{Job, Restoring, State, Way};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::JobId;

/// Jobs of one kind of work. Each lane has turns of its own, so that where the vendor hangs at the
/// jobs of one lane, those of the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Look-ups to be sent: a caller waits for each.
    LookUps,
    /// Batches to be sent that a look-up waits for.
    UrgentSubmissions,
    /// Other batches to be sent.
    Submissions,
    /// Batches of the vendor's to be polled that a look-up waits for.
    UrgentPolls,
    /// Other batches of the vendor's to be polled.
    Polls,
    /// Work that needs no request to the vendor.
    Housekeeping,
}

/// Whether a caller holds a connection open until a job has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A look-up waits.
    Urgent,
    /// Only batches wait.
    Usual,
}

/// A team that waits for a job which another team pays for. The job is due in this team's queue as
/// well, so that it need not wait behind the payer's other jobs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiter {
    /// The team.
    pub team: TeamId,
    /// How urgently it waits.
    pub urgency: Urgency,
}

/// A row of a queue: each team has one queue in each lane, the longest due job first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueAt {
    /// The lane.
    pub lane: Lane,
    /// The team whose queue it is.
    pub team: TeamId,
    /// When something is to be done about the job.
    pub at: Timestamp,
    /// The job.
    pub job: JobId,
}

/// Which team's turn is next in a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The team that had the latest turn: the next one in the order of names is first.
    pub after: Option<TeamId>,
    /// How many turns were given in the lane.
    pub given: u64,
}

impl DueAt {
    /// How many bytes of the key follow the lane and the team: the moment and the job.
    pub const PLACE_BYTES: usize = 20;
}

impl Lane {
    /// All of them, the most urgent of a kind first.
    pub const ALL: [Self; 6] = [
        Self::LookUps,
        Self::UrgentSubmissions,
        Self::Submissions,
        Self::UrgentPolls,
        Self::Polls,
        Self::Housekeeping,
    ];
}

impl Job {
    /// How many teams besides the payer a job is due for. A team that joins later is answered when
    /// one of these gets its turn.
    pub const WAITERS_MAX: usize = 8;

    /// The lane in which it is due for a team that waits so urgently.
    #[must_use]
    pub const fn lane(&self, urgency: Urgency) -> Lane {
        match (self.way, self.state, urgency) {
            (Way::LookUp, State::Ready | State::Unknown, _) => Lane::LookUps,
            (_, State::Ready | State::Unknown, Urgency::Urgent) => Lane::UrgentSubmissions,
            (_, State::Ready | State::Unknown, Urgency::Usual) => Lane::Submissions,
            (_, State::Bound, Urgency::Urgent) => Lane::UrgentPolls,
            (_, State::Bound, Urgency::Usual) | (Way::Call, State::Done, _) => Lane::Polls,
            // The vendor may still say what nobody could learn.
            (_, State::Unresolved(_) | State::Resolved, _) if self.vendor_id.is_some() => {
                Lane::Polls
            }
            (_, State::Done, _) if matches!(self.restoring, Restoring::Wanted) => Lane::Polls,
            _ => Lane::Housekeeping,
        }
    }

    /// The queues in which it is due; none where nothing is to be done about it.
    #[must_use]
    pub fn due_at(&self) -> Vec<DueAt> {
        let Some(at) = self.due else { return Vec::new() };
        let payer = self.parts.first().map(|part| (&part.team, Urgency::Usual));
        let waiters = self.waiters.iter().map(|waiter| (&waiter.team, waiter.urgency));
        let mut places = Vec::<DueAt>::new();
        // Of a team that waits twice the more urgent place counts.
        for (team, urgency) in waiters.chain(payer) {
            if places.iter().all(|place| place.team != *team) {
                let lane = self.lane(urgency);
                places.push(DueAt { lane, team: team.clone(), at, job: self.id });
            }
        }
        places
    }

    /// Notes that a team waits for the job. False where that changes nothing.
    pub fn add_waiter(&mut self, team: &TeamId, urgency: Urgency) -> bool {
        let is_payer = self.parts.first().is_some_and(|part| part.team == *team);
        if is_payer && urgency == Urgency::Usual {
            return false;
        }
        let known = self.waiters.iter_mut().find(|waiter| waiter.team == *team);
        if let Some(known) = known {
            let is_more_urgent = urgency < known.urgency;
            known.urgency = known.urgency.min(urgency);
            return is_more_urgent;
        }
        if self.waiters.len() >= Self::WAITERS_MAX {
            let usual = |waiter: &Waiter| waiter.urgency > urgency;
            let Some(place) = self.waiters.iter().rposition(usual) else { return false };
            self.waiters.remove(place);
        }
        self.waiters.push(Waiter { team: team.clone(), urgency });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ids::BatchId;

    fn job() -> Job {
        let id = JobId { batch: BatchId::new(1).unwrap(), ordinal: 0 };
        Job { due: Some(Timestamp::from_millis(7)), ..Job::new(id, Way::Batch) }
    }

    fn team(name: &str) -> TeamId {
        name.parse().unwrap()
    }

    fn places(job: &Job) -> Vec<(Lane, String)> {
        job.due_at().iter().map(|due| (due.lane, due.team.to_string())).collect()
    }

    #[test]
    fn a_team_that_waits_twice_has_the_more_urgent_place() {
        let mut job = job();
        assert!(job.add_waiter(&team("sales"), Urgency::Usual));
        assert!(!job.add_waiter(&team("sales"), Urgency::Usual));
        assert_eq!(places(&job), [(Lane::Submissions, "sales".to_owned())]);
        assert!(job.add_waiter(&team("sales"), Urgency::Urgent));
        assert!(!job.add_waiter(&team("sales"), Urgency::Usual));
        assert_eq!(places(&job), [(Lane::UrgentSubmissions, "sales".to_owned())]);
    }

    #[test]
    fn so_many_teams_wait_and_urgent_ones_find_room() {
        let mut job = job();
        for n in 0..Job::WAITERS_MAX {
            assert!(job.add_waiter(&team(&format!("usual-{n}")), Urgency::Usual));
        }
        assert!(!job.add_waiter(&team("late"), Urgency::Usual));
        for n in 0..Job::WAITERS_MAX {
            assert!(job.add_waiter(&team(&format!("urgent-{n}")), Urgency::Urgent));
        }
        assert!(!job.add_waiter(&team("late"), Urgency::Urgent));
        assert!(job.due_at().iter().all(|due| due.lane == Lane::UrgentSubmissions));
        assert_eq!(job.due_at().len(), Job::WAITERS_MAX);
    }
}
