//! What one run explores: who asks for whom, how long, under which assumptions, and the one thing
//! that is wrong.

/// The most of everything that a run may have.
pub(crate) const JOBS: usize = 3;
pub(crate) const LEADS: usize = 2;
pub(crate) const POSTS: usize = 2;
pub(crate) const TEAMS: usize = 2;

/// Reveals are bits: what one covers, what is missing and what is owned are sets.
pub(crate) const NONE: u8 = 0;
pub(crate) const EMAIL: u8 = 1;
pub(crate) const PHONE: u8 = 2;

/// Prices in half credits, of one unit: two units would be two models side by side.
pub(crate) const FIND: i8 = 1;
pub(crate) const REVEAL: i8 = 2;

/// Quotas that no run exhausts.
const AMPLE: [i8; TEAMS] = [99, 99];

/// A batch that one caller may ask for, once. Its own leads travel as one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) team: usize,
    pub(crate) leads: &'static [usize],
    pub(crate) reveals: u8,
}

/// One run. The protocol as it is meant is the one in which nothing is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) asks: &'static [Ask],
    /// Whom the vendor finds for each lead: two leads may turn out to be one person.
    pub(crate) person_of: [usize; LEADS],
    /// Each team's quota.
    pub(crate) limits: [i8; TEAMS],
    /// When the run ends.
    pub(crate) ticks: u8,
    /// The charge window.
    pub(crate) window: u8,
    /// How long the vendor works on a batch at most.
    pub(crate) deadline: u8,
    pub(crate) on_no_answer: OnNoAnswer,
    pub(crate) admission: Admission,
    pub(crate) reserves: Reserves,
    pub(crate) gate: Gate,
    pub(crate) doubt: Doubt,
    pub(crate) stops: Stops,
    pub(crate) operator: Operator,
    pub(crate) store: Store,
    pub(crate) prices: Prices,
    pub(crate) settlement: Settlement,
    pub(crate) cancels: Cancels,
    pub(crate) outage: Outage,
    pub(crate) wrong: Option<Wrong>,
}

/// What is done about an attempt that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnNoAnswer {
    Retry,
    Hold,
}

/// How a batch gets onto the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// In one step.
    Whole,
    /// Lead by lead, each staged in a step of its own; the batch's record is the one commit point.
    Staged,
}

/// What is reserved for a lead whose person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserves {
    /// All that is asked.
    Everything,
    /// What was not paid yet; the find not where the charge window outlasts the job.
    WhatIsMissing,
}

/// By when the charge gate takes a find to have been charged by the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// By its settlement: a mistake where another attempt may still be worked on.
    AtSettlement,
    /// By when the last attempt ends at the latest, where an earlier one was not answered: the
    /// vendor may still be working on either.
    AtLastCharge,
}

/// What becomes of an attempt that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The vendor is done with it when the next one begins, and its answer never comes.
    Over,
    /// The vendor may be at work on it still.
    AtWork,
    /// Its answer may come after the next one began.
    HeardLate,
}

/// Whether the vendor ends batches before it has come to their leads: told to, or by a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    Never,
    AtAnyTime,
}

/// Whether jobs that the vendor took may be given up, too, and what follows a job that was: late
/// evidence, and an operator's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Away,
    Present,
}

/// What the store keeps of what it has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Everything,
    /// All but what was written since its copy was cut off, where it fails over to that copy.
    AllButASuffix,
}

/// When the vendor looks up what it has charged before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prices {
    /// When it charges.
    AtTheCharge,
    /// When it takes a batch: of two at once it charges both.
    AtTheTaking,
}

/// How a job with several leads is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// In one step.
    Whole,
    /// One lead in each step; the credits move with the last one.
    LeadByLead,
}

/// Which jobs a caller may cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancels {
    /// Those that were certainly never sent.
    BeforeSending,
    /// Those that are being sent or in doubt, too: they are not sent again.
    InDoubt,
}

/// What follows several unanswered attempts in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Nothing.
    Ignored,
    /// A circuit opens: one attempt in each tick is sent as a probe, until one is answered.
    OpensCircuit,
}

/// A mistake of the protocol, or an assumption about the world that does not hold. Each must be
/// caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A reservation is released by a timer though the vendor may have taken the job.
    ReleasedByTimer,
    /// Leads of an unanswered job are no longer joined.
    FreedWhileUnknown,
    /// Leads of a sent job are no longer joined after a while.
    FreedByTimer,
    /// A settlement that is repeated moves the tallies again.
    SettledTwice,
    /// Each job is charged for what it found, whatever was charged before.
    NoGate,
    /// The charge window is taken to begin at the settlement.
    WindowFromSettlement,
    /// The charge window is taken to last longer than the vendor's.
    WindowTooLong,
    /// An unanswered job is sent again though the window may have turned.
    RetriedAfterWindow,
    /// A staged lead is taken over after a while, and the record that staged it never asked.
    StolenByTimer,
    /// The quota is asked before the leads are staged, and not at the commit point.
    QuotaAskedEarly,
    /// What one attempt left unanswered is released, though another one may have been charged.
    ReleasedInDoubt,
    /// The reservation of a job is released with the first step of its settlement.
    ReleasedWithFirstStep,
    /// A step of a settlement that is repeated adds its lead again.
    StepCountsTwice,
    /// What a step of a settlement finds due is not booked at once after an operator's word.
    WordNotRaised,
    /// A cancelled job in doubt is sent again.
    CanceledSentAgain,
    /// A probe is sent without being claimed first.
    ProbeNotClaimed,
    /// Bytes leave though the turn that wrote them down is over.
    SentAfterTurn,
    /// Assumption: the vendor ends a batch within the deadline.
    SlowVendor,
    /// Assumption: what was confirmed before a byte left is never lost. Nothing is confirmed.
    Unconfirmed,
}

impl Setup {
    /// Two teams, one person, room for everything, and time for the window to turn once.
    pub(crate) const fn of(asks: &'static [Ask]) -> Self {
        Self {
            asks,
            person_of: [0, 1],
            limits: AMPLE,
            ticks: 4,
            window: 3,
            deadline: 1,
            on_no_answer: OnNoAnswer::Retry,
            admission: Admission::Whole,
            reserves: Reserves::Everything,
            gate: Gate::AtLastCharge,
            doubt: Doubt::Over,
            stops: Stops::Never,
            operator: Operator::Away,
            store: Store::Everything,
            prices: Prices::AtTheCharge,
            settlement: Settlement::Whole,
            cancels: Cancels::BeforeSending,
            outage: Outage::Ignored,
            wrong: None,
        }
    }

    /// The same run with something wrong.
    pub(crate) const fn with(self, wrong: Wrong) -> Self {
        Self { wrong: Some(wrong), ..self }
    }

    /// Whether the asks together may be more than the quotas.
    pub(crate) fn is_tight(&self) -> bool {
        self.limits != AMPLE
    }

    pub(crate) fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }
}
