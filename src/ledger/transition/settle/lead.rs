//! One lead of a settlement: the charge gate, and what is known of the person from now on.

use super::Settling;
use crate::domain::charge::Shown;
use crate::domain::identity::keys::{LeadKey, NameMarks, PersonKey};
use crate::domain::pricing::{Charges, PhoneBasis, Prices};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{KeptResult, ResultRef};
use crate::ledger::record::job::{Answer, Found, JobLead, Part};
use crate::ledger::record::lead::{Alias, Known, LeadRow, NotFound};
use crate::ledger::step::{Evidence, Outcome};
use crate::ledger::table::{Leads, Persons, Superseded};
use crate::ledger::transition::{alias, erase};

impl Settling {
    pub(super) fn lead(
        &mut self,
        draft: &mut Draft<'_>,
        at: ResultRef,
        reveals: Reveals,
        lead: &JobLead,
        evidence: &Evidence,
        part: &Part,
    ) -> Result<(Answer, Charges), Fault> {
        let mut row = draft.find::<Leads>(&lead.key)?.unwrap_or_default();
        row.concede(at.job);
        row.touched_at = Some(draft.now());
        if matches!(evidence, Evidence::NotFound) && self.learns {
            let (settled_at, kept_for) = (draft.now(), part.kept_for.clone());
            row.not_found.retain(|gone| gone.kept_for != kept_for);
            row.not_found.push(NotFound { settled_at, kept_for });
        }
        draft.put::<Leads>(&lead.key, &row);
        match evidence {
            Evidence::Found { person, aliases, answers_key, shown, name } => {
                let charges = self.charge(draft, *person, shown, &part.prices)?;
                if is_removed(draft, *person, aliases)? {
                    self.remove(draft, at, aliases, Some(*person))?;
                    return Ok((Answer::Removed, charges));
                }
                if row.removed_at.is_some() {
                    self.settled.removed.push(KeptResult { at, turn: self.turn });
                    return Ok((Answer::Removed, charges));
                }
                if self.learns {
                    let expires_at = self.expires_at;
                    let (settled_at, kept_for) = (draft.now(), part.kept_for.clone());
                    let (turn, covers) = (self.turn, reveals);
                    let known = Known { at, turn, covers, settled_at, expires_at, kept_for };
                    learn_person(draft, *person, known, *name)?;
                    let kept_for = part.kept_for.as_ref();
                    for key in aliases {
                        self.contradicted |= learn_alias(draft, key, *person, true, kept_for)?;
                    }
                    if !aliases.contains(&lead.key) {
                        self.contradicted |=
                            learn_alias(draft, &lead.key, *person, *answers_key, kept_for)?;
                    }
                }
                Ok((Answer::Found(found(*person, shown, part.prices.phone_basis)), charges))
            }
            Evidence::NotFound => Ok((Answer::NotFound, Charges::ZERO)),
            Evidence::Removed { proof } if *proof == [lead.key] => {
                self.remove(draft, at, proof, None)?;
                Ok((Answer::Removed, Charges::ZERO))
            }
            Evidence::Removed { proof } => {
                let removed_at = row.removed_at.or(Some(draft.now()));
                let row = LeadRow { removed_at, not_found: Vec::new(), ..row };
                draft.put::<Leads>(&lead.key, &row);
                let person = alias::person_of_all(draft, proof)?;
                self.remove(draft, at, &[], person)?;
                Ok((Answer::Removed, Charges::ZERO))
            }
            Evidence::Unmatched => Ok((Answer::Unmatched, Charges::ZERO)),
            // What this attempt did not come to, another one may have answered and charged.
            Evidence::Unanswered if self.is_in_doubt => Ok((Answer::Unmatched, Charges::ZERO)),
            Evidence::Unanswered => Ok((Answer::Unanswered, Charges::ZERO)),
        }
    }

    /// Counts what a lead of a team came to.
    pub(super) fn count(&mut self, team: &TeamId, answer: Answer) {
        let outcome = match answer {
            Answer::Found(_) => Some(Outcome::Found),
            Answer::NotFound => Some(Outcome::NotFound),
            Answer::Removed => Some(Outcome::Removed),
            Answer::Unmatched | Answer::Unanswered | Answer::Refused => None,
        };
        let contradicted = std::mem::take(&mut self.contradicted).then_some(Outcome::Contradicted);
        for outcome in outcome.into_iter().chain(contradicted) {
            let count = self.settled.outcomes.entry((team.clone(), outcome)).or_default();
            *count = count.saturating_add(1);
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

    /// Marks keys, the persons that they lead to, and a person as removed.
    fn remove(
        &mut self,
        draft: &mut Draft<'_>,
        at: ResultRef,
        keys: &[LeadKey],
        person: Option<PersonKey>,
    ) -> Result<(), Fault> {
        let removed = erase::mark(draft, keys, person)?;
        self.settled.removed.push(KeptResult { at, turn: self.turn });
        self.settled.removed.extend(removed);
        Ok(())
    }
}

/// What an answer records of a person found: what joiners are credited by.
fn found(person: PersonKey, shown: &Shown, basis: PhoneBasis) -> Found {
    let numbers = u32::try_from(shown.phones.len()).unwrap_or(u32::MAX);
    let phones = match basis {
        PhoneBasis::Person => numbers.min(1),
        PhoneBasis::Number => numbers,
    };
    Found { person, email: shown.email, phones }
}

/// From now on the person is known by this result.
fn learn_person(
    draft: &mut Draft<'_>,
    person: PersonKey,
    known: Known,
    name: NameMarks,
) -> Result<(), Fault> {
    let now = draft.now();
    let mut row = draft.find::<Persons>(&person)?.unwrap_or_default();
    row.results.retain(|known| known.expires_at > now);
    if !name.is_empty() {
        row.name = name;
    }
    for Known { at, expires_at, .. } in row.learn(known) {
        draft.put::<Superseded>(&(person, at), &expires_at);
    }
    draft.put::<Persons>(&person, &row);
    Ok(())
}

/// Learns that an answer has shown the person under this key. Returns whether the key was known to lead
/// to another.
fn learn_alias(
    draft: &mut Draft<'_>,
    key: &LeadKey,
    person: PersonKey,
    is_proof: bool,
    kept_for: Option<&TeamId>,
) -> Result<bool, Fault> {
    let mut row = draft.find::<Leads>(key)?.unwrap_or_default();
    let before = row.alias;
    row.learn(person, is_proof, kept_for);
    let is_contradicted = before != Alias::Contradicted && row.alias == Alias::Contradicted;
    row.touched_at = Some(draft.now());
    draft.put::<Leads>(key, &row);
    Ok(is_contradicted)
}

/// Whether a person was removed, under any key that is proven to lead there.
pub(super) fn is_removed(
    draft: &Draft<'_>,
    person: PersonKey,
    aliases: &[LeadKey],
) -> Result<bool, Fault> {
    if draft.find::<Persons>(&person)?.is_some_and(|row| row.removed_at.is_some()) {
        return Ok(true);
    }
    for key in aliases {
        if draft.find::<Leads>(key)?.is_some_and(|row| row.removed_at.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}
