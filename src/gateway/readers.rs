//! Running polls that wait to read further pages. Each requests vendor permits here, and the
//! dispatcher grants them when it is the turn of the poll's team among all waiting work.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Gateway;
use super::leave::{Leaves, PAGE_WAIT_MAX};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::lane::Lane;
use crate::ledger::step::{PageReader, Turn};

/// How many permits are requested at once: the pages that can be read while the permits are valid.
const PAGES_AT_ONCE: u32 = 8;

/// The requests of one poll.
pub(super) struct Requests {
    job: JobId,
    lease: Lease,
    lane: Lane,
    team: TeamId,
    since: Timestamp,
    leaves: Leaves,
}

impl Requests {
    /// Those of a poll that began at this time, with a permit for the first request.
    pub(super) fn of(turn: &Turn, leaves: Leaves, since: Timestamp) -> Self {
        let Turn { lease, lane, .. } = *turn;
        Self { job: turn.job.id, lease, lane, team: turn.team.clone(), since, leaves }
    }

    /// The permit for the first request.
    pub(super) fn into_leaves(self) -> Leaves {
        self.leaves
    }

    fn reader(&self, pages: u32) -> PageReader {
        let Self { job, lease, lane, ref team, since, .. } = *self;
        let pages = pages.clamp(1, PAGES_AT_ONCE);
        PageReader { job, lease, lane, team: team.clone(), since, pages }
    }
}

/// All waiting polls.
#[derive(Default)]
pub(super) struct Readers(Mutex<HashMap<JobId, Waiting>>);

struct Waiting {
    reader: PageReader,
    give: oneshot::Sender<Leaves>,
}

impl Readers {
    /// The polls that wait now.
    pub(super) fn waiting(&self) -> Vec<PageReader> {
        let mut all = self.all();
        all.retain(|_, waiting| !waiting.give.is_closed());
        all.values().map(|waiting| waiting.reader.clone()).collect()
    }

    /// Grants permits to the poll that waits for them; returns the permits if the lease is a new
    /// one.
    pub(super) fn give(&self, turn: &Turn, leaves: Leaves) -> Result<(), Leaves> {
        let mut all = self.all();
        match all.remove(&turn.job.id) {
            // If it no longer waits, its permits are lost.
            Some(waiting) if waiting.reader.lease == turn.lease => {
                let _ = waiting.give.send(leaves);
                Ok(())
            }
            _ => Err(leaves),
        }
    }

    fn wait(&self, reader: PageReader) -> oneshot::Receiver<Leaves> {
        let (give, given) = oneshot::channel();
        self.all().insert(reader.job, Waiting { reader, give });
        given
    }

    fn all(&self) -> MutexGuard<'_, HashMap<JobId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// Uses a permit for one more request of a poll that will make at most this many, and waits for
    /// one if none is left. False if none is granted.
    pub(super) async fn may_ask(&self, requests: &mut Requests, wanted: u32) -> bool {
        while !requests.leaves.take() {
            let given = self.readers.wait(requests.reader(wanted));
            self.wake.notify_one();
            let given = tokio::select! {
                given = timeout(PAGE_WAIT_MAX, given) => given,
                () = self.resting.cancelled() => return false,
            };
            let Ok(Ok(leaves)) = given else { return false };
            requests.leaves = leaves;
        }
        true
    }
}
