//! Priced calls that are not for leads: reserved before a byte leaves, ended by what came of them,
//! and never made again.
//!
//! A call is a batch of one job that travels by [`Way::Call`]. It is being sent from the moment that
//! it is opened, by whoever opened it, and there is no other attempt: so any certain word about it
//! ends it, however late, and where there is none its reservation is unresolved.

use std::time::Duration;

use crate::domain::credits::Amounts;
use crate::domain::limits::UpTo;
use crate::domain::pricing::{Charges, Prices};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::team_limits::{TeamLimits, kept_bytes};
use crate::domain::time::Timestamp;
use crate::domain::uuid::Uuid;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, Lease, Token};
use crate::ledger::record::batch::{Batch, Dispositions};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Cause, Job, Part, Reason, State, Way};
use crate::ledger::record::replay::Retry;
use crate::ledger::record::settlement::PartProgress;
use crate::ledger::record::team::Team;
use crate::ledger::step::{QuotaShort, Refused, Remaining, Settled};
use crate::ledger::table::{Batches, Jobs, Replays, Teams};
use crate::ledger::transition::admit::judge;
use crate::ledger::transition::close::{leave_unresolved, release};
use crate::ledger::transition::limit::{
    Added, count, exceeded, foresee_limits, keys_added, left, limits_now,
};
use crate::ledger::transition::outage;
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::quota::{keep, periods, quotas_now, remaining};
use crate::ledger::transition::replay::{CallBefore, Recalled, affirm, recall, remember};
use crate::ledger::transition::schedule::put_job;
use crate::ledger::transition::settle::{close_part, settled_before};
use crate::ledger::transition::team::may_ask;
use crate::ledger::transition::validation::name;

/// A call to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its id, made beforehand.
    pub batch: BatchId,
    /// The same where the same call is opened again.
    pub token: Token,
    /// Who asks and pays.
    pub team: TeamId,
    /// The most that it may be charged.
    pub worst: Amounts,
    /// The most that its caller allows it to cost.
    pub most: UpTo,
    /// How it is told whether it is a retry; none where it is none in any case.
    pub retry: Option<Retry>,
    /// The prices in force.
    pub prices: Prices,
    /// How long the turn of whoever opens it lasts, unless it is renewed.
    pub lease_for: Duration,
    /// The limits of a team whose policies do not say.
    pub limits: TeamLimits,
}

/// What became of a call that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOpened {
    /// It is on the books: bytes may leave.
    Opened(Opened),
    /// It is a retry of a call that is on the books already: no byte may leave.
    Before(OpenedBefore),
}

/// A call that the same request became before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedBefore {
    /// The batch under which it is on the books.
    pub batch: BatchId,
    /// Where it stands.
    pub state: State,
    /// What was set aside for it.
    pub reserved: Amounts,
    /// What it was charged so far.
    pub charged: Amounts,
    /// What is left of the tightest quota of each unit.
    pub remaining: Remaining,
}

/// A call that is on the books: bytes may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its job.
    pub job: JobId,
    /// The turn of whoever opened it.
    pub lease: Lease,
    /// What is left of the tightest quota of each unit.
    pub remaining: Remaining,
    /// Quotas that only warn and were passed.
    pub passed: Vec<QuotaShort>,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The vendor did what was asked, and charges so much.
    Charged(Amounts),
    /// The vendor took a validation, and charges so much.
    Named {
        /// How much.
        amounts: Amounts,
        /// The vendor's name for it.
        named: Uuid,
        /// When to ask for its verdicts.
        poll_at: Timestamp,
    },
    /// The vendor certainly did nothing.
    NotCharged(Cause),
    /// Nobody heard: the vendor may have done it.
    Unanswered,
}

/// Sets aside what a call may cost, and writes down that its bytes may leave from now on. Asked
/// again, it answers the same and changes nothing.
///
/// # Errors
/// [`Fault::Fenced`] where it was opened before, and is no longer being sent.
pub fn open_call(
    draft: &mut Draft<'_>,
    opening: &Opening,
) -> Result<Result<CallOpened, Refused>, Fault> {
    draft.foresee::<Batches>(&opening.batch);
    if let Some(retry) = &opening.retry {
        draft.foresee::<Replays>(&retry.key);
    }
    outage::foresee(draft);
    let Some(team) = draft.find::<Teams>(&opening.team)? else { return Ok(Err(Refused::NoTeam)) };
    if let Some(batch) = draft.find::<Batches>(&opening.batch)? {
        return opened_before(draft, opening, &team, &batch);
    }
    if let Err(refused) = may_ask(&team) {
        return Ok(Err(refused));
    }
    if let Some(retry) = &opening.retry {
        match recall(draft, &team, retry)? {
            Recalled::Nothing => {}
            Recalled::Call(before) => return replay(draft, retry, &team, *before),
            Recalled::Batch(..) | Recalled::OtherRequest => return Ok(Err(Refused::OtherRequest)),
        }
    }
    foresee_limits(draft, &team);
    let quotas = quotas_now(draft, &team)?;
    let limits = limits_now(draft, &team, &opening.limits)?;
    let passed = match judge(&quotas, &team, opening.most, opening.worst) {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(refused)),
    };
    let added = Added {
        open_batches: 1,
        kept_bytes: kept_bytes(0, 0),
        leads: 0,
        idempotency_keys: keys_added(draft, opening.retry.as_ref())?,
    };
    if let Some(exceeded) = exceeded(&limits, &team.id, added) {
        return Ok(Err(Refused::Limit(exceeded)));
    }
    if let Err(probe_at) = outage::pass_once(draft)? {
        return Ok(Err(Refused::NoAnswers(probe_at)));
    }
    keep(draft, &quotas, opening.worst);
    count(draft, &limits, added);
    let job = put_call(draft, opening, &team, 0)?;
    let batch = batch_of(&job, opening, &team, added.kept_bytes, draft.now());
    draft.put::<Batches>(&opening.batch, &batch);
    if let Some(retry) = &opening.retry {
        remember(draft, &team.id, retry, opening.batch);
    }
    let remaining = Remaining { limits: left(&limits, added), ..remaining(&quotas, opening.worst) };
    let opened = Opened { job: job.id, lease: job.lease, remaining, passed };
    Ok(Ok(CallOpened::Opened(opened)))
}

/// The answer to a retry. It moves no credits, so no quota is asked.
fn replay(
    draft: &mut Draft<'_>,
    retry: &Retry,
    team: &Team,
    before: CallBefore,
) -> Result<Result<CallOpened, Refused>, Fault> {
    // A validation has no answer of the vendor's to be given again.
    let CallBefore { id, batch, job: Some(job) } = before else {
        return Ok(Err(Refused::OtherRequest));
    };
    affirm(draft, retry)?;
    Ok(Ok(CallOpened::Before(OpenedBefore {
        batch: id,
        state: job.state,
        reserved: batch.reserved,
        charged: job.parts.iter().map(|part| part.charged.amounts()).sum(),
        remaining: remaining(&quotas_now(draft, team)?, Amounts::ZERO),
    })))
}

fn opened_before(
    draft: &Draft<'_>,
    opening: &Opening,
    team: &Team,
    batch: &Batch,
) -> Result<Result<CallOpened, Refused>, Fault> {
    if batch.token != opening.token || batch.team != opening.team || batch.way != Way::Call {
        return Ok(Err(Refused::Collision));
    }
    let job = draft.find::<Jobs>(&call_of(opening.batch))?.ok_or(Fault::Fenced)?;
    if job.state != State::Sending {
        return Err(Fault::Fenced);
    }
    let remaining = remaining(&quotas_now(draft, team)?, Amounts::ZERO);
    let passed = Vec::new();
    let opened = Opened { job: job.id, lease: job.lease, remaining, passed };
    Ok(Ok(CallOpened::Opened(opened)))
}

/// Writes a call's job and its reservation. It carries so many addresses, or none.
pub(super) fn put_call(
    draft: &mut Draft<'_>,
    opening: &Opening,
    team: &Team,
    addresses: u32,
) -> Result<Job, Fault> {
    let mut job = being_sent(draft, opening, team, addresses);
    for part in job.parts.clone() {
        let change = Change { reserved: part.reserved, ..Change::default() };
        post_part(draft, &mut job, &part, Fact::Reserved, change, Charges::ZERO);
    }
    put_job(draft, &job)?;
    Ok(job)
}

/// The job of the one call that a batch makes, if it makes one.
pub(super) const fn call_of(batch: BatchId) -> JobId {
    JobId { batch, ordinal: 0 }
}

fn being_sent(draft: &Draft<'_>, opening: &Opening, team: &Team, leads: u32) -> Job {
    let now = draft.now();
    let part = Part {
        batch: opening.batch,
        team: team.id.clone(),
        request: None,
        kept_for: team.keeps_to().cloned(),
        leads,
        admitted_at: now,
        periods: periods(team, now),
        prices: opening.prices,
        reserved: opening.worst,
        unresolved: Amounts::ZERO,
        charged: Charges::ZERO,
        word: None,
    };
    Job {
        state: State::Sending,
        leads,
        parts: vec![part],
        attempts: 1,
        first_sent_at: Some(now),
        due: Some(now.after(opening.lease_for)),
        lease: Lease::default().next(now),
        ..Job::new(call_of(opening.batch), Way::Call)
    }
}

fn batch_of(job: &Job, opening: &Opening, team: &Team, kept_bytes: u64, now: Timestamp) -> Batch {
    Batch {
        team: team.id.clone(),
        opening: team.opening,
        token: opening.token,
        way: Way::Call,
        request: None,
        reveals: Reveals::default(),
        most: UpTo::ANY,
        admitted_at: now,
        answers_since: None,
        dispositions: Dispositions::default(),
        reserved: opening.worst,
        avoided: Amounts::ZERO,
        jobs: vec![job.id],
        jobs_made: 1,
        canceled_at: None,
        canceled_for: None,
        sealed_until: None,
        kept_bytes,
    }
}

/// Ends a call by what came of it, whoever has the turn by now: only who sent it can know. Late
/// word ends what was unresolved meanwhile. Asked again, it changes nothing and tells what was
/// charged.
///
/// # Errors
/// [`Fault::Fenced`] where there is no such call, or it ended otherwise.
pub fn close_call(draft: &mut Draft<'_>, job: JobId, closing: Closing) -> Result<Settled, Fault> {
    let Closing::Named { amounts, named, poll_at } = closing else {
        return close(draft, job, closing);
    };
    let settled = close(draft, job, Closing::Charged(amounts))?;
    if settled.is_first {
        name(draft, job.batch, named)?;
        let job = draft.need::<Jobs>(&job)?;
        put_job(draft, &Job { due: Some(poll_at), ..job })?;
    }
    Ok(settled)
}

fn close(draft: &mut Draft<'_>, job: JobId, closing: Closing) -> Result<Settled, Fault> {
    let job = draft.find::<Jobs>(&job)?.filter(|job| job.way == Way::Call).ok_or(Fault::Fenced)?;
    let is_open = matches!(job.state, State::Sending | State::Unresolved(_) | State::Resolved);
    match (closing, job.state) {
        (Closing::Charged(amounts), _) if is_open => end(draft, job, State::Done, amounts),
        (Closing::NotCharged(cause), State::Sending) => {
            release(draft, job, cause)?;
            Ok(Settled::default())
        }
        // It is certain now that what was given up was never charged.
        (Closing::NotCharged(cause), _) if is_open => {
            end(draft, job, State::Void(cause), Amounts::ZERO)
        }
        (Closing::Unanswered, State::Sending) => abandon(draft, job),
        (Closing::Unanswered, _) if is_open => Ok(settled_before(&job)),
        (Closing::Charged(_), State::Done) | (Closing::NotCharged(_), State::Void(_)) => {
            Ok(settled_before(&job))
        }
        _ => Err(Fault::Fenced),
    }
}

fn end(
    draft: &mut Draft<'_>,
    mut job: Job,
    state: State,
    amounts: Amounts,
) -> Result<Settled, Fault> {
    let (before, charged) = (job.state, Charges::of_other(amounts));
    let sums = PartProgress { charged, ..PartProgress::default() };
    let part = close_part(draft, &mut job, 0, before, sums)?;
    job.state = state;
    job.ended_at = Some(draft.now());
    job.due = None;
    put_job(draft, &job)?;
    Ok(Settled { is_first: true, turn: job.lease, parts: vec![part], ..Settled::default() })
}

/// Nobody heard what came of a call: what was reserved for it is unresolved.
pub(super) fn abandon(draft: &mut Draft<'_>, mut job: Job) -> Result<Settled, Fault> {
    leave_unresolved(draft, &mut job, Reason::NoAnswer);
    job.due = None;
    put_job(draft, &job)?;
    Ok(Settled { is_first: true, ..settled_before(&job) })
}
