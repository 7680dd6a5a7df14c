//! Who there is: a few persons, the keys they go by, and what the vendor has of them.

use tollgate::domain::charge::Shown;
use tollgate::domain::identity::keys::{LeadKey, NameMarks};
use tollgate::domain::reveal::Reveals;
use tollgate::ledger::ids::ResultRef;
use tollgate::ledger::step::{Evidence, LeadAsk};

use crate::ledger::named::{key, lead, lead_with, person, phone};
use crate::support::faulty_disk::Dice;

/// How many persons there are.
pub(super) const PERSONS: u64 = 8;
/// Names that two persons share: whom the vendor means by one differs from job to job.
const SHARED: u64 = 2;
/// Keys that name nobody.
const NOBODY: u64 = 2;

/// A key by which a lead may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Profile(u64),
    Email(u64),
    Name(u64),
    SharedName(u64),
    Nobody(u64),
}

impl Called {
    /// Some key of somebody, or of nobody.
    pub(super) fn any(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..4 => Self::Profile(dice.below(PERSONS)),
            4..7 => Self::Email(dice.below(PERSONS)),
            7 => Self::Name(dice.below(PERSONS)),
            8 => Self::SharedName(dice.below(SHARED)),
            _ => Self::Nobody(dice.below(NOBODY)),
        }
    }

    pub(super) fn key(self) -> LeadKey {
        key(&self.name())
    }

    fn name(self) -> String {
        match self {
            Self::Profile(n) => format!("in/{n}"),
            Self::Email(n) => format!("{n}@x.io"),
            Self::Name(n) => format!("name {n}"),
            Self::SharedName(n) => format!("shared {n}"),
            Self::Nobody(n) => format!("nobody {n}"),
        }
    }

    /// Whom the vendor finds, where a job carries the lead.
    pub(super) fn person(self, at: ResultRef) -> Option<u64> {
        match self {
            Self::Profile(n) | Self::Email(n) | Self::Name(n) => Some(n),
            Self::SharedName(n) => Some(2 * n + (at.job.batch.get() + u64::from(at.index)) % 2),
            Self::Nobody(_) => None,
        }
    }

    pub(super) const fn is_shared(self) -> bool {
        matches!(self, Self::SharedName(_))
    }
}

/// A lead as a caller writes it: its strongest key, and perhaps a second, right or mistyped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    pub(super) called: Called,
    pub(super) other: Option<Called>,
}

impl Lead {
    pub(super) fn any(dice: &mut Dice) -> Self {
        let called = Called::any(dice);
        let other = match called {
            Called::Profile(n) if dice.percent(30) => Some(Called::Email(n)),
            Called::Profile(_) if dice.percent(15) => Some(Called::Email(dice.below(PERSONS))),
            _ => None,
        };
        Self { called, other }
    }

    pub(super) fn ask(self) -> LeadAsk {
        let has_email = matches!(self.called, Called::Email(_)) || self.other.is_some();
        let lone = LeadAsk { has_email, ..lead(&self.called.name()) };
        match self.other {
            None => lone,
            Some(other) => LeadAsk { has_email, ..lead_with(&self.called.name(), &other.name()) },
        }
    }

    /// By which of its keys the vendor goes, which is not always the stronger one.
    pub(super) fn meant(self) -> Called {
        match (self.called, self.other) {
            (Called::Profile(n), Some(Called::Email(m))) if (n + m) % 3 == 1 => Called::Email(m),
            (called, _) => called,
        }
    }

    /// All keys that it gives.
    pub(super) fn proof(self) -> Vec<LeadKey> {
        [Some(self.called), self.other].into_iter().flatten().map(Called::key).collect()
    }
}

impl Lead {
    /// What is asked of it at least where a batch asks so much, whatever its team's policies.
    pub(super) fn least_asked(self, asked: Reveals) -> Reveals {
        Reveals { email: asked.email && !self.ask().has_email, ..asked }
    }
}

/// What the vendor has of a person: most have an email, half have a phone.
pub(super) const fn has(n: u64) -> Reveals {
    Reveals { email: n % 4 != 3, phone: n.is_multiple_of(2) }
}

/// What comes back of a person, where so much is asked.
pub(super) fn shows(n: u64, asked: Reveals) -> Reveals {
    Reveals { email: asked.email && has(n).email, phone: asked.phone && has(n).phone }
}

/// A person's result, with the keys that it shows.
pub(super) fn result(n: u64, asked: Reveals) -> Evidence {
    let back = shows(n, asked);
    let mut aliases = vec![Called::Profile(n).key()];
    if back.email {
        aliases.push(Called::Email(n).key());
    }
    let phones = if back.phone { vec![phone(&n.to_string())] } else { vec![] };
    let shown = Shown { email: back.email, phones };
    let name = NameMarks::default();
    Evidence::Found { person: person(&n.to_string()), aliases, answers_key: true, shown, name }
}
