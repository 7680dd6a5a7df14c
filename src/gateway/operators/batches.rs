//! Batches of all teams: list, show and cancel.

pub use crate::ledger::record::batch::Source;
pub use crate::ledger::transition::list::{
    BatchState, Detail as BatchDetail, Kind as BatchKind, Listed as Batches, Listing, Summary,
};
pub use crate::ledger::transition::slots::{SlotShown, Why};

use tracing::info;

use crate::domain::note::Note;
use crate::gateway::{BatchId, Gateway, Refusal};
use crate::ledger::Ledger;
use crate::ledger::step::Canceled;
use crate::ledger::transition::list::Kind;

impl Gateway {
    /// Batches, the latest first.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn batches(&self, listing: Listing) -> Result<Batches, Refusal> {
        Ok(self.ledger.batches(listing).await?)
    }

    /// A batch with its entries and the slots from one position, counted from 0, to another.
    ///
    /// # Errors
    /// [`Refusal::UnknownBatch`], or the store is not available.
    pub async fn batch(&self, id: BatchId, from: u32, to: u32) -> Result<BatchDetail, Refusal> {
        self.ledger.batch(id, from, to).await?.ok_or(Refusal::UnknownBatch)
    }

    /// Cancels a batch for an operator, with the same rules as for its caller. Returns its new
    /// state.
    ///
    /// # Errors
    /// [`Refusal::UnknownBatch`], [`Refusal::NotCancelable`], or the store is not available.
    pub async fn cancel_for(&self, id: BatchId, note: Note) -> Result<Summary, Refusal> {
        let gateway = self.clone();
        self.owned(async move { gateway.cancel_noted(id, note).await }).await
    }

    async fn cancel_noted(&self, id: BatchId, note: Note) -> Result<Summary, Refusal> {
        let noted = Some(note.clone());
        match self.batch(id, 0, 0).await?.summary.kind {
            Some(Kind::Enrichment | Kind::Find) => {
                if self.ledger.cancel(id, noted).await? == Canceled::NoSuchBatch {
                    return Err(Refusal::UnknownBatch);
                }
            }
            Some(Kind::Validation) => self.ledger.cancel_validation(id, noted).await?,
            Some(Kind::Call) | None => return Err(Refusal::NotCancelable),
        }
        self.wake.notify_one();
        info!(batch.id = %id, reason = %note, "batch {id} was cancelled by an operator");
        Ok(self.batch(id, 0, 0).await?.summary)
    }
}
