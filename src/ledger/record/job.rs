//! Jobs, their parts, their leads and their answers.

use crate::domain::credits::Amounts;
use crate::domain::credits::Unit;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::period::PeriodId;
use crate::domain::pricing::{Charges, Prices, WorstCase};
use crate::domain::request_id::RequestId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::{BatchId, JobId, Lease};
use crate::ledger::record::entry::Posting;
use crate::ledger::record::lane::Waiter;

/// The leads that travel to the vendor as one of its batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// How it travels.
    pub way: Way,
    /// Where it stands.
    pub state: State,
    /// What it asks of each person.
    pub reveals: Reveals,
    /// How many leads it carries.
    pub leads: u32,
    /// Whose leads they are, in order; together they cover all of them. A coach has none: what it
    /// costs is on the parts of its passengers.
    pub parts: Vec<Part>,
    /// The gathered jobs that travel in it, in the order of their leads: it is a coach. None in any
    /// other job.
    pub passengers: Vec<JobId>,
    /// How much of it is sent at a time, while a lead is looked for that the vendor refuses.
    pub window: Option<Window>,
    /// How often the vendor has refused it, or what it was part of.
    pub refusals: u32,
    /// Leads of other batches wait for some of its leads that it does not carry any more, and are to be
    /// driven off it.
    pub has_strays: bool,
    /// The teams that wait for it besides the one that pays for its first part. Of a coach, those of
    /// its passengers.
    pub waiters: Vec<Waiter>,
    /// Until when it waits for others to travel with; none once it has had a turn, and where it
    /// travels alone.
    pub waits_until: Option<Timestamp>,
    /// How often it began to be sent: the attempt's number.
    pub attempts: u32,
    /// How many of the attempts may have reached the vendor and were not answered.
    pub unanswered: u32,
    /// When a byte of it may first have left.
    pub first_sent_at: Option<Timestamp>,
    /// By when the vendor has made its last charge for it, whichever of its attempts it took.
    pub charged_by: Option<Timestamp>,
    /// The vendor's id, once known.
    pub vendor_id: Option<VendorId>,
    /// When the vendor's id became known.
    pub bound_at: Option<Timestamp>,
    /// When something is to be done about it; none once nothing is.
    pub due: Option<Timestamp>,
    /// Whose turn it is.
    pub lease: Lease,
    /// Its caller cancelled, nobody else waits, and every attempt was answered: the vendor is to be
    /// told.
    pub is_cancel_wanted: bool,
    /// When it last came to an end: unresolved, resolved, settled or void.
    pub ended_at: Option<Timestamp>,
    /// The journal's entries about it, in order.
    pub postings: Vec<Posting>,
    /// When the vault forgets the last of its results: its answers stay until then. None where it has
    /// no result.
    pub results_until: Option<Timestamp>,
    /// The combined job that it was settled with.
    pub settled_with: Option<JobId>,
    /// Whether results that the store has lost are read from the vendor again.
    pub restoring: Restoring,
}

/// Whether a settled job's results are read from the vendor again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restoring {
    /// They never were.
    #[default]
    Never,
    /// They are to be read.
    Wanted,
    /// They were, or could not be, at this moment.
    Tried(Timestamp),
}

impl Part {
    /// Whether it counts in all time, as every part does but what adoption could not tell to be a
    /// job's: that is of one period only.
    #[must_use]
    pub fn counts_in_all_time(&self) -> bool {
        let total = PeriodId::total();
        self.periods.iter().any(|(_, period)| *period == total)
    }
}

impl Job {
    /// One that is ready, carries nothing yet and is due for nothing.
    #[must_use]
    pub fn new(id: JobId, way: Way) -> Self {
        Self {
            id,
            way,
            state: State::Ready,
            reveals: Reveals::default(),
            leads: 0,
            parts: Vec::new(),
            passengers: Vec::new(),
            window: None,
            refusals: 0,
            has_strays: false,
            waiters: Vec::new(),
            waits_until: None,
            attempts: 0,
            unanswered: 0,
            first_sent_at: None,
            charged_by: None,
            vendor_id: None,
            bound_at: None,
            due: None,
            lease: Lease::default(),
            is_cancel_wanted: false,
            ended_at: None,
            postings: Vec::new(),
            results_until: None,
            settled_with: None,
            restoring: Restoring::Never,
        }
    }

    /// When it pays to look whether anything has become of it. What is being sent is due when its
    /// sender would have died, and is answered before that.
    #[must_use]
    pub fn worth_a_look_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.state == State::Sending { Some(now) } else { self.due }
    }

    /// How many of its leads, from the first on, are sent together.
    #[must_use]
    pub fn sent_to(&self) -> u32 {
        self.window.map_or(self.leads, |window| window.end)
    }

    /// Whether its answer may still come in the ordinary way, so that leads may join it.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        matches!(
            self.state,
            State::Ready | State::Gathered(_) | State::Sending | State::Unknown | State::Bound
        )
    }

    /// Whether gathered jobs travel in it.
    #[must_use]
    pub const fn is_coach(&self) -> bool {
        !self.passengers.is_empty()
    }

    /// By when the vendor had surely charged what it answered at `now`. Where an attempt was not
    /// answered, the vendor may be at work on it still.
    #[must_use]
    pub fn surely_charged_by(&self, now: Timestamp) -> Timestamp {
        self.charged_by.filter(|_| self.unanswered > 0).map_or(now, |by| by.max(now))
    }

    /// Whether anything that happens to it may still move a tally.
    #[must_use]
    pub fn may_move_credits(&self) -> bool {
        !matches!(self.state, State::Done | State::Void(_)) || self.has_open_charge()
    }

    /// Whether anything stands reserved or unresolved for it.
    #[must_use]
    pub fn has_open_charge(&self) -> bool {
        self.parts.iter().any(|part| !part.reserved.is_zero() || !part.unresolved.is_zero())
    }

    /// Whether an answer can be told to be its leads'. A call has none, and of a job that was lost
    /// with its store only what it has open is known.
    #[must_use]
    pub const fn is_answered_by_lead(&self) -> bool {
        self.leads > 0 && !matches!(self.way, Way::Call)
    }

    /// Whether leads of other batches may join it.
    #[must_use]
    pub const fn is_joinable(&self) -> bool {
        self.is_alive() && !self.is_cancel_wanted
    }
}

/// The front of a job's leads, sent without the others. The vendor refused more of them at once and named
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The index of the first lead that is not sent.
    pub end: u32,
    /// Where the leads end that were refused together.
    pub suspect: u32,
}

/// How a job travels to the vendor, and its answer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a batch of the vendor's: taken and named first, asked after until it ends.
    Batch,
    /// As one look-up of one person, whose answer settles it.
    LookUp,
    /// As one call of another kind: paid for as soon as the vendor takes it, and never made again.
    Call,
}

impl Way {
    /// Whether the answer to the sending is the job's whole answer, so that the vendor never names
    /// the job.
    #[must_use]
    pub const fn is_answered_at_once(self) -> bool {
        match self {
            Self::Batch => false,
            Self::LookUp | Self::Call => true,
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Certainly not with the vendor.
    Ready,
    /// It travels in this coach, and stands where that one stands. The step that ends the coach
    /// ends it, too, so neither outlives the other.
    Gathered(JobId),
    /// An attempt is being made: bytes may have left.
    Sending,
    /// An attempt was made and not answered: the vendor may have taken it.
    Unknown,
    /// The vendor took it and named it.
    Bound,
    /// Nobody could learn its charge; what was reserved stands unresolved.
    Unresolved(Reason),
    /// An operator said what it cost; evidence that comes later is booked as a difference.
    Resolved,
    /// Settled.
    Done,
    /// Ended, certainly not charged.
    Void(Cause),
}

/// Why a job is unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No attempt was answered, and no further one is safe or allowed.
    NoAnswer,
    /// The vendor did not end it in time.
    Deadline,
    /// The vendor no longer knows it.
    Gone,
    /// The vendor ended it in error and listed nothing.
    Failed,
    /// The vendor's answer is larger than one to its leads can be.
    TooLarge,
    /// What was to be sent again is no longer there.
    BodyLost,
    /// The store that held it was lost.
    StoreLost,
}

/// Why a job is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The vendor refused it.
    Refused,
    /// The vendor's own credits are out.
    VendorCredits,
    /// Its caller cancelled before it was sent.
    Canceled,
    /// What was to be sent is no longer there.
    BodyLost,
    /// It was a call, and could not be made: it waits for no second chance.
    NotSent,
    /// Of a coach: its passengers go on without it.
    Split,
}

/// What one batch has in a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The batch.
    pub batch: BatchId,
    /// Who pays.
    pub team: TeamId,
    /// The id of the request that asked, where it had one.
    pub request: Option<RequestId>,
    /// Whose alone its answers are; none where they are everybody's.
    pub kept_for: Option<TeamId>,
    /// How many of the job's leads it has; parts follow one another.
    pub leads: u32,
    /// When it was admitted: the date of everything it spends.
    pub admitted_at: Timestamp,
    /// The periods it was admitted in, all time included.
    pub periods: Vec<(Unit, PeriodId)>,
    /// The prices it was admitted under.
    pub prices: Prices,
    /// Set aside, until the job ends.
    pub reserved: Amounts,
    /// Reserved, of a charge that nobody could learn.
    pub unresolved: Amounts,
    /// Charged so far.
    pub charged: Charges,
    /// What an operator last said of what was unresolved of it.
    pub word: Option<Word>,
}

/// An operator's word on what was unresolved of a part, and what was booked by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// When it was given.
    pub at: Timestamp,
    /// How much of what the batch had unresolved was charged.
    pub charged: Charged,
    /// Booked as spent of this part.
    pub spent: Amounts,
    /// Released of this part.
    pub released: Amounts,
}

/// How much of what is unresolved was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// All of it.
    All,
    /// So much.
    Some(Amounts),
    /// Nothing.
    Nothing,
}

/// One lead of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLead {
    /// Whom it names.
    pub key: LeadKey,
    /// Its place in its batch, from 0.
    pub position: u32,
    /// What was reserved for it.
    pub worst: WorstCase,
    /// The vendor refused it: it is not sent, and nothing is reserved for it any more.
    pub is_refused: bool,
}

/// The answers of leads that were settled in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The turn that settled them: their results are in the vault under its name.
    pub turn: Lease,
    /// One for each lead, in order.
    pub answers: Vec<Answer>,
    /// What each lead was charged, in the same order.
    pub charged: Vec<Amounts>,
}

/// A person found, and how much of the person came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub person: PersonKey,
    /// Whether an email came back.
    pub email: bool,
    /// How many phone numbers came back that are charged for.
    pub phones: u32,
}

/// How one lead of a job was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a person; the result is in the vault.
    Found(Found),
    /// With nobody.
    NotFound,
    /// The person was removed.
    Removed,
    /// With something that could not be told to be this lead's, or not at all where another attempt
    /// may have been charged; its worst case is unresolved.
    Unmatched,
    /// Not at all, and not charged.
    Unanswered,
    /// With a refusal, and not charged.
    Refused,
}
