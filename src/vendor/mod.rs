//! The vendor's API, with every answer classified by what the gateway may do next.
//!
//! Each call is one request, sent once: nothing here retries, waits, enforces a budget or counts
//! credits. Free requests are forwarded (`passing`). The JSON of the vendor is confined to `wire`;
//! the types that leave this module are the gateway's own.

mod answer;
mod batch;
mod bounds;
mod call;
mod client;
mod cursor;
mod fields;
#[cfg(fuzzing)]
pub mod fuzz;
mod gathering;
mod matching;
mod passing;
mod retry_after;
mod sorting;
mod validation;
mod wire;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use answer::{Canceled, Cause, LookedUp, Read, Refusal, Submitted, Unread, Unreadable, Word};
pub use batch::{Batch, EndedPage, Ending, Finding, Page, VendorError, VendorResult};
pub use bounds::Remaining;
pub use call::{Called, Request, Whole};
pub use client::{HttpVendor, Unbuildable, VendorSettings};
pub use cursor::Cursor;
pub use fields::{Echo, LeadFields};
pub use gathering::{Gathered, Gathering};
pub use matching::{Matched, match_results};
pub use passing::{Passage, PassageBody, Passed, PassedBody, PassedHeaders};
pub use validation::{ValidationPage, Verdict};

use crate::domain::reveal::Reveals;
use crate::domain::vendor_id::VendorId;

/// Amplemarket, or a replacement of it.
pub trait Vendor: Send + Sync + 'static {
    /// Submits leads as one batch. Costs credits.
    fn submit(
        &self,
        leads: &[LeadFields<'_>],
        reveals: Reveals,
    ) -> impl Future<Output = Submitted<VendorId>> + Send;

    /// Looks up one lead, and returns the result in the same response. Costs credits.
    fn look_up(
        &self,
        lead: LeadFields<'_>,
        reveals: Reveals,
    ) -> impl Future<Output = Submitted<LookedUp>> + Send;

    /// Reads one page of a batch: the first, or the one of a cursor. Reads no more than
    /// `remaining`.
    fn page(
        &self,
        id: VendorId,
        after: Option<&Cursor>,
        remaining: Remaining,
    ) -> impl Future<Output = Result<Page, Unread>> + Send;

    /// Cancels a batch. Its results so far can still be read.
    fn cancel(&self, id: VendorId) -> impl Future<Output = Canceled> + Send;

    /// Reads a batch of this many leads completely, one request per page. Of a batch that has not
    /// ended only the first page is read.
    fn read(
        &self,
        id: VendorId,
        all: Remaining,
    ) -> impl Future<Output = Result<Read, Unread>> + Send {
        async move {
            let mut gathering = Gathering::default();
            loop {
                let remaining = gathering.remaining(all);
                let page = match self.page(id, gathering.after(), remaining).await? {
                    Page::Running { retry_after } => return Ok(Read::Running { retry_after }),
                    Page::Ended(page) => page,
                };
                gathering = match gathering.with(page).map_err(Cause::from)? {
                    Gathered::Partly(gathering) => gathering,
                    Gathered::Wholly(batch) => return Ok(Read::Ended(batch)),
                };
            }
        }
    }
}
