//! How each lead of a batch will be answered, by what the books know now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::{Amounts, Credits};
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::limits::Room;
use crate::domain::needs::Needs;
use crate::domain::pricing::{PhoneBasis, Prices, WorstCase};
use crate::domain::reveal::Reveals;
use crate::domain::time::{Since, Timestamp};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, KeptResult, ResultRef};
use crate::ledger::record::batch::{Dispositions, Slot, Source};
use crate::ledger::record::job::JobLead;
use crate::ledger::record::lead::{Alias, Known, LeadRow, PersonRow, Purchases, Wanted};
use crate::ledger::step::{LeadAsk, Lost};
use crate::ledger::table::{Jobs, Leads, Persons};
use crate::ledger::transition::alias::{self, is_removed, rely_on};
use crate::ledger::transition::frame::Frame;
use crate::ledger::transition::new_job::{NewJob, load};

/// The leads in order, sorted into slots.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// One for each lead.
    pub(super) slots: Vec<Slot>,
    /// What is to be sent: each job has leads of which the same is asked, in order.
    pub(super) jobs: Vec<NewJob>,
    /// What is taken from jobs until they end: joined and repeated leads.
    pub(super) taken: BTreeMap<JobId, Taken>,
    /// How many leads stand in which way.
    pub(super) dispositions: Dispositions,
    /// What is avoided for certain.
    pub(super) avoided: BTreeMap<AvoidedReason, Amounts>,
    /// When the vault forgets the first of the results that answer its leads.
    pub(super) known_until: Option<Timestamp>,
    /// The results that may answer its leads, where it is not known what the vault lacks.
    pub(super) unchecked: BTreeSet<KeptResult>,
}

/// What one batch takes from a job.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) joined: Vec<u32>,
    pub(super) repeated: Vec<u32>,
}

impl Plan {
    /// Sorts `asks`, each with its place in the batch.
    pub(super) fn make(
        draft: &Draft<'_>,
        frame: Frame<'_>,
        asks: impl Iterator<Item = (u32, LeadAsk)> + Clone,
    ) -> Result<Self, Fault> {
        alias::foresee_leads(draft, asks.clone().map(|(_, ask)| ask))?;
        let mut planner = Planner {
            draft,
            frame,
            room: frame.room,
            plan: Self::default(),
            asked: HashMap::new(),
            seen: HashMap::new(),
            jobs: HashMap::new(),
        };
        if frame.strips() {
            for (_, ask) in asks.clone() {
                planner.note_asked(ask);
            }
        }
        for (position, ask) in asks {
            planner.place(position, ask)?;
        }
        Ok(planner.plan)
    }

    /// The leads to be sent.
    pub(super) fn own(&self) -> impl Iterator<Item = &JobLead> {
        self.jobs.iter().flat_map(|job| &job.own)
    }

    /// The units that what is to be sent needs.
    pub(super) fn needs(&self) -> Needs {
        let phone = self.jobs.iter().any(|job| job.reveals.phone);
        Needs { email: !self.jobs.is_empty(), phone }
    }

    /// The most that the plan costs.
    pub(super) fn worst(&self, prices: &Prices) -> Amounts {
        self.own().map(|lead| prices.price_of(lead.worst)).sum()
    }

    /// What is avoided for certain, as a list.
    pub(super) fn avoided(&self) -> Vec<Avoided> {
        let listed = self.avoided.iter().filter(|(_, amounts)| !amounts.is_zero());
        listed.map(|(reason, amounts)| Avoided { reason: *reason, amounts: *amounts }).collect()
    }

    fn avoid(&mut self, reason: AvoidedReason, amounts: Amounts) {
        let sum = self.avoided.entry(reason).or_default();
        *sum = sum.plus(amounts);
    }
}

/// What the books say of one lead.
#[derive(Clone, Copy)]
enum Verdict {
    Removed,
    NotFound,
    Cached { at: ResultRef, find: AvoidedReason, found: Amounts, reveals: Amounts },
    Joined(ResultRef),
    Own { reveals: Reveals, worst: WorstCase, spared: Amounts },
    Trimmed,
}

/// A lead placed before, and what a repetition of it is worth where that is known.
#[derive(Clone, Copy)]
struct Placed {
    source: Source,
    worth: Amounts,
}

struct Planner<'a, 'b> {
    draft: &'a Draft<'b>,
    frame: Frame<'a>,
    /// What is still left for it.
    room: Room,
    plan: Plan,
    /// What is asked of each lead, where a policy strips some of them: all that is asked of any lead
    /// for the same person.
    asked: HashMap<LeadKey, Reveals>,
    seen: HashMap<LeadKey, Placed>,
    jobs: HashMap<JobId, bool>,
}

impl Planner<'_, '_> {
    fn note_asked(&mut self, ask: LeadAsk) {
        let asked = self.asked.entry(ask.key).or_default();
        *asked = asked.with(self.frame.asked_of(ask));
    }

    fn place(&mut self, position: u32, ask: LeadAsk) -> Result<(), Fault> {
        let count = &mut self.plan.dispositions;
        count.submitted = count.submitted.saturating_add(1);
        let source = if let Some(placed) = self.seen.get(&ask.key).copied() {
            self.repeat(placed)
        } else {
            let reveals = self.asked.get(&ask.key).copied().unwrap_or(self.frame.reveals);
            let verdict = if self.is_any_removed(ask)? {
                Verdict::Removed
            } else {
                let verdict = self.look_up(ask, reveals)?;
                self.trim(verdict)
            };
            if matches!(verdict, Verdict::Own { .. }) {
                for key in ask.keys() {
                    rely_on(self.draft, key)?;
                }
            }
            let placed = match verdict {
                // An earlier step has driven an earlier lead for the same person again.
                Verdict::Joined(at) if at.job.batch == self.frame.batch => {
                    let worth = Amounts::ZERO;
                    Placed { source: self.repeat(Placed { source: Source::Own(at), worth }), worth }
                }
                verdict => self.follow(position, ask.key, verdict),
            };
            self.seen.insert(ask.key, placed);
            placed.source
        };
        let LeadAsk { key, parts, has_email, name } = ask;
        self.plan.slots.push(Slot { key, parts, has_email, name, source });
        Ok(())
    }

    fn is_any_removed(&self, ask: LeadAsk) -> Result<bool, Fault> {
        for key in ask.removal_keys() {
            if is_removed(self.draft, key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn look_up(&mut self, ask: LeadAsk, reveals: Reveals) -> Result<Verdict, Fault> {
        let Frame { team, terms, .. } = self.frame;
        let full = terms.prices.worst_case(reveals);
        let row = self.draft.peek::<Leads>(&ask.key)?.unwrap_or_default();
        let person = self.person(&row, ask)?;
        let now = self.draft.now();
        // An answer to all that the batch asks comes before one to what a policy left of it.
        let enough = [self.frame.reveals, reveals];
        let kept_for = team.keeps_to();
        let settled_since = self.frame.since(terms.person_ttl, now);
        for reveals in enough {
            let readable_until = self.frame.readable_until(now);
            let wanted = Wanted { reveals, settled_since, readable_until, kept_for };
            if let Some(known) = self.result_for(&person, wanted) {
                let until = self.plan.known_until.into_iter().chain([known.expires_at]);
                self.plan.known_until = until.min();
                return Ok(self.cached(known, &person));
            }
        }
        for asked in enough {
            for claim in row.claims.iter().filter(|claim| claim.kept_for.as_ref() == kept_for) {
                if claim.reveals.covers(asked) && self.is_joinable(claim.at.job)? {
                    // A lead that is refused or moved takes its claim along, and its job lives on.
                    self.draft.find::<Leads>(&ask.key)?;
                    return Ok(Verdict::Joined(claim.at));
                }
            }
        }
        let since = self.frame.since(terms.not_found_ttl, now);
        if row.not_found_for(kept_for).is_some_and(|gone| since.has(gone.settled_at)) {
            return Ok(Verdict::NotFound);
        }
        // That the answers were too old changes nothing about who it is and what was paid.
        let known_since = Since { earliest: now.before(terms.person_ttl), now };
        let purchases = person.purchases_shown_to(&team.id, known_since);
        // An answer to another lead may have shown this one, which proves nothing about it.
        let is_proven = row.alias_shown_to(&team.id).person().is_some();
        if let Some(purchases) = purchases.filter(|_| is_proven) {
            return Ok(self.upgrade(&person, purchases, reveals));
        }
        Ok(Verdict::Own { reveals, worst: full, spared: Amounts::ZERO })
    }

    /// The latest result that answers a request and is not lost.
    fn result_for<'p>(&mut self, person: &'p PersonRow, wanted: Wanted<'p>) -> Option<&'p Known> {
        let lost = self.frame.lost;
        if *lost == Lost::Unknown {
            self.plan.unchecked.extend(person.results_for(wanted).map(Known::kept));
        }
        person.results_for(wanted).find(|known| !lost.has(known.kept()))
    }

    /// What is to be sent must fit what is left.
    fn trim(&mut self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Own { worst, .. }
                if !self.room.take(self.frame.terms.prices.price_of(worst)) =>
            {
                Verdict::Trimmed
            }
            verdict => verdict,
        }
    }

    /// What is known of the person that the lead is proven to name.
    fn person(&self, row: &LeadRow, ask: LeadAsk) -> Result<PersonRow, Fault> {
        let person = match row.alias_shown_to(&self.frame.team.id) {
            Alias::Of(person) => Some((person, ask.is_by_name_alone())),
            Alias::Unproven => self.proven(ask)?,
            Alias::Contradicted => None,
        };
        let Some((person, must_agree)) = person else { return Ok(PersonRow::default()) };
        let known = self.draft.peek::<Persons>(&person)?.unwrap_or_default();
        let agrees = !must_agree || ask.name.is_empty() || known.name.agree(&ask.name);
        Ok(if agrees { known } else { PersonRow::default() })
    }

    /// The person of the lead's strongest proven part, and whether its name must agree; none where
    /// another part is proven to be another person's.
    fn proven(&self, ask: LeadAsk) -> Result<Option<(PersonKey, bool)>, Fault> {
        let person_of = |key: LeadKey| -> Result<_, Fault> {
            let row = self.draft.peek::<Leads>(&key)?;
            Ok(row.and_then(|row| row.alias_shown_to(&self.frame.team.id).person()))
        };
        let mut proven = None;
        for key in ask.parts.each() {
            match (person_of(key)?, proven) {
                (Some(person), None) => proven = Some((person, ask.parts.profile != Some(key))),
                (Some(person), Some((strongest, _))) if person != strongest => return Ok(None),
                _ => {}
            }
        }
        Ok(proven)
    }

    fn is_joinable(&mut self, job: JobId) -> Result<bool, Fault> {
        if let Some(is_joinable) = self.jobs.get(&job) {
            return Ok(*is_joinable);
        }
        let is_joinable = self.draft.find::<Jobs>(&job)?.is_some_and(|job| job.is_joinable());
        self.jobs.insert(job, is_joinable);
        Ok(is_joinable)
    }

    fn cached(&self, known: &Known, person: &PersonRow) -> Verdict {
        let prices = &self.frame.terms.prices;
        let now = self.draft.now();
        let find = if person.facts.is_found_free(now, prices.person_window, now) {
            AvoidedReason::CachedInWindow
        } else {
            AvoidedReason::CachedAfterWindow
        };
        let found = Amounts { email: prices.person_found, phone: Credits::ZERO };
        let shown = self.frame.reveals.within(known.covers);
        Verdict::Cached { at: known.at, find, found, reveals: owned_worth(person, shown, prices) }
    }

    /// A known person, asked for what no result answers: only what is missing is paid.
    fn upgrade(&self, person: &PersonRow, purchases: Purchases, reveals: Reveals) -> Verdict {
        let terms = self.frame.terms;
        let full = terms.prices.worst_case(reveals);
        let missing = reveals.without(person.facts.owned.within(purchases.covers));
        let now = self.draft.now();
        let by_then = now.after(terms.horizon);
        let phones = match terms.prices.phone_basis {
            PhoneBasis::Person if !missing.phone => 0,
            PhoneBasis::Person | PhoneBasis::Number => full.phones,
        };
        let window = terms.prices.person_window;
        let is_free = person.facts.is_found_free(by_then, window, now)
            && by_then < purchases.last_settled_at.after(window);
        let find = !is_free;
        let worst = WorstCase { find, email: missing.email, phones };
        let all = terms.prices.price_of(WorstCase { find, ..full });
        let spared = all.minus(terms.prices.price_of(worst));
        Verdict::Own { reveals, worst, spared }
    }

    fn follow(&mut self, position: u32, key: LeadKey, verdict: Verdict) -> Placed {
        let plan = &mut self.plan;
        let count = &mut plan.dispositions;
        let (source, worth) = match verdict {
            Verdict::Removed => {
                count.cached = count.cached.saturating_add(1);
                (Source::Removed, Amounts::ZERO)
            }
            Verdict::NotFound => {
                count.cached = count.cached.saturating_add(1);
                (Source::NotFound, Amounts::ZERO)
            }
            Verdict::Cached { at, find, found, reveals } => {
                count.cached = count.cached.saturating_add(1);
                plan.avoid(find, found);
                plan.avoid(AvoidedReason::OwnedReveal, reveals);
                (Source::Cached(at), found.plus(reveals))
            }
            Verdict::Joined(at) => {
                count.joined = count.joined.saturating_add(1);
                plan.taken.entry(at.job).or_default().joined.push(at.index);
                (Source::Joined(at), Amounts::ZERO)
            }
            Verdict::Own { reveals, worst, spared } => {
                count.fresh = count.fresh.saturating_add(1);
                plan.avoid(AvoidedReason::OwnedReveal, spared);
                let own = JobLead { key, position, worst, is_refused: false };
                let at = load(&mut plan.jobs, &self.frame, reveals, own);
                (Source::Own(at), Amounts::ZERO)
            }
            Verdict::Trimmed => {
                count.trimmed = count.trimmed.saturating_add(1);
                (Source::Refused, Amounts::ZERO)
            }
        };
        Placed { source, worth }
    }

    /// A lead for the same person as an earlier one of the batch.
    fn repeat(&mut self, Placed { source, worth }: Placed) -> Source {
        let plan = &mut self.plan;
        let count = &mut plan.dispositions;
        if source == Source::Refused {
            count.trimmed = count.trimmed.saturating_add(1);
            return source;
        }
        count.repeated = count.repeated.saturating_add(1);
        plan.avoid(AvoidedReason::Repeated, worth);
        if let Source::Own(at) | Source::Joined(at) = source {
            plan.taken.entry(at.job).or_default().repeated.push(at.index);
        }
        match source {
            Source::Own(at) => Source::Repeated(at),
            other => other,
        }
    }
}

/// List price of the asked reveals that were paid for a person.
fn owned_worth(person: &PersonRow, asked: Reveals, prices: &Prices) -> Amounts {
    let owned = person.facts.owned;
    let numbers = match prices.phone_basis {
        PhoneBasis::Person => 1,
        PhoneBasis::Number => u32::try_from(person.facts.phones.len()).unwrap_or(u32::MAX),
    };
    let phones = if asked.phone && owned.phone { numbers } else { 0 };
    prices.price_of(WorstCase { find: false, email: asked.email && owned.email, phones })
}
