//! The bounds of a slice, and what it has come to so far.

use std::ops::Bound;
use std::time::Duration;

use super::{SweepFrom, Swept};
use crate::domain::time::Timestamp;
use crate::ledger::table::CHUNK;

/// The most rows that a slice fetches after it has read its kind's own: they come in one piece.
const FETCHED_MAX: usize = 900;

/// The most rows that a slice changes: far fewer than a step has that is staged, and few enough
/// for a short script.
const CHANGED_MAX: usize = 700;

/// The most chunks that go in one slice, of each table.
pub(super) const CHUNKS_MAX: u32 = 40;

/// The most leads whose chunks go in one slice.
const LEADS_MAX: u32 = CHUNKS_MAX * CHUNK;

/// The chunks of a batch or a job that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// So few leads that their chunks go together with it.
    Together(u32),
    /// So many leads that their chunks follow.
    Later(u32),
}

impl Chunks {
    /// The chunks of so many leads.
    pub(super) const fn of(leads: u32) -> Self {
        if leads > LEADS_MAX { Self::Later(leads) } else { Self::Together(leads) }
    }

    /// How many rows change with their owner's, where each chunk is a row in so many tables.
    fn changes(self, tables: u32) -> usize {
        match self {
            Self::Together(leads) => number(leads.div_ceil(CHUNK).saturating_mul(tables)),
            // The note that they are left.
            Self::Later(_) => 1,
        }
    }

    /// How many leads go with their owner.
    const fn leads(self) -> u32 {
        match self {
            Self::Together(leads) => leads,
            Self::Later(_) => 0,
        }
    }
}

pub(super) fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What the removal of one row costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// How many rows change.
    changes: usize,
    /// The chunks of how many leads go.
    leads: u32,
}

impl Cost {
    /// So many rows change, and no chunk goes.
    pub(super) const fn rows(changes: usize) -> Self {
        Self { changes, leads: 0 }
    }

    /// A row goes, and its chunks in so many tables.
    pub(super) fn with_chunks(chunks: Chunks, tables: u32) -> Self {
        let changes = chunks.changes(tables).saturating_add(1);
        Self { changes, leads: chunks.leads() }
    }

    /// So many rows more.
    pub(super) const fn and_rows(self, more: usize) -> Self {
        Self { changes: self.changes.saturating_add(more), ..self }
    }
}

/// How many of a page's rows are looked at in one slice, so that what is fetched for them is
/// bounded: one at least.
pub(super) fn count_within_bounds(fetched: impl Iterator<Item = usize>) -> usize {
    let mut sum: usize = 0;
    let fits = |more: &usize| {
        let is_first = sum == 0;
        sum = sum.saturating_add(*more);
        is_first || sum <= FETCHED_MAX
    };
    fetched.take_while(fits).count()
}

/// Whether what ended, or began, at `moment` has outlasted its lifetime.
pub(super) fn is_over(moment: Timestamp, ttl: Duration, now: Timestamp) -> bool {
    moment.after(ttl) <= now
}

/// The bound of a scan that begins after a key.
pub(super) fn after<K>(key: Option<&K>) -> Bound<&K> {
    key.map_or(Bound::Unbounded, Bound::Excluded)
}

/// What a slice has come to so far.
pub(super) struct Slice<K> {
    last: Option<K>,
    removed: usize,
    changed: usize,
    leads: u32,
}

impl<K> Slice<K> {
    /// A slice that begins after this key.
    pub(super) fn after(key: Option<K>) -> Self {
        Self { last: key, removed: 0, changed: 0, leads: 0 }
    }

    /// Whether a removal of this cost fits. The first one of a slice always does.
    pub(super) fn has_room_for(&self, cost: Cost) -> bool {
        let changed = self.changed.saturating_add(cost.changes);
        let gone = self.leads.saturating_add(cost.leads);
        self.removed == 0 || (changed <= CHANGED_MAX && gone <= LEADS_MAX)
    }

    /// A row was removed.
    pub(super) fn remove(&mut self, cost: Cost) {
        self.removed = self.removed.saturating_add(1);
        self.changed = self.changed.saturating_add(cost.changes);
        self.leads = self.leads.saturating_add(cost.leads);
    }

    /// A row was looked at, and nothing more is to be done about it in this round.
    pub(super) fn pass(&mut self, key: K) {
        self.last = Some(key);
    }

    /// The slice ends, and another one follows if there is more to look at.
    pub(super) fn end(self, is_more: bool, from: impl FnOnce(Option<K>) -> SweepFrom) -> Swept {
        let Self { last, removed, .. } = self;
        Swept { next: is_more.then(|| from(last)), removed }
    }
}
