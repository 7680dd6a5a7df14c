//! Operations of operators on batches, the ledger and persons. Each is owned by a task of the
//! gateway, so it is completed even if the caller disconnects.

mod batches;
mod correct;
mod erase;

pub use batches::{
    BatchDetail, BatchKind, BatchState, Batches, Listing, SlotShown, Source, Summary, Why,
};
pub use correct::{Booked, Charged, Correction};
pub use erase::{Erasing, Erasure, Named};

use super::{Gateway, Refusal};

impl Gateway {
    /// Runs an operation in a task of the gateway, and waits for it.
    async fn owned<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let done = self.tasks.spawn(work).await;
        done.unwrap_or_else(|died| Err(Refusal::StoreAway { why: died.to_string() }))
    }
}
