//! Settlement: what is due is charged by the gate, the rest of the reservation released, what was
//! learned is known from now on.
//!
//! No step settles more than [`SETTLED_AT_ONCE`] leads of a job. A larger job keeps its reservation
//! until its last leads are settled; [`Progress`] holds what the steps before have added up.

mod lead;
mod part;

use std::ops::Range;

use crate::domain::credits::Amounts;
use crate::domain::estimate::Observed;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease, ResultRef};
use crate::ledger::record::job::{Answer, Answered, Job, JobLead, State};
use crate::ledger::record::settlement::Progress;
use crate::ledger::step::{Evidence, Settled, Settlement};
use crate::ledger::table::{
    Answers, Batches, CHUNK, JobLeads, Jobs, Joins, Leads, Observations, Persons, SETTLED_AT_ONCE,
    Settlements,
};
use crate::ledger::transition::alias;
use crate::ledger::transition::coach::passengers;
use crate::ledger::transition::erase;
use crate::ledger::transition::joiners::credit;
use crate::ledger::transition::observe::{came_of, observe};
use crate::ledger::transition::schedule::put_job;

pub(super) use part::{close_part, settled_before};

/// Settles some of a job's leads by the vendor's answer; with the last of them the job ends and the
/// credits move. Asked again, it changes nothing and reports what each part was charged, or where the
/// settlement goes on.
///
/// # Errors
/// [`Fault::Fenced`] where the job cannot have an answer, [`Fault::Invariant`] where the leads are not
/// those of one step.
pub fn settle(draft: &mut Draft<'_>, settlement: &Settlement) -> Result<Settled, Fault> {
    foresee(draft, settlement);
    let job = draft.find::<Jobs>(&settlement.job)?.ok_or(Fault::Fenced)?;
    // What it does not carry any more goes its own way first.
    let is_whole = job.window.is_none() && !(job.has_strays && job.is_alive());
    if !job.is_answered_by_lead() || !is_whole {
        return Err(Fault::Fenced);
    }
    match job.state {
        State::Bound | State::Unknown | State::Unresolved(_) | State::Resolved | State::Done => {}
        // The answer to the sending is all there is, and only its sender has it.
        State::Sending if job.way.is_answered_at_once() && job.lease == settlement.turn => {}
        State::Ready | State::Gathered(_) | State::Sending | State::Void(_) => {
            return Err(Fault::Fenced);
        }
    }
    let mut settling = Settling {
        first_sent: job.first_sent_at.unwrap_or(draft.now()),
        charged_by: job.surely_charged_by(draft.now()),
        turn: settlement.turn,
        expires_at: settlement.results_expire_at,
        is_in_doubt: job.unanswered > 0,
        learns: true,
        settled: Settled { is_first: true, turn: settlement.turn, ..Settled::default() },
        contradicted: false,
    };
    if job.is_coach() {
        settling.members(draft, job, settlement)?;
    } else {
        settling.job(draft, job, settlement.first, &settlement.evidence)?;
    }
    Ok(settling.settled)
}

/// How many leads of a job are settled.
///
/// # Errors
/// [`Fault::Fenced`] where there is no such job.
pub fn settled_to(draft: &Draft<'_>, id: &JobId) -> Result<u32, Fault> {
    draft.foresee::<Settlements>(id);
    let job = draft.peek::<Jobs>(id)?.ok_or(Fault::Fenced)?;
    match job.state {
        State::Done => Ok(job.leads),
        _ => Ok(draft.peek::<Settlements>(id)?.map_or(0, |progress| progress.next)),
    }
}

/// Has the store fetch what the answer names.
fn foresee(draft: &Draft<'_>, settlement: &Settlement) {
    draft.foresee::<Jobs>(&settlement.job);
    draft.foresee::<Settlements>(&settlement.job);
    draft.foresee::<JobLeads>(&(settlement.job, settlement.first.div_euclid(CHUNK)));
    draft.foresee_under::<Joins>(&settlement.job);
    for evidence in &settlement.evidence {
        let keys = match evidence {
            Evidence::Found { person, aliases, .. } => {
                draft.foresee::<Persons>(person);
                aliases
            }
            Evidence::Removed { proof } => proof,
            Evidence::NotFound | Evidence::Unmatched | Evidence::Unanswered => continue,
        };
        for key in keys {
            draft.foresee::<Leads>(key);
        }
    }
}

/// The leads of one job in `first..end`, each with what the answer says of it.
struct Portion<'a> {
    first: u32,
    end: u32,
    answered: Vec<(JobLead, &'a Evidence)>,
}

struct Settling {
    first_sent: Timestamp,
    charged_by: Timestamp,
    turn: Lease,
    expires_at: Timestamp,
    /// Whether the vendor may have taken another attempt than the one that it answers here.
    is_in_doubt: bool,
    /// Whether the answer may be given to callers, and not only be booked.
    learns: bool,
    settled: Settled,
    /// Whether a key of the lead that is being settled was contradicted.
    contradicted: bool,
}

impl Settling {
    /// Settles leads of a job that travels by itself.
    fn job(
        &mut self,
        draft: &mut Draft<'_>,
        job: Job,
        first: u32,
        evidence: &[Evidence],
    ) -> Result<(), Fault> {
        let before = progress(draft, &job)?;
        if before.next != first || job.state == State::Done {
            let next = (job.state != State::Done).then_some(before.next);
            let turn = settled_by(draft, ResultRef { job: job.id, index: first })?;
            self.settled = Settled { turn, next, ..settled_before(&job) };
            return Ok(());
        }
        let end = job.leads.min(first.saturating_add(SETTLED_AT_ONCE));
        let leads = leads_from(draft, &job, first..end)?;
        if leads.is_empty() || leads.len() != evidence.len() {
            let what = format!(
                "{} answers for the {} leads {first}..{end} of job {}",
                evidence.len(),
                leads.len(),
                job.id
            );
            return Err(Fault::Invariant(what));
        }
        let answered = leads.into_iter().zip(evidence).collect();
        self.portion(draft, job, before, &Portion { first, end, answered })
    }

    /// Settles whole members of a combined job; the last of them ends it.
    fn members(
        &mut self,
        draft: &mut Draft<'_>,
        mut job: Job,
        settlement: &Settlement,
    ) -> Result<(), Fault> {
        if settlement.evidence.len() > usize::try_from(SETTLED_AT_ONCE).unwrap_or(usize::MAX) {
            let what =
                format!("{} answers for one step of job {}", settlement.evidence.len(), job.id);
            return Err(Fault::Invariant(what));
        }
        let members = passengers(draft, &job)?;
        if job.state == State::Done {
            let parts = members.iter().flat_map(|job| settled_before(job).parts).collect();
            let first = ResultRef { job: members.first().map_or(job.id, |job| job.id), index: 0 };
            self.settled = Settled { turn: settled_by(draft, first)?, parts, ..Settled::default() };
            return Ok(());
        }
        let (mut at, mut evidence) = (0_u32, settlement.evidence.as_slice());
        let mut chosen = Vec::new();
        for member in members {
            if at >= settlement.first && !evidence.is_empty() {
                let count = usize::try_from(member.leads).unwrap_or(usize::MAX);
                let Some((own, rest)) = evidence.split_at_checked(count) else { break };
                (evidence, at) = (rest, at.saturating_add(member.leads));
                chosen.push((member, own));
            } else {
                at = at.saturating_add(member.leads);
                if at > settlement.first {
                    break;
                }
            }
            if evidence.is_empty() {
                break;
            }
        }
        if !evidence.is_empty() || chosen.is_empty() {
            let what = format!("job {} has no such members from {}", job.id, settlement.first);
            return Err(Fault::Invariant(what));
        }
        foresee_members(draft, chosen.iter().map(|(member, _)| member))?;
        for (member, own) in chosen {
            // Settled by an earlier turn that did not come to the end.
            if member.state != State::Done {
                let member = Job { settled_with: Some(job.id), ..member };
                self.job(draft, member, 0, own)?;
            }
        }
        self.settled.next = (at < job.leads).then_some(at);
        if self.settled.next.is_none() {
            job.state = State::Done;
            job.ended_at = Some(draft.now());
            job.due = None;
            put_job(draft, &job)?;
        }
        Ok(())
    }

    fn portion(
        &mut self,
        draft: &mut Draft<'_>,
        job: Job,
        mut progress: Progress,
        portion: &Portion<'_>,
    ) -> Result<(), Fault> {
        self.learns = !matches!(job.state, State::Resolved);
        let before = progress.clone();
        foresee_removals(draft, portion)?;
        let mut answers = Vec::with_capacity(portion.answered.len());
        let mut charged = Vec::with_capacity(portion.answered.len());
        let mut pairs = (portion.first..).zip(&portion.answered).peekable();
        let mut part_ends = 0_u32;
        for (part, sums) in job.parts.iter().zip(&mut progress.parts) {
            part_ends = part_ends.saturating_add(part.leads);
            let mut came = Observed::default();
            while let Some((index, (lead, evidence))) = pairs.next_if(|(n, _)| *n < part_ends) {
                if lead.is_refused {
                    answers.push(Answer::Refused);
                    charged.push(Amounts::ZERO);
                    continue;
                }
                let at = ResultRef { job: job.id, index };
                let (answer, due) = self.lead(draft, at, job.reveals, lead, evidence, part)?;
                self.count(&part.team, answer);
                came = came.with(came_of(evidence, job.reveals));
                if answer == Answer::Unmatched {
                    sums.unmatched = sums.unmatched.plus(part.prices.price_of(lead.worst));
                }
                sums.charged = sums.charged.plus(due);
                answers.push(answer);
                charged.push(due.amounts());
            }
            observe(draft, &part.team, came)?;
        }
        let answers_hold_results = answers.iter().any(|answer| matches!(answer, Answer::Found(_)));
        let row = (job.id, portion.first.div_euclid(SETTLED_AT_ONCE));
        draft.put::<Answers>(&row, &Answered { turn: self.turn, answers, charged });
        progress.next = portion.end;
        if answers_hold_results {
            progress.results_until = progress.results_until.max(Some(self.expires_at));
        }
        if progress.next < job.leads {
            self.settled.next = Some(progress.next);
            if job.state == State::Resolved {
                book_early(draft, job.clone(), &before, &mut progress)?;
            }
            draft.put::<Settlements>(&job.id, &progress);
            return Ok(());
        }
        self.end(draft, job, &progress)
    }

    /// Moves the credits of a job whose leads are all settled, and ends it.
    fn end(
        &mut self,
        draft: &mut Draft<'_>,
        mut job: Job,
        progress: &Progress,
    ) -> Result<(), Fault> {
        let before = job.state;
        for (n, sums) in progress.parts.iter().enumerate() {
            let part = close_part(draft, &mut job, n, before, *sums)?;
            self.settled.parts.push(part);
        }
        if job.leads > SETTLED_AT_ONCE {
            draft.delete::<Settlements>(&job.id);
        }
        let credited = credit(draft, &job)?;
        self.settled.avoided.extend(credited.avoided);
        job.state = State::Done;
        job.results_until = progress.results_until;
        job.ended_at = Some(draft.now());
        job.due = (!credited.is_all).then_some(draft.now());
        put_job(draft, &job)
    }
}

/// Books what this step has found due of a job that an operator has spoken of.
fn book_early(
    draft: &mut Draft<'_>,
    mut job: Job,
    before: &Progress,
    progress: &mut Progress,
) -> Result<(), Fault> {
    let mut ends = 0_u32;
    for n in 0..job.parts.len() {
        ends = ends.saturating_add(job.parts.get(n).map_or(0, |part| part.leads));
        let left = ends.saturating_sub(progress.next);
        let known = before.parts.get(n).map_or(Amounts::ZERO, |sums| sums.charged.amounts());
        let Some(sums) = progress.parts.get_mut(n) else { break };
        let due = sums.charged.amounts().minus(known);
        part::book_early(draft, &mut job, n, due, sums, left)?;
    }
    put_job(draft, &job)
}

/// How far a job's settlement has come.
fn progress(draft: &Draft<'_>, job: &Job) -> Result<Progress, Fault> {
    let begun =
        if job.leads > SETTLED_AT_ONCE { draft.find::<Settlements>(&job.id)? } else { None };
    Ok(begun.unwrap_or_else(|| Progress::begin(job)))
}

/// Prefetches what settling each of these members reads, so that many members take as few round trips
/// as one.
fn foresee_members<'a>(
    draft: &Draft<'_>,
    members: impl Iterator<Item = &'a Job> + Clone,
) -> Result<(), Fault> {
    for member in members.clone() {
        draft.foresee::<JobLeads>(&(member.id, 0));
        draft.foresee_under::<Joins>(&member.id);
    }
    for member in members {
        leads_from(draft, member, 0..member.leads)?;
        for ((_, joiner), _) in draft.pieces::<Joins>(&member.id)? {
            draft.foresee::<Joins>(&(member.id, joiner));
            draft.foresee::<Batches>(&joiner);
        }
    }
    Ok(())
}

/// Prefetches what marking the removed persons of an answer reads.
fn foresee_removals(draft: &Draft<'_>, portion: &Portion<'_>) -> Result<(), Fault> {
    let mut removed = Vec::new();
    for (lead, evidence) in &portion.answered {
        match evidence {
            Evidence::Removed { proof } if *proof == [lead.key] => {
                removed.push((proof.clone(), None));
            }
            Evidence::Removed { proof } => {
                removed.push((Vec::new(), alias::person_of_all(draft, proof)?));
            }
            Evidence::Found { person, aliases, .. } => {
                if lead::is_removed(draft, *person, aliases)? {
                    removed.push((aliases.clone(), Some(*person)));
                }
            }
            Evidence::NotFound | Evidence::Unmatched | Evidence::Unanswered => {}
        }
    }
    erase::foresee(draft, &removed)
}

/// The turn that settled a lead; none yet, and no turn is so called.
fn settled_by(draft: &Draft<'_>, at: ResultRef) -> Result<Lease, Fault> {
    let row = (at.job, at.index.div_euclid(SETTLED_AT_ONCE));
    Ok(draft.peek::<Answers>(&row)?.map(|answered| answered.turn).unwrap_or_default())
}

/// Leads of a job that are settled in one step, and so stand in one row.
fn leads_from(draft: &Draft<'_>, job: &Job, range: Range<u32>) -> Result<Vec<JobLead>, Fault> {
    for part in &job.parts {
        draft.foresee::<Observations>(&part.team);
    }
    let row = range.start.div_euclid(CHUNK);
    let chunk = draft.peek::<JobLeads>(&(job.id, row))?.unwrap_or_default();
    let positions = row.saturating_mul(CHUNK)..;
    let chosen = positions.zip(chunk).filter(|(position, _)| range.contains(position));
    let leads: Vec<_> = chosen.map(|(_, lead)| lead).collect();
    for lead in &leads {
        draft.foresee::<Leads>(&lead.key);
    }
    Ok(leads)
}
