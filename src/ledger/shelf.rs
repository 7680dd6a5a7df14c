//! Where rows are kept. A store that keeps each step as if it had run alone, over rows that it can
//! show, is a ledger: the steps themselves are the same for all.

use std::future::Future;

use super::Outcome;
use super::draft::{Draft, Fault};

/// A store whose steps are as if one ran at a time.
pub trait Shelf: Send + Sync + 'static {
    /// Runs a step and keeps what it writes, all of it or nothing; durable before it answers. A
    /// step may be run more than once, and only its last run counts.
    fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> impl Future<Output = Outcome<T>> + Send;

    /// Looks at the rows as they stand after every step that was answered.
    fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> impl Future<Output = Outcome<T>> + Send;

    /// Waits until all that can be read now is as durable as what steps answer that are acted on.
    /// Most stores show nothing before it is.
    fn confirm(&self) -> impl Future<Output = Outcome<()>> + Send {
        std::future::ready(Ok(()))
    }
}
