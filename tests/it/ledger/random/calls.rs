//! Calls of other kinds than for leads, made by hands that die in the middle of them.

use tollgate::domain::credits::{Amounts, Credits, Unit};
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{JobId, Lease};
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::record::replay::Retry;
use tollgate::ledger::step::{Charged, Refused, Resolution};
use tollgate::ledger::transition::call::{CallOpened, Closing, Opening};

use super::world::{World, pick};
use crate::ledger::calling::opening;
use crate::ledger::named::{asking, called};
use crate::ledger::store::Store;

/// A call, and what truly came of it.
#[derive(Clone, Copy)]
pub(super) struct Made {
    job: JobId,
    truth: Closing,
    retry: Option<Retry>,
}

impl<S: Store> World<S> {
    /// Somebody makes a call, and mostly hears what came of it.
    pub(super) async fn call(&mut self) {
        let team = self.any_team();
        let worst = 1 + self.dice.below(3);
        let retry = self.dice.percent(40).then(|| {
            let name = format!("{team}'s call {}", self.dice.below(3));
            if self.dice.percent(50) { asking(&name) } else { called(&name, &name) }
        });
        let opening = Opening { retry, ..opening(&self.books, &team, &worst.to_string()) };
        let opened = self.books.ledger().open_call(opening.clone()).await;
        let job = match opened.expect("the store is there") {
            Ok(CallOpened::Opened(opened)) => opened.job,
            Ok(CallOpened::Before(before)) => {
                let first = self.calls.iter().find(|made| made.job.batch == before.batch);
                let asked = first.expect("it was made").retry.map(|retry| retry.request);
                assert_eq!(asked, retry.map(|retry| retry.request));
                self.checks.saw("call replayed");
                return self.stepped_in_vain().await;
            }
            Err(Refused::Quota(_)) => {
                self.checks.saw("refused");
                return self.stepped_in_vain().await;
            }
            Err(other) => panic!("no team is paused or closed: {other:?}"),
        };
        self.stepped().await;
        self.quotas_are_kept(&team, opening.worst).await;
        let truth = if self.dice.percent(60) {
            let charged = Credits::from_thousandths(1000).times(self.dice.below(worst + 1));
            let charged = Amounts::of(Unit::Email, charged);
            self.vendor.calls = self.vendor.calls.plus(charged);
            Closing::Charged(charged)
        } else {
            Closing::NotCharged(Cause::Refused)
        };
        self.calls.push(Made { job, truth, retry });
        match self.dice.below(100) {
            0..50 => {
                self.checks.saw(match truth {
                    Closing::Charged(_) => "called",
                    _ => "called and not charged",
                });
                self.close_call(job, truth).await;
            }
            50..80 => {
                self.checks.saw("called and unanswered");
                self.close_call(job, Closing::Unanswered).await;
            }
            // Whoever made it is gone.
            _ => {}
        }
    }

    /// Whoever was making a call is gone.
    pub(super) async fn give_up_call(&mut self, job: JobId, lease: Lease) {
        let now = self.books.now();
        for _ in 0..2 {
            let step = self.books.ledger().unanswered(job, lease, now).await;
            step.expect("it is our turn");
            self.stepped().await;
        }
    }

    /// What came of a call is heard late, or again, or an operator finds it out.
    pub(super) async fn hear_of_a_call(&mut self) {
        if self.calls.is_empty() {
            return;
        }
        let n = pick(&mut self.dice, self.calls.len());
        let Made { job, truth, .. } = self.calls[n];
        if self.job(job).await.is_none() {
            // It was forgotten.
            return;
        }
        if self.dice.percent(30) {
            let charged = match truth {
                Closing::Charged(amounts) => Charged::Some(amounts),
                _ => Charged::Nothing,
            };
            let resolution = Resolution { batch: job.batch, charged, note: None };
            self.books.ledger().resolve(resolution).await.expect("it is there");
            self.stepped().await;
        }
        self.checks.saw("heard of a call late");
        self.close_call(job, truth).await;
    }

    /// Every call that still has something open is heard of at last.
    pub(super) async fn hear_of_every_call(&mut self) {
        for Made { job, truth, .. } in self.calls.clone() {
            if self.job(job).await.is_some() {
                self.close_call(job, truth).await;
            }
        }
    }

    async fn close_call(&mut self, job: JobId, closing: Closing) {
        let ledger = self.books.ledger();
        ledger.close_call(job, closing).await.expect("nothing else was heard of it");
        self.stepped().await;
        let again = self.books.ledger().close_call(job, closing).await;
        assert!(!again.expect("it has ended so").is_first);
        self.stepped_in_vain().await;
    }
}
