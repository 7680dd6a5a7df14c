//! Refusals: a lead that the vendor refuses ends alone, and the others are sent without it.
//!
//! Leads that the refusal names end at once. Where it names none, half of the leads are sent, then half
//! of that half, and so on, until one lead is refused alone. Leads are never moved inside a job: one that
//! ended keeps its place and is left out, and what comes after a half that the vendor took goes on as a
//! job of its own: see [`detach`](super::detach).

use std::collections::BTreeSet;

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, ResultRef};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Cause, Job, Part, State, Window};
use crate::ledger::step::{AfterRefusal, Refusing};
use crate::ledger::table::{CHUNK, JobLeads, Jobs, Joins, Leads};
use crate::ledger::transition::close::{has_joiners, negative, release};
use crate::ledger::transition::coach::{go_on_without, leads_of, passengers, without_canceled};
use crate::ledger::transition::new_job::number;
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::schedule::{leased, put_job};
use crate::ledger::transition::send::mark_unanswered;

/// Ends the leads that the vendor refused, or has fewer leads sent at once. The turn is over with it:
/// asked again, it is fenced.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or nothing is being sent.
pub fn refuse(draft: &mut Draft<'_>, refusing: &Refusing) -> Result<AfterRefusal, Fault> {
    draft.foresee::<Jobs>(&refusing.job);
    draft.foresee_under::<JobLeads>(&refusing.job);
    draft.foresee_under::<Joins>(&refusing.job);
    let mut job = leased(draft, refusing.job, refusing.lease)?;
    if job.state != State::Sending {
        return Err(Fault::Fenced);
    }
    if job.unanswered > 0 {
        // The vendor may have taken all of it before.
        mark_unanswered(draft, &mut job, refusing.quiet_until)?;
        put_job(draft, &job)?;
        return Ok(AfterRefusal::StillUnknown);
    }
    (job.first_sent_at, job.charged_by) = (None, None);
    let Some(mut job) = without_canceled(draft, job)? else { return Ok(AfterRefusal::Void) };
    if job.is_coach() {
        return refuse_members(draft, job, &refusing.named);
    }
    job.refusals = job.refusals.saturating_add(1);
    if job.refusals >= refusing.refusals_max {
        release(draft, job, Cause::Refused)?;
        return Ok(AfterRefusal::Void);
    }
    let mut ended = of_job(&refusing.named, job.id);
    if ended.is_empty() {
        let sent = sent_leads(draft, &job)?;
        if let [only] = sent.as_slice() {
            ended.insert(*only);
        } else {
            narrow(&mut job, &sent);
            go_on(draft, job)?;
            return Ok(AfterRefusal::Narrowed);
        }
    }
    job.window = None;
    let left = end_leads(draft, &mut job, &ended)?;
    if left == 0 {
        release(draft, job, Cause::Refused)?;
        return Ok(AfterRefusal::Void);
    }
    go_on(draft, job)?;
    Ok(AfterRefusal::Without(number(ended.len())))
}

/// The indexes of these leads that are a job's own.
fn of_job(named: &[ResultRef], job: JobId) -> BTreeSet<u32> {
    named.iter().filter(|at| at.job == job).map(|at| at.index).collect()
}

/// The indexes of the leads that were sent.
fn sent_leads(draft: &Draft<'_>, job: &Job) -> Result<Vec<u32>, Fault> {
    let leads = (0..job.sent_to()).zip(leads_of(draft, job.id)?);
    Ok(leads.filter(|(_, lead)| !lead.is_refused).map(|(index, _)| index).collect())
}

/// Has the first half of the leads sent that were refused.
fn narrow(job: &mut Job, sent: &[u32]) {
    let suspect = job.sent_to();
    job.window = first_half(sent).map(|end| Window { end, suspect });
}

/// Where the first half of these leads ends.
pub(super) fn first_half(leads: &[u32]) -> Option<u32> {
    let last = leads.len().div_ceil(2).checked_sub(1)?;
    leads.get(last).map(|last| last.saturating_add(1))
}

/// Makes the job ready to be sent at once. The turn that read which leads were sent is over.
fn go_on(draft: &mut Draft<'_>, mut job: Job) -> Result<(), Fault> {
    job.state = State::Ready;
    job.lease = job.lease.next(draft.now());
    job.due = Some(draft.now());
    put_job(draft, &job)
}

/// Ends leads of a job that was certainly not sent: releases what was reserved for them,
/// removes their claims, and marks batches that had joined them to be driven again. Answers how many leads are left. The
/// job is to be written after it.
fn end_leads(draft: &mut Draft<'_>, job: &mut Job, ended: &BTreeSet<u32>) -> Result<u32, Fault> {
    let mut released = Amounts::ZERO;
    let mut left: u32 = 0;
    let mut keys = Vec::new();
    for (place, mut chunk) in draft.pieces::<JobLeads>(&job.id)? {
        let first = place.1.saturating_mul(CHUNK);
        let mut has_changed = false;
        for (index, lead) in (first..).zip(&mut chunk) {
            if ended.contains(&index) && !lead.is_refused {
                lead.is_refused = true;
                has_changed = true;
                released = released.plus(part_of(job)?.prices.price_of(lead.worst));
                keys.push((index, lead.key));
            }
            left = left.saturating_add(u32::from(!lead.is_refused));
        }
        if has_changed {
            draft.put::<JobLeads>(&place, &chunk);
        }
    }
    for (_, key) in &keys {
        draft.foresee::<Leads>(key);
    }
    for (index, key) in keys {
        let at = ResultRef { job: job.id, index };
        if let Some(mut row) = draft.find::<Leads>(&key)? {
            row.claims.retain(|claim| claim.at != at);
            draft.put::<Leads>(&key, &row);
        }
    }
    release_some(draft, job, released)?;
    job.has_strays = has_joiners(draft, job.id)?;
    Ok(left)
}

/// Releases some of what is reserved for a job's only part.
fn release_some(draft: &mut Draft<'_>, job: &mut Job, amounts: Amounts) -> Result<(), Fault> {
    let [part] = job.parts.as_mut_slice() else { return Err(no_single_part(job)) };
    part.reserved = part.reserved.minus(amounts);
    let part = part.clone();
    let change = Change { reserved: negative(amounts), ..Change::default() };
    post_part(draft, job, &part, Fact::Released, change, Charges::ZERO);
    Ok(())
}

/// The only part of a job that leads are taken out of.
pub(super) fn part_of(job: &Job) -> Result<&Part, Fault> {
    let [part] = job.parts.as_slice() else { return Err(no_single_part(job)) };
    Ok(part)
}

fn no_single_part(job: &Job) -> Fault {
    Fault::Invariant(format!("job {} has {} parts", job.id, job.parts.len()))
}

/// Takes the members of a combined job out of it whose leads were refused. What is left of each of them
/// travels alone, the others travel on together.
fn refuse_members(
    draft: &mut Draft<'_>,
    job: Job,
    named: &[ResultRef],
) -> Result<AfterRefusal, Fault> {
    let mut out = Vec::new();
    for member in passengers(draft, &job)? {
        if named.iter().any(|at| at.job == member.id) {
            out.push(member);
        }
    }
    if out.is_empty() {
        let what = format!("no member of job {} was refused", job.id);
        return Err(Fault::Invariant(what));
    }
    for member in &out {
        draft.foresee_under::<JobLeads>(&member.id);
        draft.foresee_under::<Joins>(&member.id);
    }
    let ids: Vec<JobId> = out.iter().map(|member| member.id).collect();
    go_on_without(draft, job, &ids)?;
    let mut count: u32 = 0;
    for mut member in out {
        let ended = of_job(named, member.id);
        count = count.saturating_add(number(ended.len()));
        member.refusals = member.refusals.saturating_add(1);
        if end_leads(draft, &mut member, &ended)? == 0 {
            release(draft, member, Cause::Refused)?;
        } else {
            go_on(draft, member)?;
        }
    }
    Ok(AfterRefusal::Without(count))
}
