//! Whose books a gateway opens: those of the epoch that the settings name, or whichever there are.

use tracing::info;

use super::StartError;
use super::secret;
use crate::domain::epoch::Epoch;
use crate::ledger::Ledger;
use crate::ledger::transition::epoch::Beginning;

/// Makes sure of the books that are meant, and begins new ones where none are named and there are
/// none.
pub(super) async fn begin(ledger: &impl Ledger, pinned: Option<Epoch>) -> Result<(), StartError> {
    if let Some(pinned) = pinned {
        let found = ledger.holdings().await?;
        let is_whole = found.adopting.is_none();
        return match found.epoch.or(found.adopting) {
            Some(epoch) if epoch != pinned => Err(StartError::OtherBooks { pinned, found: epoch }),
            Some(epoch) if is_whole => {
                info!(%epoch, "the ledger has epoch {epoch}");
                Ok(())
            }
            Some(epoch) => Err(StartError::HalfAdopted { epoch }),
            None => Err(StartError::NoBooks { pinned }),
        };
    }
    match ledger.begin(fresh()).await? {
        Beginning::Found(epoch) => info!(%epoch, "the ledger has epoch {epoch}"),
        Beginning::Begun(epoch) => info!(%epoch, "a new ledger begins, with epoch {epoch}"),
        Beginning::Adopting(epoch) => return Err(StartError::HalfAdopted { epoch }),
    }
    Ok(())
}

/// An epoch that there never was.
pub(super) fn fresh() -> Epoch {
    let random = secret::random();
    let number = random.first_chunk().expect("a secret has more than eight bytes");
    Epoch::from_number(u64::from_be_bytes(*number))
}
