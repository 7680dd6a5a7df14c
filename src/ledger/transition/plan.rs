//! How each lead of a batch will be answered, by what the books know now.

use std::collections::{BTreeMap, HashMap};

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::{Amounts, Credits};
use crate::domain::identity::keys::LeadKey;
use crate::domain::limits::Room;
use crate::domain::pricing::{PhoneBasis, Prices, WorstCase};
use crate::domain::reveal::Reveals;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::batch::{Dispositions, Slot, Source};
use crate::ledger::record::job::JobLead;
use crate::ledger::record::lead::{LeadRow, PersonRow};
use crate::ledger::step::{LeadAsk, Terms};
use crate::ledger::table::{Jobs, Leads, Persons};

/// For whom is planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The batch.
    pub(super) batch: BatchId,
    /// How many jobs it has made before.
    pub(super) jobs_made: u32,
    /// What it asks.
    pub(super) reveals: Reveals,
    /// What may be reserved for it: leads that need more are trimmed.
    pub(super) room: Room,
    /// The settings in force.
    pub(super) terms: &'a Terms,
}

/// The leads in order, sorted into slots.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// One for each lead.
    pub(super) slots: Vec<Slot>,
    /// What is to be sent, in order.
    pub(super) own: Vec<OwnLead>,
    /// What is taken from jobs until they end: joined and repeated leads.
    pub(super) taken: BTreeMap<JobId, Taken>,
    /// How many leads stand in which way.
    pub(super) dispositions: Dispositions,
    /// What is avoided for certain.
    pub(super) avoided: BTreeMap<AvoidedReason, Amounts>,
}

/// A lead to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnLead {
    pub(super) lead: JobLead,
    /// Whether others may join it by its key.
    pub(super) is_claimed: bool,
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
        for (_, ask) in asks.clone() {
            foresee(draft, ask)?;
        }
        let mut planner = Planner {
            draft,
            frame,
            room: frame.room,
            plan: Self::default(),
            seen: HashMap::new(),
            jobs: HashMap::new(),
        };
        for (position, ask) in asks {
            planner.place(position, ask)?;
        }
        Ok(planner.plan)
    }

    /// The most that the plan costs.
    pub(super) fn worst(&self, prices: &Prices) -> Amounts {
        self.own.iter().map(|own| prices.price_of(own.lead.worst)).sum()
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
    Cached { at: ResultRef, find: AvoidedReason, found: Amounts, reveals: Amounts },
    Joined(ResultRef),
    Own { worst: WorstCase, spared: Amounts, is_claimed: bool },
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
    seen: HashMap<(LeadKey, Option<LeadKey>), Placed>,
    jobs: HashMap<JobId, bool>,
}

impl Planner<'_, '_> {
    fn place(&mut self, position: u32, ask: LeadAsk) -> Result<(), Fault> {
        let count = &mut self.plan.dispositions;
        count.submitted = count.submitted.saturating_add(1);
        let row = self.draft.peek::<Leads>(&ask.key)?.unwrap_or_default();
        let conflict = self.conflict(&row, ask)?;
        let known_as = (ask.key, conflict);
        let source = if self.is_removed(ask.other)? {
            self.follow(position, ask.key, Verdict::Removed).source
        } else if let Some(placed) = self.seen.get(&known_as).copied() {
            self.repeat(placed)
        } else {
            let verdict = self.look_up(&row, conflict)?;
            let verdict = self.trim(verdict);
            if matches!(verdict, Verdict::Joined(_) | Verdict::Own { .. }) {
                self.rely_on(ask)?;
            }
            let placed = self.follow(position, ask.key, verdict);
            self.seen.insert(known_as, placed);
            placed.source
        };
        self.plan.slots.push(Slot { key: ask.key, other: ask.other, source });
        Ok(())
    }

    /// What is sent, or waits for what is sent, must be what nobody else sends. What is cached may
    /// change meanwhile: the slot points at a result that stays, and whoever reads it is told of a
    /// removal.
    fn rely_on(&self, ask: LeadAsk) -> Result<(), Fault> {
        for key in std::iter::once(ask.key).chain(ask.other) {
            if let Some(person) = self.draft.find::<Leads>(&key)?.and_then(|row| row.person) {
                self.draft.find::<Persons>(&person)?;
            }
        }
        Ok(())
    }

    /// The lead's other strong key, where it points to another person than its strongest.
    fn conflict(&self, row: &LeadRow, ask: LeadAsk) -> Result<Option<LeadKey>, Fault> {
        let (Some(person), Some(other)) = (row.person, ask.other) else { return Ok(None) };
        let elsewhere = self.draft.peek::<Leads>(&other)?.and_then(|row| row.person);
        Ok(ask.other.filter(|_| elsewhere.is_some_and(|elsewhere| elsewhere != person)))
    }

    fn look_up(&mut self, row: &LeadRow, conflict: Option<LeadKey>) -> Result<Verdict, Fault> {
        let Frame { reveals, terms, .. } = self.frame;
        let full = terms.prices.worst_case(reveals);
        let person = self.person(row)?;
        if row.removed_at.is_some() || person.removed_at.is_some() {
            return Ok(Verdict::Removed);
        }
        if conflict.is_some() {
            return Ok(Verdict::Own { worst: full, spared: Amounts::ZERO, is_claimed: false });
        }
        let now = self.draft.now();
        let since = now.before(terms.person_ttl);
        if let Some(known) = person.result_covering(reveals, since) {
            return Ok(self.cached(known.at, &person));
        }
        for claim in &row.claims {
            if claim.reveals.covers(reveals) && self.is_joinable(claim.at.job)? {
                return Ok(Verdict::Joined(claim.at));
            }
        }
        if let Some(gone) = row.not_found
            && gone.settled_at >= now.before(terms.not_found_ttl)
        {
            let find = AvoidedReason::CachedInWindow;
            let (found, reveals) = (Amounts::ZERO, Amounts::ZERO);
            return Ok(Verdict::Cached { at: gone.at, find, found, reveals });
        }
        if person.is_known_since(since) {
            return Ok(self.upgrade(&person));
        }
        Ok(Verdict::Own { worst: full, spared: Amounts::ZERO, is_claimed: true })
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

    fn person(&self, row: &LeadRow) -> Result<PersonRow, Fault> {
        let Some(person) = row.person else { return Ok(PersonRow::default()) };
        Ok(self.draft.peek::<Persons>(&person)?.unwrap_or_default())
    }

    fn is_removed(&self, key: Option<LeadKey>) -> Result<bool, Fault> {
        let Some(key) = key else { return Ok(false) };
        let row = self.draft.peek::<Leads>(&key)?.unwrap_or_default();
        Ok(row.removed_at.is_some() || self.person(&row)?.removed_at.is_some())
    }

    fn is_joinable(&mut self, job: JobId) -> Result<bool, Fault> {
        if let Some(is_joinable) = self.jobs.get(&job) {
            return Ok(*is_joinable);
        }
        let is_joinable = self.draft.find::<Jobs>(&job)?.is_some_and(|job| job.is_joinable());
        self.jobs.insert(job, is_joinable);
        Ok(is_joinable)
    }

    fn cached(&self, at: ResultRef, person: &PersonRow) -> Verdict {
        let prices = &self.frame.terms.prices;
        let find = if person.facts.is_found_free(self.draft.now()) {
            AvoidedReason::CachedInWindow
        } else {
            AvoidedReason::CachedAfterWindow
        };
        let found = Amounts { email: prices.person_found, phone: Credits::ZERO };
        Verdict::Cached {
            at,
            find,
            found,
            reveals: owned_worth(person, self.frame.reveals, prices),
        }
    }

    /// A known person, asked for a reveal that no result covers: only what is missing is paid.
    fn upgrade(&self, person: &PersonRow) -> Verdict {
        let Frame { reveals, terms, .. } = self.frame;
        let full = terms.prices.worst_case(reveals);
        let missing = reveals.without(person.facts.owned);
        let by_then = self.draft.now().after(terms.horizon);
        let phones = match terms.prices.phone_basis {
            PhoneBasis::Person if !missing.phone => 0,
            PhoneBasis::Person | PhoneBasis::Number => full.phones,
        };
        let find = !person.facts.is_found_free(by_then);
        let worst = WorstCase { find, email: missing.email, phones };
        let all = terms.prices.price_of(WorstCase { find, ..full });
        let spared = all.minus(terms.prices.price_of(worst));
        Verdict::Own { worst, spared, is_claimed: true }
    }

    fn follow(&mut self, position: u32, key: LeadKey, verdict: Verdict) -> Placed {
        let plan = &mut self.plan;
        let count = &mut plan.dispositions;
        let (source, worth) = match verdict {
            Verdict::Removed => {
                count.cached = count.cached.saturating_add(1);
                (Source::Removed, Amounts::ZERO)
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
            Verdict::Own { worst, spared, is_claimed } => {
                count.fresh = count.fresh.saturating_add(1);
                plan.avoid(AvoidedReason::OwnedReveal, spared);
                let at = self.frame.place_of(plan.own.len());
                plan.own.push(OwnLead { lead: JobLead { key, position, worst }, is_claimed });
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

/// Has the store make ready what the place of a lead depends on.
fn foresee(draft: &Draft<'_>, ask: LeadAsk) -> Result<(), Fault> {
    for key in std::iter::once(ask.key).chain(ask.other) {
        let Some(row) = draft.peek::<Leads>(&key)? else { continue };
        if let Some(person) = &row.person {
            draft.foresee::<Persons>(person);
        }
        for claim in &row.claims {
            draft.foresee::<Jobs>(&claim.at.job);
        }
    }
    Ok(())
}

impl Frame<'_> {
    /// Where the n-th lead to be sent stands: its job, and its place in it.
    fn place_of(&self, n: usize) -> ResultRef {
        let n = u32::try_from(n).expect("a batch has fewer than 2^32 leads");
        let size = self.terms.job_leads_max.max(1);
        let (jobs, index) = (n.div_euclid(size), n.rem_euclid(size));
        let ordinal = self.jobs_made.saturating_add(jobs);
        ResultRef { job: JobId { batch: self.batch, ordinal }, index }
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
