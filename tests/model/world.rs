//! Everything at one moment: the time, the books, what of them would survive, what is about to
//! leave, and the vendor.

use crate::books::{Books, Job, State, Tally};
use crate::setup::{JOBS, Setup};
use crate::vendor::{Post, Vendor};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: u8,
    pub(crate) books: Books,
    /// Since the store's copy was cut off: what it has, and a failover would leave.
    pub(crate) copy: Option<Books>,
    pub(crate) has_failed_over: bool,
    /// The failover lost something.
    pub(crate) has_lost: bool,
    /// The attempt of each job that a replica has written down, and may put on the wire.
    pub(crate) at_wire: [Option<u8>; JOBS],
    pub(crate) vendor: Vendor,
    /// How many attempts began in this tick while the circuit was open.
    pub(crate) probes: u8,
}

impl World {
    pub(crate) const fn job(&mut self, job: usize) -> &mut Job {
        &mut self.books.jobs[job]
    }

    /// The tally of the team that pays for a job.
    pub(crate) const fn tally(&mut self, setup: &Setup, job: usize) -> &mut Tally {
        &mut self.books.tallies[setup.asks[job].team]
    }

    /// Whether the attempt that is about to leave would survive a failover.
    pub(crate) fn is_confirmed(&self, job: usize, attempt: u8) -> bool {
        self.copy.unwrap_or(self.books).jobs[job].attempts >= attempt
    }

    /// Whether the vendor took a job more than once.
    pub(crate) fn is_posted_again(&self, job: usize) -> bool {
        self.vendor.posts[job].iter().all(|post| *post != Post::Unsent)
    }

    pub(crate) fn has_job(&self, state: State) -> bool {
        self.books.jobs.iter().any(|job| job.state == state)
    }

    /// Whether nothing is under way any more.
    pub(crate) fn is_at_rest(&self) -> bool {
        let is_open = |job: &Job| job.is_alive() || matches!(job.state, State::Staging(_));
        !self.books.jobs.iter().any(is_open)
            && self.at_wire.iter().all(Option::is_none)
            && !(0..JOBS).any(|job| self.vendor.works_on(job))
    }
}

/// A step's guard.
pub(crate) fn only_if(holds: bool) -> Option<()> {
    holds.then_some(())
}
