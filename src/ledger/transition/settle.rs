//! Settlement: what is due is charged by the gate, the rest of the reservation released, what was
//! learned is known from now on.

use crate::domain::charge::Shown;
use crate::domain::credits::Amounts;
use crate::domain::estimate::Observed;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::pricing::{Charges, Prices};
use crate::domain::reveal::Reveals;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{KeptResult, Lease, ResultRef};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Answer, Job, JobLead, Part, State};
use crate::ledger::record::lead::{Known, NotFound};
use crate::ledger::step::{Evidence, PartSettled, Settled, Settlement};
use crate::ledger::table::{
    Answers, JobLeads, Jobs, Joins, Leads, Observations, Persons, Superseded,
};
use crate::ledger::transition::admit::put_chunks;
use crate::ledger::transition::close::negative;
use crate::ledger::transition::coach::{leads_of, passengers};
use crate::ledger::transition::observe::{came_of, observe};
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::schedule::put_job;
use crate::ledger::transition::spare::{Worth, spare_joiners};

/// Settles a job by the vendor's answer. Asked again, it changes nothing and tells what each part
/// was charged.
///
/// # Errors
/// [`Fault::Fenced`] where the job cannot have an answer, [`Fault::Invariant`] where the answer is
/// not of so many leads.
pub fn settle(draft: &mut Draft<'_>, settlement: &Settlement) -> Result<Settled, Fault> {
    foresee(draft, settlement);
    let mut job = draft.find::<Jobs>(&settlement.job)?.ok_or(Fault::Fenced)?;
    if !job.is_answered_by_lead() {
        return Err(Fault::Fenced);
    }
    match job.state {
        State::Bound | State::Unknown | State::Unresolved(_) | State::Resolved | State::Done => {}
        // The answer to the sending is all there is, and whoever sent it has it.
        State::Sending if job.way.is_answered_at_once() && job.lease == settlement.turn => {}
        State::Ready | State::Gathered(_) | State::Sending | State::Void(_) => {
            return Err(Fault::Fenced);
        }
    }
    let mut aboard = if job.is_coach() { passengers(draft, &job)? } else { vec![job.clone()] };
    if job.state == State::Done {
        let parts = aboard.iter().flat_map(|job| settled_before(job).parts).collect();
        return Ok(Settled { turn: job.lease, parts, ..Settled::default() });
    }
    let leads = leads_of_all(draft, &aboard)?;
    if leads.iter().map(Vec::len).sum::<usize>() != settlement.evidence.len() {
        return Err(Fault::Invariant(format!("job {} has an answer of another length", job.id)));
    }
    let mut settling = Settling {
        first_sent: job.first_sent_at.unwrap_or(draft.now()),
        charged_by: job.surely_charged_by(draft.now()),
        turn: settlement.turn,
        expires_at: settlement.results_expire_at,
        is_in_doubt: job.unanswered > 0,
        learns: true,
        settled: Settled { is_first: true, turn: settlement.turn, ..Settled::default() },
        worth: Vec::new(),
    };
    let mut evidence = settlement.evidence.iter();
    for (one, leads) in aboard.iter_mut().zip(&leads) {
        let answered: Vec<_> = leads.iter().zip(evidence.by_ref()).collect();
        settling.job(draft, one, &answered)?;
    }
    if job.is_coach() {
        end(draft, &mut job, settlement.turn)?;
    }
    Ok(settling.settled)
}

/// A job ends with the turn whose results count.
fn end(draft: &mut Draft<'_>, job: &mut Job, turn: Lease) -> Result<(), Fault> {
    job.state = State::Done;
    job.ended_at = Some(draft.now());
    job.due = None;
    job.lease = turn;
    put_job(draft, job)
}

/// Has the store make ready what the answer names.
fn foresee(draft: &Draft<'_>, settlement: &Settlement) {
    draft.foresee::<Jobs>(&settlement.job);
    for evidence in &settlement.evidence {
        if let Evidence::Found { person, aliases, .. } = evidence {
            draft.foresee::<Persons>(person);
            for alias in aliases {
                draft.foresee::<Leads>(alias);
            }
        }
    }
}

pub(super) fn settled_before(job: &Job) -> Settled {
    let part = |part: &Part| PartSettled {
        batch: part.batch,
        team: part.team.clone(),
        charged: part.charged,
        exceeded: Amounts::ZERO,
        unresolved: part.unresolved,
    };
    let parts = job.parts.iter().map(part).collect();
    Settled { turn: job.lease, parts, ..Settled::default() }
}

/// All leads of each job, in order.
fn leads_of_all(draft: &Draft<'_>, jobs: &[Job]) -> Result<Vec<Vec<JobLead>>, Fault> {
    for job in jobs {
        for part in &job.parts {
            draft.foresee::<Observations>(&part.team);
        }
        draft.foresee_under::<JobLeads>(&job.id);
        draft.foresee_under::<Joins>(&job.id);
    }
    let leads: Result<Vec<_>, _> = jobs.iter().map(|job| leads_of(draft, job.id)).collect();
    let leads = leads?;
    leads.iter().flatten().for_each(|lead| draft.foresee::<Leads>(&lead.key));
    Ok(leads)
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
    /// What each of the job's answers is worth to others.
    worth: Vec<Worth>,
}

impl Settling {
    /// Settles one job, by what the answer says of each of its leads.
    fn job(
        &mut self,
        draft: &mut Draft<'_>,
        job: &mut Job,
        answered: &[(&JobLead, &Evidence)],
    ) -> Result<(), Fault> {
        self.learns = !matches!(job.state, State::Resolved);
        self.worth = Vec::with_capacity(answered.len());
        let mut answers = Vec::with_capacity(answered.len());
        let mut pairs = (0_u32..).zip(answered);
        for n in 0..job.parts.len() {
            let Some(part) = job.parts.get(n) else { break };
            let count = usize::try_from(part.leads).unwrap_or(usize::MAX);
            let mut charged = Charges::ZERO;
            let mut unmatched = Amounts::ZERO;
            let mut came = Observed::default();
            for (index, (lead, evidence)) in pairs.by_ref().take(count) {
                let at = ResultRef { job: job.id, index };
                let (answer, due) = self.lead(draft, at, job.reveals, lead, evidence, part)?;
                came = came.with(came_of(evidence, job.reveals));
                if answer == Answer::Unmatched {
                    unmatched = unmatched.plus(part.prices.price_of(lead.worst));
                }
                charged = charged.plus(due);
                answers.push(answer);
            }
            observe(draft, &part.team, came)?;
            let state = job.state;
            let part = close_part(draft, job, n, state, charged, unmatched)?;
            self.settled.parts.push(part);
        }
        put_chunks::<Answers, _, _>(draft, job.id, &answers);
        let avoided = spare_joiners(draft, job.id, &self.worth)?;
        self.settled.avoided.extend(avoided);
        end(draft, job, self.turn)
    }

    fn lead(
        &mut self,
        draft: &mut Draft<'_>,
        at: ResultRef,
        reveals: Reveals,
        lead: &JobLead,
        evidence: &Evidence,
        part: &Part,
    ) -> Result<(Answer, Charges), Fault> {
        self.worth.push(Worth::of(evidence, part.prices));
        let mut row = draft.find::<Leads>(&lead.key)?.unwrap_or_default();
        // A lead sent for its two keys' two persons was never claimed: it says nothing of either.
        let was_claimed = row.claims.iter().any(|claim| claim.at == at);
        row.concede(at.job);
        row.touched_at = Some(draft.now());
        if matches!(evidence, Evidence::NotFound) && self.learns && was_claimed {
            let (settled_at, kept_for) = (draft.now(), part.kept_for.clone());
            row.not_found.retain(|gone| gone.kept_for != kept_for);
            row.not_found.push(NotFound { at, settled_at, kept_for });
        }
        draft.put::<Leads>(&lead.key, &row);
        match evidence {
            Evidence::Found { person, aliases, shown } => {
                let charges = self.charge(draft, *person, shown, &part.prices)?;
                if is_removed(draft, lead.key, *person, aliases)? {
                    self.remove(draft, at, lead.key, Some(*person), aliases)?;
                    return Ok((Answer::Removed, charges));
                }
                if self.learns {
                    let expires_at = self.expires_at;
                    let (settled_at, kept_for) = (draft.now(), part.kept_for.clone());
                    let known = Known { at, covers: reveals, settled_at, expires_at, kept_for };
                    learn(draft, known, lead.key, *person, aliases)?;
                }
                Ok((Answer::Found(*person), charges))
            }
            Evidence::NotFound => Ok((Answer::NotFound, Charges::ZERO)),
            Evidence::Removed => {
                self.remove(draft, at, lead.key, row.person, &[])?;
                Ok((Answer::Removed, Charges::ZERO))
            }
            Evidence::Unmatched => Ok((Answer::Unmatched, Charges::ZERO)),
            // What this attempt did not come to, another one may have answered and charged.
            Evidence::Unanswered if self.is_in_doubt => Ok((Answer::Unmatched, Charges::ZERO)),
            Evidence::Unanswered => Ok((Answer::Unanswered, Charges::ZERO)),
        }
    }

    /// Passes the charge gate.
    fn charge(
        &mut self,
        draft: &mut Draft<'_>,
        person: PersonKey,
        shown: &Shown,
        prices: &Prices,
    ) -> Result<Charges, Fault> {
        let mut row = draft.find::<Persons>(&person)?.unwrap_or_default();
        let passed = row.facts.pass(shown, prices, self.first_sent, self.charged_by);
        row.facts = passed.facts;
        draft.put::<Persons>(&person, &row);
        if passed.perhaps_free {
            self.settled.perhaps_free = self.settled.perhaps_free.saturating_add(1);
        }
        Ok(passed.charges)
    }

    /// Marks a person, and every key that leads there, as removed.
    fn remove(
        &mut self,
        draft: &mut Draft<'_>,
        at: ResultRef,
        lead: LeadKey,
        person: Option<PersonKey>,
        aliases: &[LeadKey],
    ) -> Result<(), Fault> {
        let mut keys = vec![lead];
        keys.extend(aliases);
        let removed = super::erase::mark(draft, &keys, person)?;
        self.settled.removed.push(KeptResult { at, turn: self.turn });
        self.settled.removed.extend(removed);
        Ok(())
    }
}

/// From now on the person is known, by the lead's key and by those that the result shows.
fn learn(
    draft: &mut Draft<'_>,
    known: Known,
    lead: LeadKey,
    person: PersonKey,
    aliases: &[LeadKey],
) -> Result<(), Fault> {
    let now = draft.now();
    let mut row = draft.find::<Persons>(&person)?.unwrap_or_default();
    row.results.retain(|known| known.expires_at > now);
    for Known { at, expires_at, .. } in row.learn(known) {
        draft.put::<Superseded>(&(person, at), &expires_at);
    }
    draft.put::<Persons>(&person, &row);
    for key in std::iter::once(&lead).chain(aliases) {
        let mut row = draft.find::<Leads>(key)?.unwrap_or_default();
        row.person = match row.person {
            // Two persons under one key: it is no alias of either.
            Some(other) if other != person => None,
            _ => Some(person),
        };
        row.not_found.clear();
        row.touched_at = Some(now);
        draft.put::<Leads>(key, &row);
    }
    Ok(())
}

/// Whether a person was removed, under any key that leads there.
fn is_removed(
    draft: &Draft<'_>,
    lead: LeadKey,
    person: PersonKey,
    aliases: &[LeadKey],
) -> Result<bool, Fault> {
    if draft.find::<Persons>(&person)?.is_some_and(|row| row.removed_at.is_some()) {
        return Ok(true);
    }
    for key in std::iter::once(&lead).chain(aliases) {
        if draft.find::<Leads>(key)?.is_some_and(|row| row.removed_at.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends one part's reservation.
pub(super) fn close_part(
    draft: &mut Draft<'_>,
    job: &mut Job,
    n: usize,
    state: State,
    charged: Charges,
    unmatched: Amounts,
) -> Result<PartSettled, Fault> {
    let missing = || Fault::Invariant("a part vanished".into());
    let part = job.parts.get_mut(n).ok_or_else(missing)?;
    let booked = part.charged.amounts();
    let reserved = std::mem::take(&mut part.reserved);
    let open = std::mem::take(&mut part.unresolved);
    let room = reserved.plus(open);
    let due = charged.amounts();
    let (charged, spent, exceeded, unresolved) = if matches!(state, State::Resolved) {
        // Evidence is booked as the difference to an operator's word, which stands for the leads
        // that the evidence tells nothing of.
        let left = booked.minus(booked.at_most(due));
        let charged = charged.plus(Charges::of_other(unmatched.at_most(left)));
        (charged, charged.amounts().minus(booked), Amounts::ZERO, Amounts::ZERO)
    } else {
        let spent = due.at_most(room);
        (charged, spent, due.minus(spent), unmatched.at_most(room.minus(spent)))
    };
    part.unresolved = unresolved;
    part.charged = charged;
    let part = part.clone();
    let fact = match state {
        State::Unresolved(_) => Fact::Resolved,
        State::Resolved => Fact::Adjusted,
        _ => Fact::Settled,
    };
    let change = Change {
        spent,
        reserved: negative(reserved),
        unresolved: unresolved.minus(open),
        avoided: Amounts::ZERO,
    };
    // Its kinds are those of the whole charge; what this entry does not spend, another one does.
    let elsewhere = Charges::of_other(spent.minus(charged.amounts()));
    post_part(draft, job, &part, fact, change, charged.plus(elsewhere));
    if !exceeded.is_zero() {
        let change = Change { spent: exceeded, ..Change::default() };
        post_part(draft, job, &part, Fact::Exceeded, change, Charges::of_other(exceeded));
    }
    let (batch, team) = (part.batch, part.team);
    Ok(PartSettled { batch, team, charged, exceeded, unresolved })
}
