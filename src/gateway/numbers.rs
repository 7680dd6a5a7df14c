//! Batch ids, from blocks of numbers that this process takes from the store's counter.

use tokio::sync::Mutex;

use super::Gateway;
use super::caller::random;
use crate::ledger::ids::BatchId;
use crate::ledger::transition::numbering::Taking;
use crate::ledger::{Ledger, LedgerError};

/// The size of a block. Numbers left over when the process ends are never used.
const BLOCK: u64 = 50;

/// The numbers that this process has taken and not used.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Block>);

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// The next number.
    next: u64,
    /// The end of the block.
    end: u64,
}

impl Gateway {
    /// A new id.
    pub(super) async fn new_batch_id(&self) -> Result<BatchId, LedgerError> {
        let mut block = self.numbers.0.lock().await;
        if block.next == block.end {
            let first = (block.end == 0).then(|| u16::from_be_bytes(random()));
            let taking = Taking { count: BLOCK, least: block.end, first };
            let first = self.ledger.take_numbers(taking).await?;
            *block = Block { next: first, end: first + BLOCK };
        }
        let number = block.next;
        block.next += 1;
        drop(block);
        BatchId::new(number)
            .ok_or_else(|| LedgerError::Invariant(format!("{number} is not a batch id")))
    }
}
