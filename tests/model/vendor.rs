//! The vendor: what it took, what it has charged, and the price rule by which it does. It never
//! reads the books, so it may judge them.

use crate::setup::{EMAIL, FIND, JOBS, LEADS, PHONE, POSTS, Prices, REVEAL, Setup, Stops};
use crate::world::only_if;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Vendor {
    pub(crate) bill: i8,
    /// What it has charged for each job.
    pub(crate) charged: [i8; JOBS],
    /// What came of each job's POSTs.
    pub(crate) posts: [[Post; POSTS]; JOBS],
    /// When each person's find was last charged.
    found: [Option<u8>; LEADS],
    /// What was ever revealed of each person.
    revealed: [u8; LEADS],
    /// Whom it has charged twice in one window.
    pub(crate) charged_twice: [bool; LEADS],
}

/// One POST of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Post {
    #[default]
    Unsent,
    /// It came then, with these leads, and these persons' finds were free at that time.
    Taken { at: u8, leads: [bool; LEADS], were_free: [bool; LEADS] },
    /// Worked through and charged; its results may be read.
    Ended,
    /// Ended before the vendor came to any lead; nothing was charged, and nobody is listed.
    Stopped,
}

impl Vendor {
    /// Takes a job's next POST.
    pub(crate) fn take(
        &mut self,
        setup: &Setup,
        job: usize,
        leads: [bool; LEADS],
        now: u8,
    ) -> Option<()> {
        let were_free = match setup.prices {
            // Asked later: nothing to remember.
            Prices::AtTheCharge => [false; LEADS],
            Prices::AtTheTaking => [0, 1].map(|person| self.is_free(setup, person, now)),
        };
        let post = self.posts[job].iter_mut().find(|post| **post == Post::Unsent)?;
        *post = Post::Taken { at: now, leads, were_free };
        Some(())
    }

    /// Works a POST through, and charges: a find once in a window, a reveal once ever.
    pub(crate) fn work(&mut self, setup: &Setup, job: usize, post: usize, now: u8) -> Option<()> {
        let Post::Taken { leads, were_free, .. } = self.posts[job][post] else { return None };
        let reveals = setup.asks[job].reveals;
        let found = (0..LEADS).filter(|lead| leads[*lead]).map(|lead| setup.person_of[lead]);
        for person in found {
            let was_charged = self.is_free(setup, person, now);
            let is_free = match setup.prices {
                Prices::AtTheCharge => was_charged,
                Prices::AtTheTaking => were_free[person],
            };
            if !is_free {
                self.charge(job, FIND);
                self.found[person] = Some(now);
                self.charged_twice[person] |= was_charged;
            }
            self.charge(job, price(reveals & !self.revealed[person]));
            self.revealed[person] |= reveals;
        }
        self.posts[job][post] = Post::Ended;
        Some(())
    }

    /// Ends a POST before anything of it was worked on.
    pub(crate) fn stop(&mut self, setup: &Setup, job: usize, post: usize) -> Option<()> {
        let post = &mut self.posts[job][post];
        only_if(setup.stops == Stops::AtAnyTime && matches!(post, Post::Taken { .. }))?;
        *post = Post::Stopped;
        Some(())
    }

    fn charge(&mut self, job: usize, amount: i8) {
        self.bill += amount;
        self.charged[job] += amount;
    }

    /// A find that is out of the window is as if it had never been charged.
    pub(crate) fn forget(&mut self, setup: &Setup, now: u8) {
        for found in &mut self.found {
            *found = found.filter(|at| now < at + setup.window);
        }
    }

    fn is_free(&self, setup: &Setup, person: usize, now: u8) -> bool {
        self.found[person].is_some_and(|at| now < at + setup.window)
    }

    /// Whether a POST of the job is still being worked on.
    pub(crate) fn works_on(&self, job: usize) -> bool {
        self.posts[job].iter().any(|post| matches!(post, Post::Taken { .. }))
    }

    /// Time does not go on while a batch is past the deadline.
    pub(crate) fn let_pass(&self, setup: &Setup, now: u8) -> Option<()> {
        let is_due =
            |post: &Post| matches!(post, Post::Taken { at, .. } if now >= at + setup.deadline);
        only_if(!self.posts.iter().flatten().any(is_due))
    }
}

/// List price of reveals.
pub(crate) fn price(reveals: u8) -> i8 {
    [EMAIL, PHONE].iter().filter(|reveal| reveals & **reveal != 0).map(|_| REVEAL).sum()
}
