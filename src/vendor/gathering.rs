//! Joining of pages into one batch.

use std::collections::HashSet;

use super::{Batch, Cursor, EndedPage, Remaining, Unreadable};

/// Ten times the pages of the largest batch with a hundred results per page.
const PAGES_MAX: usize = 1_000;

/// The pages of one batch that were read so far, in the order of their links.
#[derive(Debug, Default)]
pub struct Gathering {
    batch: Option<Batch>,
    seen: HashSet<Cursor>,
    next: Option<Cursor>,
    bytes: usize,
}

/// The state after one more page.
#[derive(Debug)]
pub enum Gathered {
    /// More pages follow.
    Partly(Gathering),
    /// This was the last page.
    Wholly(Batch),
}

impl Gathering {
    /// The cursor of the next page; `None` for the first.
    #[must_use]
    pub fn after(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The number of results so far.
    #[must_use]
    pub fn results(&self) -> usize {
        let results = self.batch.as_ref().and_then(|batch| batch.results.as_ref());
        results.map_or(0, Vec::len)
    }

    /// The size of the pages so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rest of the limit of the whole answer.
    #[must_use]
    pub fn remaining(&self, all: Remaining) -> Remaining {
        all.less(self.results(), self.bytes)
    }

    /// Adds a page.
    ///
    /// # Errors
    /// If the pages cannot belong to one batch, or never end.
    pub fn with(self, page: EndedPage) -> Result<Gathered, Unreadable> {
        let Self { batch, mut seen, bytes, .. } = self;
        let bytes = bytes.saturating_add(page.bytes);
        let batch = match batch {
            Some(batch) => joined(batch, page.batch)?,
            None => page.batch,
        };
        let Some(next) = page.next else {
            return Ok(Gathered::Wholly(batch));
        };
        if !seen.insert(next.clone()) {
            return Err(Unreadable::Circle);
        }
        if seen.len() >= PAGES_MAX {
            return Err(Unreadable::Endless { pages_max: PAGES_MAX });
        }
        Ok(Gathered::Partly(Self { batch: Some(batch), seen, next: Some(next), bytes }))
    }
}

/// The errors are those of the first page: each page repeats the errors of the batch.
fn joined(mut batch: Batch, page: Batch) -> Result<Batch, Unreadable> {
    if batch.ending != page.ending {
        return Err(Unreadable::Contradiction);
    }
    match (&mut batch.results, page.results) {
        (Some(results), Some(more)) => results.extend(more),
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => return Err(Unreadable::Contradiction),
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::{Echo, Ending, Finding, VendorResult};

    fn page(position: u32, next: Option<&str>) -> EndedPage {
        let result = VendorResult {
            position: Some(position),
            echo: Echo::default(),
            finding: Finding::NotFound,
        };
        EndedPage {
            batch: Batch {
                ending: Ending::Completed,
                results: Some(vec![result]),
                errors: Vec::new(),
            },
            next: next.map(|next| Cursor::of(&format!("page[after]={next}"))),
            bytes: 10,
        }
    }

    fn gather(pages: impl IntoIterator<Item = EndedPage>) -> Result<Gathered, Unreadable> {
        let mut gathered = Gathered::Partly(Gathering::default());
        for page in pages {
            gathered = match gathered {
                Gathered::Partly(gathering) => gathering.with(page)?,
                whole @ Gathered::Wholly(_) => return Ok(whole),
            };
        }
        Ok(gathered)
    }

    #[test]
    fn results_are_in_the_order_of_the_pages() {
        let pages = [page(1, Some("1")), page(2, Some("2")), page(3, None)];
        let Ok(Gathered::Wholly(batch)) = gather(pages) else { panic!("not whole") };
        let positions: Vec<_> = batch.results.unwrap().iter().map(|r| r.position).collect();
        assert_eq!(positions, [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn a_loop_of_links_is_an_error_at_once() {
        let pages = [page(1, Some("1")), page(2, Some("2")), page(1, Some("1"))];
        assert_eq!(gather(pages).unwrap_err(), Unreadable::Circle);
    }

    #[test]
    fn pages_without_an_end_are_an_error() {
        let pages = (0..).map(|n| page(n, Some(&n.to_string())));
        assert_eq!(gather(pages).unwrap_err(), Unreadable::Endless { pages_max: PAGES_MAX });
    }

    #[test]
    fn pages_that_contradict_each_other_are_an_error() {
        let mut canceled = page(2, None);
        canceled.batch.ending = Ending::Canceled;
        let mut without_list = page(2, None);
        without_list.batch.results = None;
        for other in [canceled, without_list] {
            let gathered = gather([page(1, Some("1")), other]);
            assert_eq!(gathered.unwrap_err(), Unreadable::Contradiction);
        }
    }
}
