//! What was read of the vendor's answers and is not settled yet. A turn that has to stop, because the
//! request budget is spent or the store is away, leaves it here, and the job's next turn in this
//! process goes on from there. So no page is read twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::evidence::Answer;
use crate::ledger::ids::JobId;
use crate::vendor::Gathering;

/// How many results are kept at most, of all jobs together. What does not fit is read again.
const RESULTS_MAX: usize = 300_000;

/// What was read, by job.
#[derive(Default)]
pub(super) struct Unsettled(Mutex<HashMap<JobId, Read>>);

/// What was read of one job's answer.
enum Read {
    /// Its first pages.
    Partly(Gathering),
    /// All of it.
    Wholly(Arc<Answer>),
}

impl Read {
    fn results(&self) -> usize {
        match self {
            Self::Partly(pages) => pages.results(),
            Self::Wholly(answer) => answer.leads.len(),
        }
    }
}

impl Unsettled {
    /// Keeps the first pages of a job's answer.
    pub(super) fn keep_pages(&self, job: JobId, pages: Gathering) {
        if pages.results() > 0 {
            self.keep(job, Read::Partly(pages));
        }
    }

    /// Keeps a job's whole answer.
    pub(super) fn keep_answer(&self, job: JobId, answer: &Arc<Answer>) {
        self.keep(job, Read::Wholly(Arc::clone(answer)));
    }

    /// The whole answer of a job, if it was read.
    pub(super) fn answer(&self, job: JobId) -> Option<Arc<Answer>> {
        match self.read().get(&job)? {
            Read::Wholly(answer) => Some(Arc::clone(answer)),
            Read::Partly(_) => None,
        }
    }

    /// Takes the pages of a job's answer that were read; none where the first is to be read.
    pub(super) fn take_pages(&self, job: JobId) -> Gathering {
        match self.read().remove(&job) {
            Some(Read::Partly(pages)) => pages,
            Some(Read::Wholly(_)) | None => Gathering::default(),
        }
    }

    /// Forgets what was read of a job's answer.
    pub(super) fn remove(&self, job: JobId) {
        self.read().remove(&job);
    }

    fn keep(&self, job: JobId, read: Read) {
        let mut all = self.read();
        let others = all.iter().filter(|(other, _)| **other != job);
        let kept: usize = others.map(|(_, read)| read.results()).sum();
        if kept + read.results() <= RESULTS_MAX {
            all.insert(job, read);
        } else {
            all.remove(&job);
        }
    }

    fn read(&self) -> MutexGuard<'_, HashMap<JobId, Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
