//! The charge gate: what is due for a person whom a job brought back, and what is then known.

use crate::books::Facts;
use crate::setup::{FIND, Setup, Wrong};
use crate::vendor::price;

/// When a vendor may have charged a job's finds, and what it asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passing {
    pub(crate) reveals: u8,
    /// Not before the job was first sent,
    pub(crate) first_sent: u8,
    /// and by then.
    pub(crate) by: u8,
}

/// What passing the gate costs and leaves behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    pub(crate) facts: Facts,
    pub(crate) due: i8,
    pub(crate) perhaps_free: bool,
}

impl Facts {
    pub(crate) fn is_found_free(self, at: u8) -> bool {
        self.free_until.is_some_and(|until| at < until)
    }

    /// Charges what is due for a person.
    ///
    /// A find is free beside one that was charged where all of them surely lie in one window: it
    /// begins when the earliest of their jobs was first sent.
    pub(crate) fn pass(mut self, setup: &Setup, passing: Passing) -> Passed {
        let Passing { reveals, first_sent, by } = passing;
        if setup.is(Wrong::NoGate) {
            return Passed { facts: self, due: FIND + price(reveals), perhaps_free: false };
        }
        let begins = if setup.is(Wrong::WindowFromSettlement) { by } else { first_sent };
        let ends = begins + setup.window + u8::from(setup.is(Wrong::WindowTooLong));

        let shortens = self.free_until.is_some_and(|until| ends < until);
        let is_beside = !shortens || by < first_sent + setup.window / 2;
        let is_free = self.is_found_free(by) && is_beside;
        let window_open =
            self.charged_by.is_some_and(|charged_by| first_sent < charged_by + setup.window);
        let find = if is_free { 0 } else { FIND };
        let due = find + price(reveals & !self.owned);

        if is_free {
            self.free_until = self.free_until.min(Some(ends));
            if self.charged_by.is_some_and(|charged_by| first_sent < charged_by) {
                self.charged_by = self.charged_by.max(Some(by));
            }
        } else {
            self.free_until = self.free_until.max(Some(ends));
            self.charged_by = Some(by);
        }
        self.owned |= reveals;
        Passed { facts: self, due, perhaps_free: !is_free && window_open }
    }
}
