//! Answers of the vendor that were read and are not settled yet. A poll that stops for any reason
//! (the request budget is used up, the store is not available, the lease is lost) leaves its pages
//! here, and the job's next poll in this process continues from there. No page is read twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::evidence::Answer;
use crate::ledger::ids::JobId;
use crate::vendor::{Batch, Cursor, EndedPage, Gathered, Gathering, Remaining, Unreadable};

/// The maximum number of stored results of all jobs together. Beyond that the oldest are dropped,
/// and read again if their job still needs them: another replica may have ended it.
const RESULTS_MAX: usize = 300_000;

/// The maximum size of them.
const BYTES_MAX: usize = 512 * 1024 * 1024;

/// The stored answers, by job.
#[derive(Default)]
pub(super) struct Unsettled(Mutex<All>);

#[derive(Default)]
struct All {
    read: HashMap<JobId, (u64, Read)>,
    /// The number of the next entry: the oldest has the lowest.
    next: u64,
}

/// The stored answer of one job.
enum Read {
    /// Its first pages.
    Partly(Gathering),
    /// The whole answer.
    Wholly(Arc<Answer>),
}

impl Read {
    fn results(&self) -> usize {
        match self {
            Self::Partly(pages) => pages.results(),
            Self::Wholly(answer) => answer.leads.len(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Partly(pages) => pages.bytes(),
            Self::Wholly(answer) => answer.bytes(),
        }
    }
}

impl Unsettled {
    /// Takes the stored pages of a job's answer. They are put back when the result is dropped.
    pub(super) fn pages(&self, job: JobId) -> PagesRead<'_> {
        let gathering = match self.all().read.remove(&job) {
            Some((_, Read::Partly(pages))) => pages,
            Some((_, Read::Wholly(_))) | None => Gathering::default(),
        };
        PagesRead { unsettled: self, job, gathering }
    }

    /// Stores a job's whole answer.
    pub(super) fn keep_answer(&self, job: JobId, answer: &Arc<Answer>) {
        self.keep(job, Read::Wholly(Arc::clone(answer)));
    }

    /// The whole answer of a job, if it was read.
    pub(super) fn answer(&self, job: JobId) -> Option<Arc<Answer>> {
        match self.all().read.get(&job)? {
            (_, Read::Wholly(answer)) => Some(Arc::clone(answer)),
            (_, Read::Partly(_)) => None,
        }
    }

    /// Drops the stored answer of a job.
    pub(super) fn remove(&self, job: JobId) {
        self.all().read.remove(&job);
    }

    fn keep(&self, job: JobId, read: Read) {
        let mut all = self.all();
        let number = all.next;
        all.next += 1;
        all.read.insert(job, (number, read));
        while all.sum(Read::results) > RESULTS_MAX || all.sum(Read::bytes) > BYTES_MAX {
            let oldest = all.read.iter().min_by_key(|(_, (number, _))| *number);
            let Some(oldest) = oldest.map(|(job, _)| *job) else { break };
            all.read.remove(&oldest);
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn sum(&self, of: impl Fn(&Read) -> usize) -> usize {
        self.read.values().map(|(_, read)| of(read)).sum()
    }
}

/// The pages of a job's answer that were read so far. When dropped, they are stored for the next
/// poll.
pub(super) struct PagesRead<'a> {
    unsettled: &'a Unsettled,
    job: JobId,
    gathering: Gathering,
}

impl PagesRead<'_> {
    /// The number of their results.
    pub(super) fn results(&self) -> usize {
        self.gathering.results()
    }

    /// The rest of this limit of the whole answer.
    pub(super) fn remaining(&self, all: Remaining) -> Remaining {
        self.gathering.remaining(all)
    }

    /// The cursor of the next page; `None` for the first.
    pub(super) fn after(&self) -> Option<&Cursor> {
        self.gathering.after()
    }

    /// Adds a page; returns the whole batch after the last one.
    pub(super) fn add(&mut self, page: EndedPage) -> Result<Option<Batch>, Unreadable> {
        match std::mem::take(&mut self.gathering).with(page)? {
            Gathered::Partly(gathering) => {
                self.gathering = gathering;
                Ok(None)
            }
            Gathered::Wholly(batch) => Ok(Some(batch)),
        }
    }
}

impl Drop for PagesRead<'_> {
    fn drop(&mut self) {
        if self.results() > 0 {
            self.unsettled.keep(self.job, Read::Partly(std::mem::take(&mut self.gathering)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ids::BatchId;
    use crate::vendor::{Echo, Ending, Finding, VendorResult};

    fn job(n: u64) -> JobId {
        JobId { batch: BatchId::new(n).unwrap(), ordinal: 0 }
    }

    /// A page of an answer that has another page.
    fn page(results: usize, bytes: usize) -> EndedPage {
        let result =
            VendorResult { position: None, echo: Echo::default(), finding: Finding::NotFound };
        let (ending, results) = (Ending::Completed, Some(vec![result; results]));
        let batch = Batch { ending, results, errors: Vec::new() };
        EndedPage { batch, next: Some(Cursor::of("page[after]=2")), bytes }
    }

    #[test]
    fn pages_survive_a_poll_that_stops() {
        let unsettled = Unsettled::default();
        let mut pages = unsettled.pages(job(1));
        assert!(pages.add(page(100, 7)).unwrap().is_none());
        drop(pages);
        assert_eq!(unsettled.pages(job(2)).results(), 0);
        assert_eq!(unsettled.pages(job(1)).results(), 100);
        assert_eq!(unsettled.pages(job(1)).results(), 100, "they were put back");
    }

    #[test]
    fn the_oldest_pages_are_dropped_for_new_ones() {
        let unsettled = Unsettled::default();
        for n in 1..=4 {
            unsettled.pages(job(n)).add(page(RESULTS_MAX / 3, 7)).unwrap();
        }
        assert_eq!(unsettled.pages(job(1)).results(), 0);
        assert_eq!(unsettled.pages(job(4)).results(), RESULTS_MAX / 3);
        unsettled.pages(job(5)).add(page(1, BYTES_MAX)).unwrap();
        assert_eq!(unsettled.pages(job(4)).results(), 0, "bytes count as well");
        assert_eq!(unsettled.pages(job(5)).results(), 1);
    }
}
