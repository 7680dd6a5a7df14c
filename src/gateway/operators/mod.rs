//! What operators do about batches, books and persons. Each act is owned by a task of the gateway's, so
//! it comes to its end although its caller may hang up.

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
    /// Has a task of the gateway's own do something, and waits for it.
    async fn owned<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let done = self.tasks.spawn(work).await;
        done.unwrap_or_else(|died| Err(Refusal::StoreAway { why: died.to_string() }))
    }
}
