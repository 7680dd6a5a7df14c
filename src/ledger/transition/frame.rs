//! For whom leads are sorted: what their batch asks, and which answers it takes.

use std::time::Duration;

use crate::domain::limits::Room;
use crate::domain::reveal::Reveals;
use crate::domain::time::{Since, Timestamp};
use crate::ledger::ids::BatchId;
use crate::ledger::record::team::Team;
use crate::ledger::step::{LeadAsk, Lost, Terms};

/// For whom is planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The batch.
    pub(super) batch: BatchId,
    /// How many jobs it has made before.
    pub(super) jobs_made: u32,
    /// Whose it is, and by which policies it is answered.
    pub(super) team: &'a Team,
    /// What it asks.
    pub(super) reveals: Reveals,
    /// Since when an answer must have been settled; none where the settings alone say.
    pub(super) answers_since: Option<Timestamp>,
    /// What may be reserved for it: leads that need more are trimmed.
    pub(super) room: Room,
    /// The settings in force.
    pub(super) terms: &'a Terms,
    /// What the vault lacks of the results that are known.
    pub(super) lost: &'a Lost,
}

impl Frame<'_> {
    /// What is asked of one lead.
    pub(super) fn asked_of(&self, ask: LeadAsk) -> Reveals {
        if ask.has_email {
            self.team.policies.of_lead_with_email(self.reveals)
        } else {
            self.reveals
        }
    }

    /// Whether less is asked of some leads than of others.
    pub(super) fn strips(&self) -> bool {
        self.team.policies.of_lead_with_email(self.reveals) != self.reveals
    }

    /// By when a batch admitted at `now` is surely read no more.
    pub(super) fn readable_until(&self, now: Timestamp) -> Timestamp {
        now.after(self.terms.horizon).after(self.terms.batch_ttl)
    }

    /// Since when an answer must have been settled, where the settings let it live so long.
    pub(super) fn since(&self, ttl: Duration, now: Timestamp) -> Since {
        let settings = now.before(ttl);
        let earliest = self.answers_since.map_or(settings, |since| since.max(settings));
        Since { earliest, now }
    }
}
