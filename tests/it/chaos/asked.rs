//! Whom a trial asks for, and what the gateways have promised.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::faulty_disk::Dice;
use crate::support::people::{plain, spelled};

/// How many batches ask for one person, about, before everybody loses interest in them.
const BATCHES_PER_PERSON: u64 = 30;
const PEOPLE_MAX: u64 = 8;

/// One batch to be asked for.
pub(super) struct Order {
    pub(super) body: Value,
    /// Everybody it asks for.
    pub(super) people: Vec<usize>,
    /// The people under one key each, in order; none where they are spelled by chance.
    pub(super) watched: Vec<usize>,
}

/// A batch that a gateway has promised to answer.
pub(super) struct Accepted {
    pub(super) id: u64,
    /// Its team's client of every replica.
    pub(super) callers: Vec<Client>,
    pub(super) watched: Vec<usize>,
    pub(super) is_bounded: bool,
    /// Its caller wanted it cancelled; whether that came in time is another matter.
    pub(super) is_canceled: bool,
}

/// All that was asked in a trial.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) orders: u64,
    pub(super) accepted: Vec<Accepted>,
    /// Everybody who may have been asked for.
    pub(super) people: BTreeSet<usize>,
}

impl Order {
    /// The n-th batch: one person whom nobody else asks for, so that the vendor can tell two jobs
    /// apart, and some whom other batches of these days ask for, too.
    pub(super) fn write(number: u64, dice: &mut Dice) -> Self {
        let own = person(number, Kind::Own);
        let kind = if dice.percent(50) { Kind::Plain } else { Kind::Spelled };
        let people = (0..dice.below(PEOPLE_MAX))
            .map(|_| person(number.saturating_sub(dice.below(BATCHES_PER_PERSON)), kind))
            .collect::<Vec<_>>();
        match kind {
            Kind::Spelled => {
                let leads = people.iter().map(|person| spelled(*person, dice));
                let leads: Vec<_> = leads.chain([plain(own)]).collect();
                let people = [&people[..], &[own]].concat();
                let (email, phone) = (dice.percent(50), dice.percent(20));
                let body = json!({
                    "leads": leads, "reveal_email": email, "reveal_phone_numbers": phone,
                });
                Self { body, people, watched: Vec::new() }
            }
            Kind::Own | Kind::Plain => Self::plain([&people[..], &[own]].concat()),
        }
    }

    /// One person whom nobody else asks for.
    pub(super) fn single(number: u64) -> Self {
        Self::large(number..number + 1)
    }

    /// As many people, whom nobody else asks for, as there are numbers.
    pub(super) fn large(numbers: Range<u64>) -> Self {
        Self::plain(numbers.map(|number| person(number, Kind::Own)).collect())
    }

    /// People under one key each.
    fn plain(people: Vec<usize>) -> Self {
        let leads: Vec<_> = people.iter().copied().map(plain).collect();
        let body = json!({"leads": leads, "reveal_email": true});
        Self { body, watched: people.clone(), people }
    }
}

/// How a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By one batch only, under one key.
    Own,
    /// By many, under one key.
    Plain,
    /// By many, under any of their keys.
    Spelled,
}

fn person(number: u64, kind: Kind) -> usize {
    usize::try_from(number * 3).expect("a trial ends") + kind as usize
}

/// Whether somebody is only ever asked for under one key and with one reveal, so that one job is
/// enough for them for ever.
pub(super) fn is_watched(person: usize) -> bool {
    person % 3 != Kind::Spelled as usize
}
