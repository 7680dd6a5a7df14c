//! The tables of the books: what rows there are, under which keys.

use super::codec::{Ordered, Stored};
use super::ids::{BatchId, JobId, ResultRef};
use super::record::batch::{Batch, Join, Slot};
use super::record::entry::Entry;
use super::record::job::{Answered, Job, JobLead};
use super::record::lane::{DueAt, Lane, Rotation};
use super::record::lead::{LeadRow, PersonRow};
use super::record::opening::Opening;
use super::record::remnant::Remnant;
use super::record::replay::Replay;
use super::record::settlement::Progress;
use super::record::stage::Stage;
use super::record::tally::{Tally, TallyKey};
use super::record::team::{Key, Team};
use super::record::usage::UseKey;
use super::record::validation::{AddressKey, AddressRow, Validation};
use crate::domain::budget::{Budget, HourlyUse};
use crate::domain::estimate::Observed;
use crate::domain::identity::keys::{LeadKey, PersonKey, ReplayKey};
use crate::domain::outage::Outage;
use crate::domain::reveal::Reveals;
use crate::domain::shortage::Shortage;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;

/// A kind of rows.
pub trait Table {
    /// Which one.
    const ID: TableId;
    /// What a row is found by.
    type Key: Ordered;
    /// What a row holds.
    type Row: Stored;
}

/// So many leads of a batch or a job stand in one row of slots or leads.
pub const CHUNK: u32 = 500;

/// So many leads are settled in one step. Their answers stand in one row, with the turn that settled
/// them.
pub const SETTLED_AT_ONCE: u32 = 100;

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $name:literal, $key:ty => $row:ty;)+) => {
        /// Which table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TableId {
            $($(#[$doc])* $table,)+
        }

        impl TableId {
            /// All tables.
            pub const ALL: &[Self] = &[$(Self::$table),+];

            /// The table's name in a store.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$table => $name,)+
                }
            }
        }

        $($(#[$doc])*
        #[derive(Debug)]
        pub struct $table;

        impl Table for $table {
            const ID: TableId = TableId::$table;
            type Key = $key;
            type Row = $row;
        })+
    };
}

tables! {
    /// Teams.
    Teams: "teams", TeamId => Team;
    /// Keys of teams, by their public half.
    Keys: "keys", String => Key;
    /// Counters.
    Tallies: "tallies", TallyKey => Tally;
    /// What counts towards teams' limits.
    Uses: "uses", UseKey => u64;
    /// What came back of the leads that teams paid for.
    Observations: "observations", TeamId => Observed;
    /// Batches.
    Batches: "batches", BatchId => Batch;
    /// A batch's slots, [`CHUNK`] a row.
    Slots: "slots", (BatchId, u32) => Vec<Slot>;
    /// Jobs.
    Jobs: "jobs", JobId => Job;
    /// A job's leads, [`CHUNK`] a row.
    JobLeads: "job_leads", (JobId, u32) => Vec<JobLead>;
    /// A job's answers, [`SETTLED_AT_ONCE`] a row.
    Answers: "answers", (JobId, u32) => Answered;
    /// How far the settlement of a large job has come.
    Settlements: "settlements", JobId => Progress;
    /// What batches take from jobs of others, until the job ends.
    Joins: "joins", (JobId, BatchId) => Join;
    /// What is known under lead keys.
    Leads: "leads", LeadKey => LeadRow;
    /// What is known of persons.
    Persons: "persons", PersonKey => PersonRow;
    /// Sealed results that show a person and were superseded, with when the vault forgets them: whoever
    /// was answered with one may read it still, and a removal has to find it.
    Superseded: "superseded", (PersonKey, ResultRef) => Timestamp;
    /// Requests that may be asked again, and the batches that they became.
    Replays: "replays", ReplayKey => Replay;
    /// Jobs by the queues that they are due in: one for each team in each lane.
    Due: "due", DueAt => ();
    /// Which team's turn is next in each lane.
    Rotations: "rotations", Lane => Rotation;
    /// Jobs that wait to be gathered, by what they ask and until when, with how many leads they
    /// have.
    Waiting: "waiting", (Reveals, (Timestamp, JobId)) => u32;
    /// The journal.
    Journal: "journal", u64 => Entry;
    /// What the entries that were trimmed from the journal have moved.
    Carried: "carried", TallyKey => Tally;
    /// Single numbers: the epoch, the journal's bounds.
    Numbers: "numbers", String => u64;
    /// What was spent of the request budget, in one row, and of each allowance within it.
    Budgets: "budgets", String => Budget;
    /// What is known of an outage of the vendor's, in one row; there is none while it answers.
    Outages: "outages", String => Outage;
    /// The units of which the vendor's credits are out, by their names.
    Shortages: "shortages", String => Shortage;
    /// The validation that each address was last sent with, by teams that share, and by each that keeps
    /// to itself.
    Addresses: "addresses", AddressKey => AddressRow;
    /// How far the vendor is with validations, by the batch whose call they are.
    Validations: "validations", BatchId => Validation;
    /// When each request that may be asked again becomes a new one: the sweep finds those that are
    /// over by it.
    ReplayEnds: "replay_ends", (Timestamp, ReplayKey) => ();
    /// How many chunks are left of batches and jobs that were swept and were too large for one step.
    Remnants: "remnants", Remnant => u32;
    /// Open jobs by their stage, in the order of their names, which is that of their admission.
    Stages: "stages", (Stage, JobId) => ();
    /// How far the quotas that are new in the middle of a period have been counted.
    Openings: "openings", TeamId => Opening;
    /// What was used in the last hour of what the vendor takes only so much of in one.
    HourlyUses: "hourly_uses", String => HourlyUse;
}
