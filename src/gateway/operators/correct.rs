//! Corrections: resolving unresolved credits, and adjustments of a team's usage.

use std::time::Duration;

pub use crate::ledger::record::job::Charged;
pub use crate::ledger::step::Booked;

use tracing::info;

use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::note::Note;
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::gateway::{BatchId, Gateway, Refusal};
use crate::ledger::Ledger;
use crate::ledger::step::{Adjusted, Adjustment, Resolution, Resolved};

/// How long an adjustment is recognised by its key, like a caller's request.
const KNOWN_FOR: Duration = Duration::from_hours(24);

/// An adjustment of a team's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The team.
    pub team: TeamId,
    /// The unit.
    pub unit: Unit,
    /// Added to the spent credits; may be negative.
    pub amount: Credits,
    /// The reason.
    pub note: Note,
}

impl Gateway {
    /// Resolves the unresolved credits of a batch. Repeated, it returns what was booked the first
    /// time.
    ///
    /// # Errors
    /// [`Refusal::UnknownBatch`], [`Refusal::NothingUnresolved`], [`Refusal::MoreThanUnresolved`],
    /// [`Refusal::ResolvedOtherwise`], or the store is not available.
    pub async fn resolve(
        &self,
        id: BatchId,
        charged: Charged,
        note: Note,
    ) -> Result<Booked, Refusal> {
        let gateway = self.clone();
        let resolution = Resolution { batch: id, charged, note: Some(note) };
        self.owned(async move { gateway.resolve_decided(resolution).await }).await
    }

    async fn resolve_decided(&self, resolution: Resolution) -> Result<Booked, Refusal> {
        let (id, charged) = (resolution.batch, resolution.charged);
        match self.ledger.resolve(resolution).await? {
            Resolved::Booked(booked) => {
                if booked.is_first {
                    self.metrics.spend(&booked.team, &Charges::of_other(booked.spent));
                    info!(
                        batch.id = %id,
                        team = %booked.team,
                        credits.charged = %booked.spent,
                        credits.released = %booked.released,
                        "an operator resolved batch {id}: {} charged", booked.spent
                    );
                }
                Ok(booked)
            }
            Resolved::NoSuchBatch => Err(Refusal::UnknownBatch),
            Resolved::NothingUnresolved => Err(Refusal::NothingUnresolved),
            Resolved::MoreThanUnresolved(unresolved) => {
                let said = match charged {
                    Charged::Some(said) => said,
                    Charged::All | Charged::Nothing => Amounts::ZERO,
                };
                Err(Refusal::MoreThanUnresolved { said, unresolved })
            }
            Resolved::SaidOtherwise(word) => {
                Err(Refusal::ResolvedOtherwise { at: word.at, before: word.charged })
            }
        }
    }

    /// Adjusts a team's usage with a new entry; returns its number. Repeated with the same key, it
    /// books nothing and returns the same number.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], [`Refusal::KeyReused`], [`Refusal::SpentBelowZero`], or the store
    /// is not available.
    pub async fn adjust(
        &self,
        correction: Correction,
        key: &IdempotencyKey,
    ) -> Result<u64, Refusal> {
        let Correction { team, unit, amount, note } = correction;
        let credits = amount.to_string();
        let texts = [team.as_str(), unit.name(), &credits, note.as_str()].map(Some);
        let request = self.keyer.request_key(&texts);
        let key = self.keyer.adjustment_key(key);
        let note = Some(note);
        let adjustment = Adjustment { team, unit, amount, note, key, request, window: KNOWN_FOR };
        let gateway = self.clone();
        self.owned(async move { gateway.adjust_decided(adjustment).await }).await
    }

    async fn adjust_decided(&self, adjustment: Adjustment) -> Result<u64, Refusal> {
        let Adjustment { team, unit, amount, .. } = adjustment.clone();
        match self.ledger.adjust(adjustment).await? {
            Adjusted::Booked { entry, is_first } => {
                if is_first {
                    self.metrics.spend(&team, &Charges::of_other(Amounts::of(unit, amount)));
                    info!(
                        %team,
                        %unit,
                        credits.adjusted = %amount,
                        entry,
                        "booked an adjustment of {team}"
                    );
                }
                Ok(entry)
            }
            Adjusted::OtherRequest => Err(Refusal::KeyReused),
            Adjusted::BelowZero { period, spent } => {
                Err(Refusal::SpentBelowZero { team, unit, period, spent, amount })
            }
            Adjusted::NoTeam => Err(Refusal::NoSuchTeam),
        }
    }
}
