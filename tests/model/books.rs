//! What the ledger has written down: jobs, what was paid for persons, and the teams' tallies.

use crate::setup::{JOBS, LEADS, TEAMS};

/// The books. One step reads and writes them at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Books {
    /// One for each batch that may be asked for.
    pub(crate) jobs: [Job; JOBS],
    pub(crate) persons: [Facts; LEADS],
    pub(crate) tallies: [Tally; TEAMS],
    /// How many finds were charged that the vendor may have found free.
    pub(crate) perhaps_free: i8,
    pub(crate) circuit: Circuit,
    /// What came onto each team's books for finds that were spared at admission, and no quota asked.
    pub(crate) unasked: [i8; TEAMS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) state: State,
    /// The leads that it carries, and that others may join while it lives.
    pub(crate) own: [bool; LEADS],
    /// How often it began to be sent.
    pub(crate) attempts: u8,
    /// How many of the attempts may have reached the vendor and were not answered.
    pub(crate) unanswered: u8,
    /// When a byte of it may first have left.
    pub(crate) first_sent: Option<u8>,
    /// When its last attempt began.
    pub(crate) last_sent: Option<u8>,
    /// The vendor's name for it, once known: which POST was answered.
    pub(crate) vendor_id: Option<usize>,
    /// The leads whose find is reserved.
    pub(crate) finds: [bool; LEADS],
    pub(crate) reserved: i8,
    pub(crate) unresolved: i8,
    pub(crate) charged: i8,
    /// All that was ever reserved for it.
    pub(crate) worst: i8,
    /// How often its reservation was taken off the tally.
    pub(crate) ends: u8,
    /// How many of its leads are settled, and what was due for them.
    pub(crate) settled: usize,
    pub(crate) due: i8,
    /// How many attempts there were when its caller cancelled it.
    pub(crate) canceled_after: Option<u8>,
}

/// The circuit to the vendor, which all replicas share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Circuit {
    /// How many attempts in a row were not answered.
    pub(crate) unanswered: u8,
    /// Once it is open: when the next probe may be sent.
    pub(crate) probe_at: Option<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Not asked for yet.
    #[default]
    Absent,
    /// So many of its leads are staged; nothing is reserved.
    Staging(usize),
    /// Ended before it began: the quota was short, or another batch pushed its record aside.
    Refused,
    Aborted,
    Ready,
    Sending,
    Unknown,
    Bound,
    Unresolved,
    Resolved,
    Done,
    Void,
}

/// What was paid for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    /// Until when the person is surely found for nothing.
    pub(crate) free_until: Option<u8>,
    /// By when the vendor had made its latest charge for the find.
    pub(crate) charged_by: Option<u8>,
    pub(crate) owned: u8,
}

/// What one team has on the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tally {
    pub(crate) spent: i8,
    pub(crate) reserved: i8,
    pub(crate) unresolved: i8,
}

impl Job {
    /// Whether its answer may still come in the ordinary way.
    pub(crate) const fn is_alive(&self) -> bool {
        matches!(self.state, State::Ready | State::Sending | State::Unknown | State::Bound)
    }

    /// The leads that it carries.
    pub(crate) fn leads(self) -> impl Iterator<Item = usize> {
        (0..LEADS).filter(move |lead| self.own[*lead])
    }

    /// What stands on the books for it.
    pub(crate) const fn on_books(&self) -> i8 {
        self.charged + self.reserved + self.unresolved
    }
}

impl Tally {
    pub(crate) const fn sum(self) -> i8 {
        self.spent + self.reserved + self.unresolved
    }
}
