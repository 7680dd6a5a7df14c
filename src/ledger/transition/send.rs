//! Sending: from ready to the vendor's id, through every answer and none.

use crate::domain::credits::{Amounts, Unit};
use crate::domain::identity::keys::LeadKey;
use crate::domain::outage::{Gate, Trial};
use crate::domain::pricing::{Charges, Prices};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Cause, Job, State, Way};
use crate::ledger::step::{Attempt, Begun, Binding};
use crate::ledger::table::{JobLeads, Jobs, Leads, Persons};
use crate::ledger::transition::alias;
use crate::ledger::transition::call::abandon;
use crate::ledger::transition::coach::{has_canceled, leads_of, passengers, without_canceled};
use crate::ledger::transition::outage;
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::schedule::{leased, put_job};

/// Writes down that bytes may leave from now on.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on.
pub fn begin_send(draft: &mut Draft<'_>, attempt: &Attempt) -> Result<Begun, Fault> {
    draft.foresee::<Jobs>(&attempt.job);
    draft.foresee_under::<JobLeads>(&attempt.job);
    outage::foresee(draft);
    let mut job = leased(draft, attempt.job, attempt.lease)?;
    if !matches!(job.state, State::Ready | State::Unknown) || job.attempts != attempt.after {
        return Err(Fault::Fenced);
    }
    let now = draft.now();
    let by = now.after(attempt.horizon);
    if job.unanswered >= attempt.unanswered_max {
        return Ok(Begun::Exhausted);
    }
    let aboard = passengers(draft, &job)?;
    if !is_safe(&job, &aboard, by) {
        return Ok(Begun::Exhausted);
    }
    if job.unanswered > 0 && has_canceled(draft, &job, &aboard)? {
        return Ok(Begun::Canceled);
    }
    let trial = Trial { unanswered: job.unanswered, order: attempt.order(job.unanswered) };
    let gate = outage::pass(draft, trial, attempt.probing)?;
    match gate {
        Gate::Pass | Gate::Probe => {}
        Gate::Ask => return Ok(Begun::AskFirst),
        Gate::NotBefore(moment) => return Ok(Begun::NotBefore(moment)),
    }
    foresee_finds(draft, std::iter::once(&job).chain(&aboard))?;
    reserve_finds(draft, &mut job, by)?;
    for mut passenger in aboard {
        if reserve_finds(draft, &mut passenger, by)? {
            put_job(draft, &passenger)?;
        }
    }
    job.state = State::Sending;
    job.attempts = job.attempts.saturating_add(1);
    job.first_sent_at = job.first_sent_at.or(Some(now));
    job.charged_by = job.charged_by.max(Some(by));
    job.due = Some(now.after(attempt.lease_for));
    put_job(draft, &job)?;
    Ok(match gate {
        Gate::Probe => Begun::Probe(job.attempts),
        _ => Begun::Attempt(job.attempts),
    })
}

/// Whether an attempt that ends by `by` surely lies inside the charge window that an unanswered one
/// may have opened.
fn is_safe(job: &Job, aboard: &[Job], by: Timestamp) -> bool {
    let Some(first_sent) = job.first_sent_at.filter(|_| job.unanswered > 0) else { return true };
    if first_sent > by {
        // A clock was wrong then, and nobody knows when the window opened.
        return false;
    }
    let mut parts = std::iter::once(job).chain(aboard).flat_map(|job| &job.parts);
    parts.all(|part| by < part.prices.found_free_until(first_sent))
}

/// Has the store make ready what says whether the finds that these jobs did not reserve are free.
fn foresee_finds<'a>(
    draft: &Draft<'_>,
    jobs: impl Iterator<Item = &'a Job> + Clone,
) -> Result<(), Fault> {
    for job in jobs.clone() {
        draft.foresee_under::<JobLeads>(&job.id);
    }
    let mut leads = Vec::new();
    for job in jobs {
        leads.extend(
            leads_of(draft, job.id)?
                .into_iter()
                .filter(|lead| !lead.worst.find && !lead.is_refused),
        );
    }
    alias::foresee(draft, leads.iter().map(|lead| lead.key))
}

/// Reserves the finds that were free when their leads were admitted and may be charged by now, and
/// answers whether there are any. No quota is asked: the rest of the job is reserved already, and
/// the vendor would charge them all the same.
fn reserve_finds(draft: &mut Draft<'_>, job: &mut Job, by: Timestamp) -> Result<bool, Fault> {
    let mut chunks = draft.pieces::<JobLeads>(&job.id)?;
    let mut leads = chunks.iter_mut().flat_map(|(_, chunk)| chunk);
    let mut parts = job.parts.clone();
    for part in &mut parts {
        let mut more = Amounts::ZERO;
        for _ in 0..part.leads {
            let Some(lead) = leads.next() else { break };
            if !lead.worst.find
                && !lead.is_refused
                && !is_free_by(draft, lead.key, &part.prices, by)?
            {
                lead.worst.find = true;
                more = more.plus(Amounts::of(Unit::Email, part.prices.person_found));
            }
        }
        if !more.is_zero() {
            part.reserved = part.reserved.plus(more);
            let change = Change { reserved: more, ..Change::default() };
            post_part(draft, job, part, Fact::Reserved, change, Charges::ZERO);
        }
    }
    let has_any = parts != job.parts;
    if has_any {
        job.parts = parts;
        for (place, chunk) in &chunks {
            draft.put::<JobLeads>(place, chunk);
        }
    }
    Ok(has_any)
}

/// Whether the person that a lead names is surely found for free until then, as far as anybody can
/// say: a settlement may shorten that while the job is under way, and so it may before.
fn is_free_by(
    draft: &Draft<'_>,
    lead: LeadKey,
    prices: &Prices,
    by: Timestamp,
) -> Result<bool, Fault> {
    let Some(person) = draft.peek::<Leads>(&lead)?.and_then(|row| row.alias.person()) else {
        return Ok(false);
    };
    let (window, now) = (prices.person_window, draft.now());
    let person = draft.peek::<Persons>(&person)?;
    Ok(person.is_some_and(|row| row.facts.is_found_free(by, window, now)))
}

/// The attempt certainly did not reach the vendor, or the vendor did not take it: the job is as it
/// was before, and is looked at again at `until`. It counts as no attempt. A job whose batch was
/// cancelled meanwhile is void instead, and leaves its coach: its caller did not want it sent. Asked
/// again in the same turn, it changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on, or is a call, which does
/// not wait.
pub fn put_back(
    draft: &mut Draft<'_>,
    job: JobId,
    lease: Lease,
    until: Timestamp,
) -> Result<(), Fault> {
    let mut job = leased(draft, job, lease)?;
    match job.state {
        State::Sending if job.way != Way::Call => {}
        State::Ready | State::Unknown | State::Void(Cause::Canceled) => return Ok(()),
        _ => return Err(Fault::Fenced),
    }
    if job.unanswered == 0 {
        job.state = State::Ready;
        job.first_sent_at = None;
        job.charged_by = None;
        match without_canceled(draft, job)? {
            Some(rest) => job = rest,
            None => return Ok(()),
        }
    } else {
        job.state = State::Unknown;
    }
    job.due = Some(until);
    put_job(draft, &job)
}

/// The attempt was not answered: the vendor may have taken it. Nothing is released, and a call, which
/// has no second attempt, is unresolved. Asked again in the same turn, it counts no second attempt.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn, or the job has moved on.
pub fn unanswered(
    draft: &mut Draft<'_>,
    job: JobId,
    lease: Lease,
    quiet_until: Timestamp,
) -> Result<(), Fault> {
    let mut job = leased(draft, job, lease)?;
    match job.state {
        State::Sending if job.way == Way::Call => return abandon(draft, job).map(|_| ()),
        State::Sending => {}
        State::Unknown => return Ok(()),
        State::Unresolved(_) if job.way == Way::Call => return Ok(()),
        _ => return Err(Fault::Fenced),
    }
    mark_unanswered(draft, &mut job, quiet_until)?;
    put_job(draft, &job)
}

/// The vendor may have taken the attempt, and may take another one: it is told of no cancellation
/// any more, since it could be told of one of them only.
pub(super) fn mark_unanswered(
    draft: &mut Draft<'_>,
    job: &mut Job,
    quiet_until: Timestamp,
) -> Result<(), Fault> {
    job.state = State::Unknown;
    job.unanswered = job.unanswered.saturating_add(1);
    job.is_cancel_wanted = false;
    job.due = Some(quiet_until);
    for mut passenger in passengers(draft, job)? {
        if std::mem::take(&mut passenger.is_cancel_wanted) {
            put_job(draft, &passenger)?;
        }
    }
    Ok(())
}

/// The vendor took the job and named it. The first name stays; another one for the same leads is
/// answered, and paid, as the first.
///
/// # Errors
/// [`Fault::Fenced`] where the job was never sent, has ended, was lost with its store, or is of those
/// that the vendor never names.
pub fn bind(draft: &mut Draft<'_>, binding: &Binding) -> Result<(), Fault> {
    let mut job = draft.find::<Jobs>(&binding.job)?.ok_or(Fault::Fenced)?;
    if !job.is_answered_by_lead() || job.way.is_answered_at_once() {
        return Err(Fault::Fenced);
    }
    match job.state {
        State::Sending | State::Unknown => job.state = State::Bound,
        // A late answer: it is evidence, though no longer in time.
        State::Unresolved(_) | State::Resolved if job.vendor_id.is_none() => {}
        State::Bound | State::Unresolved(_) | State::Resolved => return Ok(()),
        State::Ready | State::Gathered(_) | State::Done | State::Void(_) => {
            return Err(Fault::Fenced);
        }
    }
    job.vendor_id = job.vendor_id.or(Some(binding.vendor_id));
    job.bound_at = job.bound_at.or(Some(draft.now()));
    job.due = Some(binding.poll_at);
    put_job(draft, &job)
}
