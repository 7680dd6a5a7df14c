//! How each address of a validation will be answered, by what the books know now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::{ValidationOrder, call_of};
use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::Amounts;
use crate::domain::identity::Parts;
use crate::domain::identity::keys::{LeadKey, NameMarks};
use crate::domain::pricing::WorstCase;
use crate::domain::time::{Since, Timestamp};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, KeptResult, Lease, ResultRef};
use crate::ledger::record::batch::{Dispositions, Slot, Source};
use crate::ledger::record::job::{JobLead, State};
use crate::ledger::record::team::Team;
use crate::ledger::record::validation::{AddressKey, AddressRow};
use crate::ledger::step::Lost;
use crate::ledger::table::{Addresses, Jobs, Validations};
use crate::ledger::transition::alias::{self, is_removed, rely_on};
use crate::ledger::transition::new_job::number;

/// Of an address nothing is charged but its own price.
const NO_PERSON: WorstCase = WorstCase { find: false, email: false, phones: 0 };

/// The addresses in order, sorted into slots.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// One for each address.
    pub(super) slots: Vec<Slot>,
    /// What is to be sent, in order.
    pub(super) own: Vec<JobLead>,
    /// The batches whose calls are waited for.
    pub(super) joined: BTreeSet<BatchId>,
    /// How many addresses stand in which way.
    pub(super) dispositions: Dispositions,
    /// When the vault forgets the first of the verdicts that answer addresses.
    pub(super) known_until: Option<Timestamp>,
    /// The verdicts that answer addresses, where it is not known what the vault lacks.
    pub(super) unchecked: BTreeSet<KeptResult>,
}

/// What the books say of one address.
#[derive(Clone, Copy)]
enum Verdict {
    Removed,
    Cached(ResultRef),
    Joined(ResultRef),
    Fresh,
    /// It is just being sent: nobody can say yet which of these it will be.
    Busy,
}

/// What the books say of another batch's call.
#[derive(Clone, Copy)]
enum Other {
    /// Its verdicts are in the vault until then.
    Ended(Timestamp),
    UnderWay,
    BeingSent,
    OfNoUse,
}

impl Plan {
    /// Sorts an order's addresses; none where one of them is just being sent.
    pub(super) fn make(
        draft: &Draft<'_>,
        order: &ValidationOrder,
        team: &Team,
    ) -> Result<Option<Self>, Fault> {
        let mut planner = Planner {
            draft,
            order,
            team,
            answers_since: team.policies.answers_since(order.max_age, draft.now()),
            plan: Self::default(),
            seen: HashMap::new(),
            others: BTreeMap::new(),
        };
        foresee(draft, team, &order.addresses)?;
        for (position, address) in (0_u32..).zip(&order.addresses) {
            if planner.place(position, *address)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(planner.plan))
    }

    /// What the plan spares, at list price. The vendor charges an address each time that it is
    /// validated.
    pub(super) fn avoided(&self, price: Amounts) -> Vec<Avoided> {
        let count = |counted: fn(Source) -> bool| {
            self.slots.iter().filter(|slot| counted(slot.source)).count()
        };
        let cached = count(|source| matches!(source, Source::Cached(_)));
        let joined = count(|source| matches!(source, Source::Joined(_)));
        let repeated = count(|source| matches!(source, Source::Repeated(_)));
        let listed = [
            (AvoidedReason::CachedAfterWindow, cached),
            (AvoidedReason::Joined, joined),
            (AvoidedReason::Repeated, repeated),
        ];
        let listed = listed.into_iter().filter(|(_, addresses)| *addresses > 0);
        listed.map(|(reason, n)| Avoided { reason, amounts: times(price, n) }).collect()
    }
}

/// By what an address is known to a team.
pub(super) fn key_for(team: &Team, address: LeadKey) -> AddressKey {
    AddressKey { address, kept_for: team.keeps_to().cloned() }
}

/// So many times a price.
pub(super) fn times(price: Amounts, count: usize) -> Amounts {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    Amounts { email: price.email.times(count), phone: price.phone.times(count) }
}

struct Planner<'a, 'b> {
    draft: &'a Draft<'b>,
    order: &'a ValidationOrder,
    team: &'a Team,
    /// Since when a verdict must have been asked that is known already.
    answers_since: Option<Timestamp>,
    plan: Plan,
    seen: HashMap<LeadKey, Source>,
    others: BTreeMap<BatchId, Other>,
}

impl Planner<'_, '_> {
    /// None where the address is just being sent.
    fn place(&mut self, position: u32, key: LeadKey) -> Result<Option<()>, Fault> {
        let source = match self.seen.get(&key) {
            Some(Source::Own(at)) => Source::Repeated(*at),
            Some(other) => *other,
            None => match self.look_up(key)? {
                Verdict::Busy => return Ok(None),
                Verdict::Removed => Source::Removed,
                Verdict::Cached(at) => Source::Cached(at),
                Verdict::Joined(at) => Source::Joined(at),
                Verdict::Fresh => Source::Own(self.send(position, key)?),
            },
        };
        let is_repeated = self.seen.contains_key(&key);
        self.count(source, is_repeated);
        if !is_repeated {
            self.seen.insert(key, source);
        }
        self.plan.slots.push(Slot {
            key,
            parts: Parts::default(),
            has_email: true,
            name: NameMarks::default(),
            source,
        });
        Ok(Some(()))
    }

    fn count(&mut self, source: Source, is_repeated: bool) {
        let count = &mut self.plan.dispositions;
        count.submitted = count.submitted.saturating_add(1);
        let stands = match source {
            _ if is_repeated => &mut count.repeated,
            Source::Own(_) | Source::Repeated(_) => &mut count.fresh,
            Source::Joined(_) => &mut count.joined,
            Source::Cached(_) | Source::Removed | Source::NotFound | Source::Refused => {
                &mut count.cached
            }
        };
        *stands = stands.saturating_add(1);
        if let Source::Joined(at) = source {
            self.plan.joined.insert(at.job.batch);
        }
    }

    /// What is sent must be what nobody else sends. All else is glanced at: a slot points at a
    /// verdict that stays, and whoever reads it is told of a removal.
    fn send(&mut self, position: u32, key: LeadKey) -> Result<ResultRef, Fault> {
        self.draft.find::<Addresses>(&key_for(self.team, key))?;
        rely_on(self.draft, key)?;
        let index = number(self.plan.own.len());
        self.plan.own.push(JobLead { key, position, worst: NO_PERSON, is_refused: false });
        Ok(ResultRef { job: call_of(self.order.batch), index })
    }

    fn look_up(&mut self, key: LeadKey) -> Result<Verdict, Fault> {
        if is_removed(self.draft, key)? {
            return Ok(Verdict::Removed);
        }
        let row = self.draft.peek::<Addresses>(&key_for(self.team, key))?;
        let now = self.draft.now();
        let counts = |row: &AddressRow| {
            // An address counts for less than its lifetime.
            let earliest = now.before(self.order.ttl).after(Duration::from_millis(1));
            Since { earliest, now }.has(row.asked_at)
        };
        let Some(row) = row.filter(counts) else { return Ok(Verdict::Fresh) };
        let is_young = self.answers_since.is_none_or(|since| row.asked_at >= since);
        Ok(match self.other(row.at.job.batch)? {
            Other::Ended(until) if is_young && self.is_there(row.at) => {
                let known_until = self.plan.known_until.into_iter().chain([until]).min();
                self.plan.known_until = known_until;
                Verdict::Cached(row.at)
            }
            Other::UnderWay => Verdict::Joined(row.at),
            Other::BeingSent => Verdict::Busy,
            Other::Ended(_) | Other::OfNoUse => Verdict::Fresh,
        })
    }

    /// Whether the vault has a verdict, as far as is known. Verdicts are kept by no turn.
    fn is_there(&mut self, at: ResultRef) -> bool {
        let kept = KeptResult { at, turn: Lease::default() };
        if self.order.lost == Lost::Unknown {
            self.plan.unchecked.insert(kept);
        }
        !self.order.lost.has(kept)
    }

    fn other(&mut self, batch: BatchId) -> Result<Other, Fault> {
        if let Some(other) = self.others.get(&batch) {
            return Ok(*other);
        }
        let validation = self.draft.peek::<Validations>(&batch)?;
        let other = match validation {
            None => Other::OfNoUse,
            Some(validation) if validation.ended_at.is_some() => {
                let readable_until = self.draft.now().after(self.order.readable_for);
                let until = validation.results_until.filter(|until| *until >= readable_until);
                until.map_or(Other::OfNoUse, Other::Ended)
            }
            Some(validation) if validation.is_canceled => Other::OfNoUse,
            Some(validation) if validation.named.is_some() => {
                let until = validation.asked_at.after(self.order.readable_for);
                if until > self.draft.now() { Other::UnderWay } else { Other::OfNoUse }
            }
            Some(_) => {
                let job = self.draft.peek::<Jobs>(&call_of(batch))?;
                let is_being_sent = job.is_some_and(|job| job.state == State::Sending);
                if is_being_sent { Other::BeingSent } else { Other::OfNoUse }
            }
        };
        self.others.insert(batch, other);
        Ok(other)
    }
}

/// Has the store make ready what the places of addresses depend on.
fn foresee(draft: &Draft<'_>, team: &Team, addresses: &[LeadKey]) -> Result<(), Fault> {
    alias::foresee(draft, addresses.iter().copied())?;
    for address in addresses {
        if let Some(row) = draft.peek::<Addresses>(&key_for(team, *address))? {
            draft.foresee::<Validations>(&row.at.job.batch);
            draft.foresee::<Jobs>(&row.at.job);
        }
    }
    Ok(())
}
