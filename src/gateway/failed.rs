//! Failures of the stores, and the resulting answers to callers.

use tracing::warn;

use super::Refusal;
use crate::domain::budget::NoRoom;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::LedgerError;
use crate::ledger::step::Refused;
use crate::vault::VaultError;

/// A store failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The ledger.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The vault.
    #[error("the vault: {0}")]
    Vault(#[from] VaultError),
}

impl Refusal {
    /// The answer to a refusal of the ledger; `None` if only the id was taken and another one must
    /// be used.
    pub(super) fn of(refused: Refused, team: &TeamId, now: Timestamp) -> Option<Self> {
        Some(match refused {
            Refused::Collision => return None,
            Refused::Quota(short) => Self::Quota(short),
            Refused::Limit(exceeded) => Self::Limit(exceeded),
            Refused::Beyond(excess) => Self::Beyond(excess),
            Refused::OtherRequest => Self::KeyReused,
            Refused::Paused => Self::TeamPaused(team.clone()),
            Refused::PhonesNotAllowed => Self::PhonesNotAllowed(team.clone()),
            Refused::NoTeam => Self::BadKey,
            // The gateway checks what is missing and repeats the step.
            Refused::Unchecked(_) | Refused::NeedsLeads => Self::StoreAway {
                why: "the admission was repeated too often without being stored".to_owned(),
            },
            Refused::TooManyValidations(no_room) => Self::TooManyValidations {
                retry_after: match no_room {
                    NoRoom::Before(until) => Some(until.since(now)),
                    NoRoom::Ever => None,
                },
            },
            Refused::NoAnswers(until) => Self::VendorBusy { retry_after: until.since(now) },
        })
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        warn!(%error, "a request could not be stored");
        match error {
            // A write that may be lost again is not confirmed to the caller.
            LedgerError::Unknown(_) | LedgerError::NotDurable => Self::OutcomeUnknown,
            LedgerError::WrongEpoch => Self::OtherStore,
            other => Self::StoreAway { why: other.to_string() },
        }
    }
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Ledger(error) => error.into(),
            // Nothing refers to what the vault may have stored.
            Failed::Vault(error) => {
                warn!(%error, "the data of a request could not be stored or read");
                Self::StoreAway { why: error.to_string() }
            }
        }
    }
}
