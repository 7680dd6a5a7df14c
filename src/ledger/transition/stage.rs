//! The index of open jobs by their stage, and how many each team has. [`put_job`](super::schedule::put_job)
//! is the only one that writes them, from the job as it was and as it is, so they cannot differ from the
//! jobs.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::job::{Job, State};
use crate::ledger::record::stage::{Stage, StageAt};
use crate::ledger::table::{Jobs, Stages};
use crate::ledger::transition::limit::count_open;

/// Moves a job in the index; with a combined job its members move.
pub(super) fn put_stages(draft: &mut Draft<'_>, old: Option<&Job>, new: &Job) {
    if new.is_coach() {
        return move_members(draft, old, new);
    }
    let was_gathered = old.is_some_and(|job| matches!(job.state, State::Gathered(_)));
    let stays_gathered = was_gathered && old.is_some_and(|job| job.state == new.state);
    let is_now = match new.state {
        // Jobs are only gathered into a combined job that was not sent.
        State::Gathered(_) => Some(Stage::Queued),
        _ => new.travel_stage(),
    };
    let was_open = was_gathered || old.is_some_and(|job| job.travel_stage().is_some());
    count_open(draft, new, was_open, is_now.is_some());
    for stage in [Stage::Queued, Stage::Processing] {
        let was = old.and_then(Job::travel_stage) == Some(stage);
        if !stays_gathered {
            place(draft, (stage, new.id), was || was_gathered, was, is_now == Some(stage));
        }
    }
    let was = old.is_some_and(Job::has_unresolved);
    place(draft, (Stage::Unresolved, new.id), was, was, new.has_unresolved());
}

/// The members of a combined job are where it is.
fn move_members(draft: &mut Draft<'_>, old: Option<&Job>, new: &Job) {
    let (Some(was), Some(is)) = (old.and_then(Job::travel_stage), new.travel_stage()) else {
        return;
    };
    if was != is {
        for member in &new.passengers {
            draft.delete::<Stages>(&(was, *member));
            draft.put::<Stages>(&(is, *member), &());
        }
    }
}

fn place(draft: &mut Draft<'_>, at: StageAt, may_be_there: bool, is_there: bool, belongs: bool) {
    if may_be_there && !belongs {
        draft.delete::<Stages>(&at);
    }
    if belongs && !is_there {
        draft.put::<Stages>(&at, &());
    }
}

/// The index as the jobs say it should be, gathered job by job.
#[derive(Default)]
pub(super) struct Expected {
    rows: BTreeSet<StageAt>,
    gathered: Vec<(JobId, JobId)>,
    combined: BTreeMap<JobId, Stage>,
}

impl Expected {
    /// Adds a job.
    pub(super) fn note(&mut self, job: &Job) {
        if job.has_unresolved() {
            self.rows.insert((Stage::Unresolved, job.id));
        }
        match (job.state, job.travel_stage()) {
            (State::Gathered(combined), _) => self.gathered.push((job.id, combined)),
            (_, Some(stage)) if job.is_coach() => {
                self.combined.insert(job.id, stage);
            }
            (_, Some(stage)) => {
                self.rows.insert((stage, job.id));
            }
            _ => {}
        }
    }

    /// Where the index differs, looked at once more: jobs may have moved between the reads.
    pub(super) fn compare(mut self, draft: &Draft<'_>) -> Result<Vec<StageAt>, Fault> {
        for (job, combined) in self.gathered {
            let stage = self.combined.get(&combined).copied();
            self.rows.extend(stage.map(|stage| (stage, job)));
        }
        let mut found = BTreeSet::new();
        draft.each::<Stages>(|at, ()| {
            found.insert(at);
        })?;
        let mut wrong = Vec::new();
        for at in self.rows.symmetric_difference(&found) {
            let before = is_listed(draft, *at)?;
            let belongs = belongs(draft, *at)?;
            if before != belongs && is_listed(draft, *at)? == before {
                wrong.push(*at);
            }
        }
        Ok(wrong)
    }
}

fn is_listed(draft: &Draft<'_>, at: StageAt) -> Result<bool, Fault> {
    Ok(!draft.from_under::<Stages>(&at, None, 1)?.is_empty())
}

fn belongs(draft: &Draft<'_>, (stage, id): StageAt) -> Result<bool, Fault> {
    let Some(job) = draft.peek::<Jobs>(&id)? else { return Ok(false) };
    if stage == Stage::Unresolved {
        return Ok(job.has_unresolved());
    }
    let travels = match job.state {
        State::Gathered(combined) => draft.peek::<Jobs>(&combined)?,
        _ => Some(job),
    };
    Ok(travels.and_then(|job| job.travel_stage()) == Some(stage))
}
