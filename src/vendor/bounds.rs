//! Size limits of the vendor's answers. A larger answer is not read to its end, so that no answer
//! uses more memory than one to the requested leads or addresses can need.

/// The maximum size of a page, and of the answer to one request, uncompressed: many times a page of
/// a hundred complete persons.
pub(super) const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The maximum size of the answer to a lookup, which is one person.
pub(super) const LOOK_UP_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The maximum size of a person, and the maximum number of phone numbers.
pub(super) const PERSON_BYTES_MAX: usize = 1024 * 1024;
pub(super) const PHONES_MAX: usize = 100;

/// How many more results than leads are read: a few extra ones are matched with no lead and logged.
const RESULTS_SLACK: usize = 100;

/// The size limit of any answer, and per lead or address.
const BYTES_BASE: usize = 4 * 1024 * 1024;
const BYTES_PER_RESULT: usize = 64 * 1024;

/// How much of an answer may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The number of results.
    pub results: usize,
    /// The number of bytes, uncompressed.
    pub bytes: usize,
}

impl Remaining {
    /// The limit of an unread answer to this many leads or addresses, at most `bytes_max` bytes.
    #[must_use]
    pub const fn of(asked: usize, bytes_max: usize) -> Self {
        let bytes = BYTES_BASE.saturating_add(asked.saturating_mul(BYTES_PER_RESULT));
        Self {
            results: asked.saturating_add(RESULTS_SLACK),
            bytes: if bytes < bytes_max { bytes } else { bytes_max },
        }
    }

    /// The rest after this many results and bytes.
    #[must_use]
    pub const fn less(self, results: usize, bytes: usize) -> Self {
        Self {
            results: self.results.saturating_sub(results),
            bytes: self.bytes.saturating_sub(bytes),
        }
    }

    /// The size limit of the next page.
    pub(super) const fn page_bytes(self) -> usize {
        if self.bytes < PAGE_BYTES_MAX { self.bytes } else { PAGE_BYTES_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_limited_by_the_request_and_by_the_setting() {
        let one = Remaining::of(1, usize::MAX);
        assert_eq!(one, Remaining { results: 101, bytes: BYTES_BASE + BYTES_PER_RESULT });
        assert_eq!(Remaining::of(10_000, 1_000).bytes, 1_000);
        assert_eq!(Remaining::of(10_000, usize::MAX).page_bytes(), PAGE_BYTES_MAX);
        let rest = one.less(100, BYTES_BASE);
        assert_eq!((rest.results, rest.page_bytes()), (1, BYTES_PER_RESULT));
        assert_eq!(rest.less(2, usize::MAX), Remaining { results: 0, bytes: 0 });
    }
}
