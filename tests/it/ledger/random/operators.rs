//! Operators: they change quotas, correct the books, speak on what is unresolved, erase persons.

use tollgate::domain::credits::Unit;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::job::State;
use tollgate::ledger::step::{Adjusted, Booked, Charged, Resolution, Resolved};

use super::cast::{Called, PERSONS};
use super::world::World;
use crate::ledger::named::{adjustment, person};
use crate::ledger::store::Store;

impl<S: Store> World<S> {
    pub(super) async fn operate(&mut self) {
        match self.dice.below(10) {
            0..3 => {
                let team = self.any_team();
                self.put_team(&team).await;
            }
            3 => self.adjust().await,
            4..8 => {
                if let Some(n) = self.any_batch() {
                    let batch = self.batches[n].admission.batch;
                    self.speak(batch).await;
                }
            }
            8 => self.erase().await,
            // A person goes to the vendor to be removed there.
            _ if self.dice.percent(20) => {
                let n = self.dice.below(PERSONS);
                self.vendor.removed.insert(n);
            }
            _ => {}
        }
    }

    async fn adjust(&mut self) {
        let team = self.any_team();
        let name = self.dice.below(1_000_000_000).to_string();
        let adjustment = adjustment(&name, &team, Unit::Email, "0.25");
        let adjusted = self.books.ledger().adjust(adjustment.clone()).await.expect("it is there");
        let Adjusted::Booked { entry, .. } = adjusted else { panic!("{adjusted:?}") };
        let again = self.books.ledger().adjust(adjustment).await.expect("it is there");
        assert_eq!(again, Adjusted::Booked { entry, is_first: false });
        self.stepped().await;
    }

    async fn erase(&mut self) {
        if self.dice.percent(70) {
            return;
        }
        let keys = vec![Called::any(&mut self.dice).key()];
        let whom = self.dice.percent(30).then(|| person(&self.dice.below(PERSONS).to_string()));
        self.books.ledger().erase(keys, whom).await.expect("the store is there");
        self.stepped_in_vain().await;
    }

    /// An operator says what a batch has cost, and never says less than the vendor charged.
    pub(super) async fn speak(&mut self, batch: BatchId) {
        let mut unresolved = Vec::new();
        for job in self.all_jobs().into_iter().filter(|job| job.batch == batch) {
            let Some((stands, _)) = self.job(job).await else { continue };
            if stands.parts.iter().any(|part| !part.unresolved.is_zero()) {
                unresolved.push(stands);
            }
        }
        let charged = match unresolved.as_slice() {
            [] => return,
            [job] if matches!(job.state, State::Unresolved(_)) && self.dice.percent(60) => {
                let now = self.books.now();
                self.vendor.answer(self.sent_as(job.id), now, &mut self.dice);
                self.vendor_worked().await;
                let charged = self.vendor.charged(job.id);
                if charged.is_zero() { Charged::Nothing } else { Charged::Some(charged) }
            }
            _ => Charged::All,
        };
        let resolution = Resolution { batch, charged, note: None };
        let resolved =
            self.books.ledger().resolve(resolution.clone()).await.expect("the store is there");
        let Resolved::Booked(booked) = resolved else { panic!("{charged:?} is {resolved:?}") };
        self.stepped().await;
        let again = self.books.ledger().resolve(resolution).await.expect("the store is there");
        assert_eq!(again, Resolved::Booked(Booked { is_first: false, ..booked }));
        self.stepped_in_vain().await;
    }
}
