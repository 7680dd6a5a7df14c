//! The vendor's side: what it took, what it answered, and its bill by the published rule. It never
//! looks into the books.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::domain::credits::{Amounts, Credits, Unit};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::time::Timestamp;
use tollgate::ledger::ids::{JobId, ResultRef};
use tollgate::ledger::step::Evidence;

use super::cast::{Lead, result, shows};
use crate::ledger::books::{DAY, HOUR, terms};
use crate::support::faulty_disk::Dice;

/// The vendor works on what it took within this time.
const PATIENCE: std::time::Duration = HOUR.saturating_mul(2);

/// The vendor.
pub(super) struct Vendor {
    /// What it took and has not worked on, by its own number.
    waiting: BTreeMap<u64, Taken>,
    /// What it answers, batch by batch of its own: by the job that was sent as one.
    answers: BTreeMap<JobId, Answer>,
    /// What it charged for each job, also of those that travelled together.
    charged: BTreeMap<JobId, Amounts>,
    found_at: BTreeMap<u64, Timestamp>,
    revealed: BTreeSet<(Unit, u64)>,
    /// Persons who had themselves removed.
    pub(super) removed: BTreeSet<u64>,
    pub(super) found: Credits,
    pub(super) emails: Credits,
    pub(super) phones: Credits,
    /// What it charged for calls.
    pub(super) calls: Amounts,
    /// What it worked on and nobody has looked at since.
    pub(super) worked: Vec<JobId>,
    last: u64,
}

pub(super) struct Taken {
    job: JobId,
    leads: Vec<(ResultRef, Lead)>,
    reveals: Reveals,
    at: Timestamp,
}

/// What the vendor answers for what was sent as one job.
#[derive(Clone, Default)]
pub(super) struct Answer {
    /// Whose answers they are, in order.
    pub(super) places: Vec<ResultRef>,
    pub(super) evidence: Vec<Evidence>,
    /// Whom it found, lead by lead; also where nobody can tell from the evidence.
    pub(super) persons: Vec<Option<u64>>,
}

impl Answer {
    /// What it says of these leads alone: others were cancelled since it was asked.
    pub(super) fn of(self, aboard: &[(ResultRef, Lead)]) -> Self {
        let mut of_them = Self::default();
        for (n, place) in self.places.into_iter().enumerate() {
            if aboard.iter().any(|(at, _)| *at == place) {
                of_them.places.push(place);
                of_them.evidence.push(self.evidence[n].clone());
                of_them.persons.push(self.persons[n]);
            }
        }
        of_them
    }
}

impl Vendor {
    pub(super) fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            answers: BTreeMap::new(),
            charged: BTreeMap::new(),
            found_at: BTreeMap::new(),
            revealed: BTreeSet::new(),
            removed: BTreeSet::new(),
            found: Credits::ZERO,
            emails: Credits::ZERO,
            phones: Credits::ZERO,
            calls: Amounts::ZERO,
            worked: Vec::new(),
            last: 0,
        }
    }

    /// All that it charged.
    pub(super) fn bill(&self) -> Amounts {
        Amounts { email: self.found.plus(self.emails), phone: self.phones }.plus(self.calls)
    }

    /// Takes a job, and names it.
    pub(super) fn take(
        &mut self,
        job: JobId,
        leads: Vec<(ResultRef, Lead)>,
        reveals: Reveals,
        at: Timestamp,
    ) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, Taken { job, leads, reveals, at });
        self.last
    }

    /// Whether it ever took the job.
    pub(super) fn has(&self, job: JobId) -> bool {
        self.answers.contains_key(&job) || self.waiting.values().any(|taken| taken.job == job)
    }

    /// What it charged for a job, so far.
    pub(super) fn charged(&self, job: JobId) -> Amounts {
        self.charged.get(&job).copied().unwrap_or_default()
    }

    /// Works on all it took that must be done before `until`.
    pub(super) fn work_until(&mut self, until: Timestamp, now: Timestamp, dice: &mut Dice) {
        self.work(now, dice, |taken| taken.at.after(PATIENCE) <= until);
    }

    /// What it answers for a job that it took.
    pub(super) fn answer(&mut self, job: JobId, now: Timestamp, dice: &mut Dice) -> Option<Answer> {
        self.work(now, dice, |taken| taken.job == job);
        self.answers.get(&job).cloned()
    }

    /// Works on whatever is chosen, in any order.
    fn work(&mut self, now: Timestamp, dice: &mut Dice, is_chosen: impl Fn(&Taken) -> bool) {
        let chosen = self.waiting.iter().filter(|(_, taken)| is_chosen(taken));
        let mut numbers: Vec<_> = chosen.map(|(number, _)| *number).collect();
        while !numbers.is_empty() {
            let next = dice.below(numbers.len() as u64);
            let number = numbers.swap_remove(usize::try_from(next).expect("below a length"));
            let taken = self.waiting.remove(&number).expect("it was waiting");
            self.answer_and_charge(&taken, now, dice);
        }
    }

    /// Works on something at random.
    pub(super) fn work_on_some(&mut self, now: Timestamp, dice: &mut Dice) {
        let odd = dice.below(2);
        self.work(now, dice, |taken| taken.job.batch.get() % 2 == odd);
    }

    /// What a job is answered does not change; what is due is charged each time.
    fn answer_and_charge(&mut self, taken: &Taken, now: Timestamp, dice: &mut Dice) {
        let answer = match self.answers.remove(&taken.job) {
            Some(answer) => answer,
            None => self.make_answer(taken, dice),
        };
        for (at, person) in answer.places.iter().zip(&answer.persons) {
            let Some(person) = *person else { continue };
            let more = self.charge(person, taken.reveals, now);
            let charged = self.charged.entry(at.job).or_default();
            *charged = charged.plus(more);
        }
        self.worked.extend(answer.places.iter().map(|at| at.job));
        self.worked.dedup();
        self.answers.insert(taken.job, answer);
    }

    fn make_answer(&self, taken: &Taken, dice: &mut Dice) -> Answer {
        let mut answer = Answer::default();
        for (at, lead) in &taken.leads {
            let person = lead.meant().person(*at);
            let (evidence, person) = match person {
                _ if dice.percent(4) => (Evidence::Unanswered, None),
                None => (Evidence::NotFound, None),
                Some(n) if self.removed.contains(&n) => {
                    (Evidence::Removed { proof: lead.proof() }, None)
                }
                Some(n) if dice.percent(3) => (Evidence::Unmatched, Some(n)),
                Some(n) => (result(n, taken.reveals), Some(n)),
            };
            answer.places.push(*at);
            answer.evidence.push(evidence);
            answer.persons.push(person);
        }
        answer
    }

    fn charge(&mut self, n: u64, asked: Reveals, now: Timestamp) -> Amounts {
        let (prices, before) = (terms().prices, self.bill());
        if self.found_at.get(&n).is_none_or(|at| at.after(DAY) <= now) {
            self.found_at.insert(n, now);
            self.found = self.found.plus(prices.person_found);
        }
        let shows = shows(n, asked);
        if shows.email && self.revealed.insert((Unit::Email, n)) {
            self.emails = self.emails.plus(prices.email_revealed);
        }
        if shows.phone && self.revealed.insert((Unit::Phone, n)) {
            self.phones = self.phones.plus(prices.phone_revealed);
        }
        self.bill().minus(before)
    }
}
