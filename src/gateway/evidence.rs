//! What an answer of the vendor's says of each lead, in the books' terms.

use super::load::{Carried, fields_of, sent_of};
use crate::domain::charge::Shown;
use crate::domain::identity::Identity;
use crate::domain::identity::keys::{Keyer, LeadKey};
use crate::domain::person::{Person, PhoneSource, Sections};
use crate::domain::reveal::Reveals;
use crate::ledger::ids::ResultRef;
use crate::ledger::step::Evidence;
use crate::vendor::{Batch, Ending, Finding, LookedUp, VendorResult, match_results};

/// A job's answer, lead by lead.
pub(super) struct Answer {
    pub(super) leads: Vec<LeadAnswer>,
    /// Leads of which it could not be told what became of them.
    pub(super) unmatched: u64,
    /// Results that are nobody's.
    pub(super) extras: u64,
}

/// What the answer says of one lead: what is to be booked, and what is to be stored.
pub(super) struct LeadAnswer {
    pub(super) at: ResultRef,
    pub(super) evidence: Evidence,
    /// The person, where one was found.
    pub(super) sections: Option<Sections>,
}

/// Reads what the vendor's batch says of each of a job's leads; none where it says nothing of any:
/// one that failed and lists nobody may have charged for everybody.
pub(super) fn read_evidence(
    keyer: &Keyer,
    asked: Reveals,
    load: &[Carried],
    batch: Batch,
) -> Option<Answer> {
    let results = batch.results?;
    if batch.ending == Ending::Error && results.is_empty() {
        return None;
    }
    let fields: Vec<_> = sent_of(load).into_iter().map(fields_of).collect();
    let matched = match_results(&fields, results);
    let mut answers = matched.answers.into_iter();
    let mut answer = Answer {
        leads: Vec::with_capacity(load.len()),
        unmatched: 0,
        extras: u64::try_from(matched.extras.len()).unwrap_or(u64::MAX),
    };
    for Carried { at, is_refused, .. } in load {
        if *is_refused {
            // The books know.
            answer.leads.push(LeadAnswer {
                at: *at,
                evidence: Evidence::Unanswered,
                sections: None,
            });
            continue;
        }
        let answered = match answers.next().flatten() {
            Some(VendorResult { finding, .. }) => read(keyer, *at, asked, finding),
            None => LeadAnswer { at: *at, evidence: missing(batch.ending), sections: None },
        };
        answer.unmatched += u64::from(answered.evidence == Evidence::Unmatched);
        answer.leads.push(answered);
    }
    Some(answer)
}

/// Reads what the vendor's answer says of the one lead of a look-up.
pub(super) fn read_look_up(
    keyer: &Keyer,
    asked: Reveals,
    at: ResultRef,
    looked_up: LookedUp,
) -> Answer {
    let finding = match looked_up {
        LookedUp::Found(person) => Finding::Found(person),
        LookedUp::NotFound => Finding::NotFound,
        LookedUp::Removed => Finding::Removed,
    };
    Answer { leads: vec![read(keyer, at, asked, finding)], unmatched: 0, extras: 0 }
}

/// A lead that the vendor's list leaves out. A batch that ended early did not come to it; one that
/// says it is complete should have.
fn missing(ending: Ending) -> Evidence {
    match ending {
        Ending::Completed => Evidence::Unmatched,
        Ending::Canceled | Ending::Error => Evidence::Unanswered,
    }
}

impl Answer {
    /// The places of its leads, in order.
    pub(super) fn places(&self) -> Vec<ResultRef> {
        self.leads.iter().map(|lead| lead.at).collect()
    }
}

fn read(keyer: &Keyer, at: ResultRef, asked: Reveals, finding: Finding) -> LeadAnswer {
    let (evidence, sections) = match finding {
        Finding::Found(person) => (found(keyer, asked, &person), Some(person.sections)),
        Finding::NotFound => (Evidence::NotFound, None),
        Finding::Removed => (Evidence::Removed, None),
        Finding::Unanswered => (Evidence::Unanswered, None),
        Finding::Unreadable(_) => (Evidence::Unmatched, None),
    };
    LeadAnswer { at, evidence, sections }
}

/// A person is known by the vendor's id, and by the keys that the result itself shows; never by
/// what else the lead said.
fn found(keyer: &Keyer, asked: Reveals, person: &Person) -> Evidence {
    let profile = person.linkedin_url.as_deref().and_then(Identity::of_linkedin_url);
    let email = person.email.as_deref().filter(|_| asked.email);
    let address = email.and_then(Identity::of_email);
    let aliases: Vec<LeadKey> =
        profile.iter().chain(&address).map(|identity| keyer.lead_key(identity)).collect();
    let is_charged = |source: Option<PhoneSource>| {
        !matches!(source, Some(PhoneSource::Crm | PhoneSource::UserUploaded))
    };
    let charged = person.phones.iter().filter(|phone| asked.phone && is_charged(phone.source));
    let phones = charged.map(|phone| keyer.phone_key(&phone.number)).collect();
    Evidence::Found {
        person: keyer.person_key(&person.id),
        aliases,
        shown: Shown { email: email.is_some(), phones },
    }
}
