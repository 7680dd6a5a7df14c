//! The journal's next number that the store must not fall below: what it has confirmed stays, or it
//! is not the store any more that it was.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far the journal surely reaches, as this process knows it.
#[derive(Debug, Default)]
pub(super) struct HighWater(Mutex<Known>);

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    least: u64,
    adopted_at: u64,
}

/// What a look at the books shows of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The journal's next number.
    pub(super) next_entry: u64,
    /// When the books were last adopted, in milliseconds; 0 where they never were.
    pub(super) adopted_at: u64,
}

/// How a look compares with what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// All that was confirmed is there.
    Whole,
    /// The books were adopted since the last look: an operator has decided that these count.
    Adopted,
    /// Entries that were confirmed are missing.
    WentBack {
        /// The highest next number that was confirmed.
        known: u64,
    },
}

impl HighWater {
    /// The least next number that the store may show to whoever asks from now on.
    pub(super) fn least(&self) -> u64 {
        self.known().least
    }

    /// The store has confirmed this next number.
    pub(super) fn raise(&self, next_entry: u64) {
        let mut known = self.known();
        known.least = known.least.max(next_entry);
    }

    /// Compares what the store shows with what was known when it was asked.
    pub(super) fn compare(&self, least: u64, shown: Position) -> Compared {
        let mut known = self.known();
        // An old copy of books that were adopted was adopted no later.
        if shown.adopted_at > known.adopted_at {
            *known = Known { least: shown.next_entry, adopted_at: shown.adopted_at };
            Compared::Adopted
        } else if shown.next_entry < least {
            Compared::WentBack { known: least }
        } else {
            Compared::Whole
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_shows_less_than_it_confirmed_went_back_unless_its_books_were_adopted() {
        let shows = |next_entry, adopted_at| Position { next_entry, adopted_at };
        let known = HighWater::default();
        known.raise(7);
        known.raise(3);
        assert_eq!(known.least(), 7);
        assert_eq!(known.compare(7, shows(7, 0)), Compared::Whole);
        assert_eq!(known.compare(7, shows(6, 0)), Compared::WentBack { known: 7 });
        assert_eq!(known.compare(7, shows(5, 100)), Compared::Adopted);
        assert_eq!(known.least(), 5);
        assert_eq!(known.compare(5, shows(6, 100)), Compared::Whole);
        // A copy from before the adoption.
        assert_eq!(known.compare(5, shows(4, 0)), Compared::WentBack { known: 5 });
    }
}
