//! Lending a place: a team that joins a job waits for it in its own queue, as urgently as it asks.

use std::collections::BTreeSet;

use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::job::{Job, State, Way};
use crate::ledger::record::lane::Urgency;
use crate::ledger::table::Jobs;
use crate::ledger::transition::schedule::put_job;

/// Puts jobs that a batch joined into the queues of its team as well, so that each has its turn where
/// the first of all who wait for it would have theirs. A job that travels in a coach has the coach's
/// turns. Only the first batch of a team that joins a job so urgently writes to it.
pub(super) fn lend_place(
    draft: &mut Draft<'_>,
    jobs: impl Iterator<Item = JobId>,
    team: &TeamId,
    way: Way,
) -> Result<(), Fault> {
    let urgency = match way {
        Way::LookUp => Urgency::Urgent,
        Way::Batch | Way::Call => Urgency::Usual,
    };
    let mut coaches = BTreeSet::new();
    for id in jobs {
        let job = draft.need::<Jobs>(&id)?;
        if let State::Gathered(coach) = job.state {
            draft.foresee::<Jobs>(&coach);
            coaches.insert(coach);
        }
        lend(draft, job, team, urgency)?;
    }
    for id in coaches {
        let coach = draft.need::<Jobs>(&id)?;
        lend(draft, coach, team, urgency)?;
    }
    Ok(())
}

fn lend(draft: &mut Draft<'_>, mut job: Job, team: &TeamId, urgency: Urgency) -> Result<(), Fault> {
    if job.is_alive() && job.add_waiter(team, urgency) {
        put_job(draft, &job)?;
    }
    Ok(())
}
