//! How large the vendor's answers may be. What is larger is not read to its end, so that no answer
//! takes more memory than one to the leads or addresses that were asked for can need.

/// The largest page, and the largest answer of one request, as unpacked: many times a page of a
/// hundred of the fullest persons.
pub(super) const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The largest answer to a lookup, which is one person.
pub(super) const LOOK_UP_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The largest person, and the most phone numbers of one.
pub(super) const PERSON_BYTES_MAX: usize = 1024 * 1024;
pub(super) const PHONES_MAX: usize = 100;

/// How many more results than leads are read: a few extras are matched with nobody and logged.
const RESULTS_SLACK: usize = 100;

/// How many bytes an answer may have whatever it is to, and for each lead or address.
const BYTES_BASE: usize = 4 * 1024 * 1024;
const BYTES_PER_RESULT: usize = 64 * 1024;

/// How much of an answer may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// How many results.
    pub results: usize,
    /// How many bytes, as unpacked.
    pub bytes: usize,
}

impl Remaining {
    /// An answer to so many leads or addresses, of which nothing was read yet. In all it has
    /// `bytes_max` bytes at most.
    #[must_use]
    pub const fn of(asked: usize, bytes_max: usize) -> Self {
        let bytes = BYTES_BASE.saturating_add(asked.saturating_mul(BYTES_PER_RESULT));
        Self {
            results: asked.saturating_add(RESULTS_SLACK),
            bytes: if bytes < bytes_max { bytes } else { bytes_max },
        }
    }

    /// What remains after so many results and bytes.
    #[must_use]
    pub const fn less(self, results: usize, bytes: usize) -> Self {
        Self {
            results: self.results.saturating_sub(results),
            bytes: self.bytes.saturating_sub(bytes),
        }
    }

    /// How many bytes the next page may have.
    pub(super) const fn page_bytes(self) -> usize {
        if self.bytes < PAGE_BYTES_MAX { self.bytes } else { PAGE_BYTES_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_bounded_by_what_was_asked_and_by_the_setting() {
        let one = Remaining::of(1, usize::MAX);
        assert_eq!(one, Remaining { results: 101, bytes: BYTES_BASE + BYTES_PER_RESULT });
        assert_eq!(Remaining::of(10_000, 1_000).bytes, 1_000);
        assert_eq!(Remaining::of(10_000, usize::MAX).page_bytes(), PAGE_BYTES_MAX);
        let rest = one.less(100, BYTES_BASE);
        assert_eq!((rest.results, rest.page_bytes()), (1, BYTES_PER_RESULT));
        assert_eq!(rest.less(2, usize::MAX), Remaining { results: 0, bytes: 0 });
    }
}
