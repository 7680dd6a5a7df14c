//! Evidence: the vendor's answer per lead, in the ledger's terms.

use super::load::{Carried, fields_of, sent_of};
use crate::domain::charge::Shown;
use crate::domain::identity::keys::{Keyer, LeadKey};
use crate::domain::identity::{Identity, Reading, are_two_profiles};
use crate::domain::lead::Field;
use crate::domain::person::{Person, PhoneSource, Sections};
use crate::domain::reveal::Reveals;
use crate::ledger::ids::ResultRef;
use crate::ledger::step::Evidence;
use crate::vendor::{Batch, Ending, Finding, LookedUp, VendorResult, match_results};

/// A job's answer per lead.
pub(super) struct Answer {
    pub(super) leads: Vec<LeadAnswer>,
    /// The number of leads without a matching result.
    pub(super) unmatched: u64,
    /// The number of results without a lead.
    pub(super) extras: u64,
}

/// The answer for one lead: what is booked, and what is stored.
pub(super) struct LeadAnswer {
    pub(super) at: ResultRef,
    pub(super) evidence: Evidence,
    /// The person, if one was found.
    pub(super) sections: Option<Sections>,
}

/// Evaluates the vendor's batch for each of a job's leads; `None` if it has no list: a failed batch
/// without a list may have charged every lead.
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
    for carried in load {
        if carried.is_refused {
            // The ledger already knows these.
            let evidence = Evidence::Unanswered;
            answer.leads.push(LeadAnswer { at: carried.at, evidence, sections: None });
            continue;
        }
        let answered = match answers.next().flatten() {
            Some(VendorResult { finding, .. }) => read(keyer, carried, asked, finding),
            None => LeadAnswer { at: carried.at, evidence: missing(batch.ending), sections: None },
        };
        answer.unmatched += u64::from(answered.evidence == Evidence::Unmatched);
        answer.leads.push(answered);
    }
    Some(answer)
}

/// Evaluates the vendor's answer to a lookup.
pub(super) fn read_look_up(
    keyer: &Keyer,
    asked: Reveals,
    carried: &Carried,
    looked_up: LookedUp,
) -> Answer {
    let finding = match looked_up {
        LookedUp::Found(person) => Finding::Found(person),
        LookedUp::NotFound => Finding::NotFound,
        LookedUp::Removed => Finding::Removed,
    };
    Answer { leads: vec![read(keyer, carried, asked, finding)], unmatched: 0, extras: 0 }
}

/// A lead that is missing in the vendor's list. A batch that ended early did not process it; a
/// complete batch should have it.
fn missing(ending: Ending) -> Evidence {
    match ending {
        Ending::Completed => Evidence::Unmatched,
        Ending::Canceled | Ending::Error => Evidence::Unanswered,
    }
}

impl Answer {
    /// Its approximate size.
    pub(super) fn bytes(&self) -> usize {
        self.leads.iter().filter_map(|lead| lead.sections.as_ref()).map(Sections::bytes).sum()
    }

    /// The positions of its leads, in order.
    pub(super) fn places(&self) -> Vec<ResultRef> {
        self.leads.iter().map(|lead| lead.at).collect()
    }
}

fn read(keyer: &Keyer, carried: &Carried, asked: Reveals, finding: Finding) -> LeadAnswer {
    let lead = carried.reading.as_ref();
    let (evidence, sections) = match finding {
        Finding::Found(person) => (found(keyer, lead, asked, &person), Some(person.sections)),
        Finding::NotFound => (Evidence::NotFound, None),
        Finding::Removed => {
            let proof = lead.into_iter().flat_map(Reading::proof);
            (Evidence::Removed { proof: proof.map(|part| keyer.lead_key(part)).collect() }, None)
        }
        Finding::Unanswered => (Evidence::Unanswered, None),
        Finding::Unreadable(_) => (Evidence::Unmatched, None),
    };
    LeadAnswer { at: carried.at, evidence, sections }
}

/// A person is identified by the vendor's id, and by the keys that the answer proves: those of the
/// result's own fields, and the lead's own if it has only one identifying field. It is not known
/// how the vendor interprets a lead with more fields, so its other fields prove nothing.
fn found(keyer: &Keyer, lead: Option<&Reading>, asked: Reveals, person: &Person) -> Evidence {
    let profile = person.linkedin_url.as_deref();
    let is_other = |lead: &Reading| {
        let asked_for = lead.sent[Field::LinkedinUrl].as_deref();
        lead.is_lone() && asked_for.zip(profile).is_some_and(|(a, b)| are_two_profiles(a, b))
    };
    let answers_key = lead.is_some_and(|lead| !is_other(lead));
    let email = person.email.as_deref().filter(|_| asked.email);
    let lone = lead.filter(|lead| lead.is_lone() && answers_key).map(|lead| lead.whole.clone());
    let shown = [profile.and_then(Identity::of_linkedin_url), email.and_then(Identity::of_email)];
    let mut aliases: Vec<LeadKey> = Vec::new();
    for identity in shown.into_iter().chain([lone]).flatten() {
        let key = keyer.lead_key(&identity);
        if !aliases.contains(&key) {
            aliases.push(key);
        }
    }
    let is_charged = |source: Option<PhoneSource>| {
        !matches!(source, Some(PhoneSource::Crm | PhoneSource::UserUploaded))
    };
    let charged = person.phones.iter().filter(|phone| asked.phone && is_charged(phone.source));
    let phones = charged.map(|phone| keyer.phone_key(&phone.number)).collect();
    let name = person.name.as_deref().map(|name| keyer.name_marks(name)).unwrap_or_default();
    Evidence::Found {
        person: keyer.person_key(&person.id),
        aliases,
        answers_key,
        shown: Shown { email: email.is_some(), phones },
        name,
    }
}
