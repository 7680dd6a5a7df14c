//! Email validations: what is known under an address, and how far the vendor is with each.

use crate::domain::identity::keys::LeadKey;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::domain::uuid::Uuid;
use crate::ledger::ids::ResultRef;

/// What is known of an address: to everybody, or to one team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressKey {
    /// The address.
    pub address: LeadKey,
    /// Whose alone it is; none where it is everybody's.
    pub kept_for: Option<TeamId>,
}

/// The validation that an address was last sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRow {
    /// Its place in it. The verdict is in the vault, once the validation has ended.
    pub at: ResultRef,
    /// When it was asked: it counts as validated from then on, and no read extends that.
    pub asked_at: Timestamp,
}

/// How far the vendor is with the addresses that one batch has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The vendor's name for it, once it was taken.
    pub named: Option<Uuid>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When all that the vendor says of it was brought home.
    pub ended_at: Option<Timestamp>,
    /// When the vault forgets its verdicts, once it has ended.
    pub results_until: Option<Timestamp>,
    /// Of how many addresses it says something.
    pub answered: u32,
    /// Its caller cancelled and nobody else waits: the vendor is told.
    pub is_canceled: bool,
    /// Whether other batches wait for it.
    pub is_joined: bool,
}

impl Validation {
    /// Whether the vendor has it and may still answer.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.named.is_some() && self.ended_at.is_none()
    }
}
