//! Stored forms of the records.

use super::domain::stored_as;
use super::{Corrupt, Stored, stored_enum, stored_struct};
use crate::domain::key_terms::KeyTerms;
use crate::domain::uuid::Uuid;
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::{BatchId, JobId, Lease, ResultRef, Token};
use crate::ledger::record::batch::{Batch, Dispositions, Join, Slot, Source};
use crate::ledger::record::entry::{Change, Entry, Fact, Posting};
use crate::ledger::record::job::{
    Answer, Answered, Cause, Charged, Found, Job, JobLead, Part, Reason, Restoring, State, Way,
    Window, Word,
};
use crate::ledger::record::lane::{Rotation, Urgency, Waiter};
use crate::ledger::record::lead::{Alias, Claim, Known, LeadRow, NotFound, PersonRow};
use crate::ledger::record::opening::{Counted, Cursor, Opening};
use crate::ledger::record::replay::{Became, Replay};
use crate::ledger::record::settlement::{PartProgress, Progress};
use crate::ledger::record::tally::Tally;
use crate::ledger::record::team::{Key, Standing, Team};
use crate::ledger::record::validation::{AddressRow, Validation};

stored_as!(BatchId as u64: |id| id.get(), |n| BatchId::new(n).ok_or(Corrupt("not a batch id")));
stored_as!(VendorId as u64: |id| id.as_number(), |n| Ok(VendorId::from_number(n)));
stored_as!(Token as [u8; 16]: |token| *token.as_bytes(), |bytes| Ok(Token::new(bytes)));
stored_as!(Lease as u64: |lease| lease.0, |n| Ok(Lease(n)));
stored_struct!(JobId { batch, ordinal });
stored_struct!(ResultRef { job, index });

stored_struct!(Team { id, version, name, quotas, policies, standing, opening, counting });
stored_struct!(Opening { periods, cursor });
stored_struct!(Counted { unit, period, spent });
stored_enum!(Cursor { 0 => Jobs(after), 1 => Entries(below) });

/// A key that may all that its team may has the form that keys had before there were terms.
impl Stored for Key {
    fn store(&self, out: &mut Vec<u8>) {
        let Self { id, team, name, digest, created_at, revoked_at, terms } = self;
        id.store(out);
        team.store(out);
        name.store(out);
        digest.store(out);
        created_at.store(out);
        revoked_at.store(out);
        if *terms != KeyTerms::default() {
            terms.store(out);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self {
            id: Stored::load(bytes)?,
            team: Stored::load(bytes)?,
            name: Stored::load(bytes)?,
            digest: Stored::load(bytes)?,
            created_at: Stored::load(bytes)?,
            revoked_at: Stored::load(bytes)?,
            // It is the last, so what is left of the row is its.
            terms: if bytes.is_empty() { KeyTerms::default() } else { Stored::load(bytes)? },
        })
    }
}

stored_enum!(Standing { 0 => Open, 1 => Paused, 2 => Closed });

stored_struct!(Tally { spent, reserved, unresolved, avoided });
stored_struct!(Entry { at, team, fact, batch, job, dated, periods, change, charges, note });
stored_struct!(Posting { at, fact, change, charges, note });
stored_struct!(Change { spent, reserved, unresolved, avoided });
stored_enum!(Fact {
    0 => Reserved,
    1 => Settled,
    2 => Released,
    3 => GivenUp,
    4 => Resolved,
    5 => Exceeded,
    6 => Adjusted,
    7 => Avoided,
    8 => Opened,
    9 => Lost,
});

stored_struct!(Batch {
    team,
    opening,
    token,
    way,
    request,
    reveals,
    most,
    admitted_at,
    answers_since,
    dispositions,
    reserved,
    avoided,
    jobs,
    jobs_made,
    canceled_at,
    canceled_for,
    sealed_until,
    kept_bytes,
});
stored_struct!(Dispositions { submitted, repeated, cached, joined, fresh, trimmed });
stored_struct!(Slot { key, parts, has_email, name, source });
stored_enum!(Source {
    0 => Cached(at),
    1 => Joined(at),
    2 => Own(at),
    3 => Repeated(at),
    4 => Removed,
    5 => Refused,
    6 => NotFound,
});
stored_struct!(Replay { request, became, until, counts_for });
stored_enum!(Became { 0 => Batch(id), 1 => Entry(number) });
stored_struct!(Join { team, reveals, joined, repeated, driven_to });

stored_struct!(Job {
    id,
    way,
    state,
    reveals,
    leads,
    parts,
    passengers,
    window,
    refusals,
    has_strays,
    waiters,
    waits_until,
    attempts,
    unanswered,
    first_sent_at,
    charged_by,
    vendor_id,
    bound_at,
    due,
    lease,
    is_cancel_wanted,
    ended_at,
    postings,
    results_until,
    settled_with,
    restoring,
});
stored_enum!(Restoring { 0 => Never, 1 => Wanted, 2 => Tried(at) });
stored_struct!(Waiter { team, urgency });
stored_enum!(Urgency { 0 => Urgent, 1 => Usual });
stored_struct!(Rotation { after, given });
stored_enum!(Way { 0 => Batch, 1 => LookUp, 2 => Call });
stored_enum!(State {
    0 => Ready,
    1 => Sending,
    2 => Unknown,
    3 => Bound,
    4 => Unresolved(reason),
    5 => Resolved,
    6 => Done,
    7 => Void(cause),
    8 => Gathered(coach),
});
stored_enum!(Reason {
    0 => NoAnswer,
    1 => Deadline,
    2 => Gone,
    3 => Failed,
    4 => BodyLost,
    5 => StoreLost,
    6 => TooLarge,
});
stored_enum!(Cause {
    0 => Refused,
    1 => VendorCredits,
    2 => Canceled,
    3 => BodyLost,
    4 => NotSent,
    5 => Split,
});
stored_struct!(Part {
    batch,
    team,
    request,
    kept_for,
    leads,
    admitted_at,
    periods,
    prices,
    reserved,
    unresolved,
    charged,
    word,
});
stored_struct!(Word { at, charged, spent, released });
stored_enum!(Charged { 0 => All, 1 => Some(amounts), 2 => Nothing });
stored_struct!(JobLead { key, position, worst, is_refused });
stored_struct!(Window { end, suspect });
stored_struct!(Answered { turn, answers, charged });
stored_struct!(Found { person, email, phones });
stored_struct!(Progress { next, results_until, parts });
stored_struct!(PartProgress { charged, unmatched, word });
stored_enum!(Answer {
    0 => Found(found),
    1 => NotFound,
    2 => Removed,
    3 => Unmatched,
    4 => Unanswered,
    5 => Refused,
});

/// An alias that everybody may know of has the form that rows had before aliases were kept for teams.
impl Stored for LeadRow {
    fn store(&self, out: &mut Vec<u8>) {
        let Self { alias, alias_kept_for, claims, not_found, removed_at, touched_at } = self;
        alias.store(out);
        claims.store(out);
        not_found.store(out);
        removed_at.store(out);
        touched_at.store(out);
        if !alias_kept_for.is_empty() {
            alias_kept_for.store(out);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self {
            alias: Stored::load(bytes)?,
            claims: Stored::load(bytes)?,
            not_found: Stored::load(bytes)?,
            removed_at: Stored::load(bytes)?,
            touched_at: Stored::load(bytes)?,
            // They are the last, so what is left of the row is theirs.
            alias_kept_for: if bytes.is_empty() { Vec::new() } else { Stored::load(bytes)? },
        })
    }
}

stored_enum!(Alias { 0 => Unproven, 1 => Of(person), 2 => Contradicted });
stored_struct!(Claim { at, reveals, kept_for });
stored_struct!(NotFound { settled_at, kept_for });
stored_struct!(PersonRow { facts, name, results, removed_at });
stored_struct!(Known { at, turn, covers, settled_at, expires_at, kept_for });

stored_struct!(AddressRow { at, asked_at });
stored_struct!(Validation {
    named,
    asked_at,
    ended_at,
    results_until,
    answered,
    is_canceled,
    is_joined,
});
stored_as!(Uuid as [u8; 16]: |uuid| *uuid.as_bytes(), |bytes| Ok(Uuid::from_bytes(bytes)));
