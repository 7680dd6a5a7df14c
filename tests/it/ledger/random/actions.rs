//! What may happen next: callers ask and read, time passes, turns are taken, operators meddle.

use std::num::NonZeroU32;
use std::time::Duration;

use tollgate::domain::budget::{Allowance, Errand, Leave, Rate, Rates, Reach};
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::KeptResult;
use tollgate::ledger::record::job::Job;
use tollgate::ledger::step::{Asking, Canceled};
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::transition::sweep::{Lifetimes, Sweep};
use tollgate::ledger::transition::trim::Trim;

use super::cast::Called;
use super::world::{Asked, World, pick};
use crate::ledger::books::{DAY, HOUR, MINUTE, QUIET, TURN};
use crate::ledger::store::Store;
use crate::ledger::sweeping::{KINDS, LIFETIMES};

/// How long a batch is readable from its end.
const BATCH_TTL: Duration = DAY.saturating_mul(2);

impl<S: Store> World<S> {
    /// Something happens.
    pub(super) async fn act(&mut self) {
        match self.dice.below(100) {
            0..20 => self.ask().await,
            20..23 => self.ask_again().await,
            23..26 => self.cancel().await,
            26..32 => self.read().await,
            32..50 => self.let_time_pass().await,
            50..55 => {
                self.vendor.work_on_some(self.books.now(), &mut self.dice);
                self.vendor_worked().await;
            }
            55..85 => self.take_turns().await,
            85..89 => self.wake_late().await,
            89..92 => self.settle_again().await,
            92 => self.sweep().await,
            93 => {
                self.books.ledger().take_over(QUIET, TURN).await.expect("the store is there");
                // Calls that were being made are unresolved from now on.
                self.stepped().await;
            }
            94 => self.ask_leave().await,
            95 => self.call().await,
            96 => self.hear_of_a_call().await,
            _ => self.operate().await,
        }
    }

    async fn cancel(&mut self) {
        let Some(n) = self.any_batch() else { return };
        let Asked { admission, .. } = &self.batches[n];
        let (team, batch) = (admission.team.clone(), admission.batch);
        let read = self.books.ledger().read(team, batch, 0, 0).await.expect("the store is there");
        let Some(reading) = read else { return };
        let canceled = self.books.ledger().cancel(batch, None).await.expect("it is there");
        match reading.status {
            Status::Canceled => assert_eq!(canceled, Canceled::Already),
            Status::Completed | Status::Error => assert_eq!(canceled, Canceled::Ended),
            Status::Queued | Status::Processing => assert_eq!(canceled, Canceled::Now),
        }
        self.stepped().await;
    }

    /// Every lead stands in its place, names the person it was asked for, and is nobody else's.
    async fn read(&mut self) {
        let Some(n) = self.any_batch() else { return };
        let Asked { admission, leads, reveals } = &self.batches[n];
        let ledger = self.books.ledger();
        for team in &self.teams {
            let reading = ledger.read(team.clone(), admission.batch, 0, 100).await;
            let Some(reading) = reading.expect("the store is there") else { continue };
            assert_eq!(*team, admission.team, "a batch is read by its own team only");
            assert_eq!(reading.leads.len(), leads.len());
            if reading.ended_at.is_some_and(|at| at.after(BATCH_TTL) <= self.books.now()) {
                // Nobody is shown it any more, and what it points at may be gone.
                continue;
            }
            for (lead, reads) in leads.iter().zip(&reading.leads) {
                if let LeadReading::Found(KeptResult { at, .. }) = reads {
                    let job = self.job(at.job).await;
                    let found = self.checks.results.get(at).copied();
                    // Of a job that was forgotten the vault has the last word, and nothing to say.
                    let is_forgotten = found.is_none() && job.is_none();
                    // It is whom the vendor takes the lead for, or whom one of its keys is proven to be.
                    let is_by = |called: Called| found == called.person(*at);
                    let is_right = is_by(lead.meant())
                        || is_by(lead.called)
                        || lead.other.is_some_and(is_by)
                        || lead.called.is_shared();
                    assert!(is_right || is_forgotten, "{lead:?} reads person {found:?}");
                    let is_its = |(job, _): (Job, _)| {
                        let kept_for = job.parts[0].kept_for.as_ref();
                        let is_shared = kept_for.is_none_or(|team| *team == admission.team);
                        is_shared && job.reveals.covers(lead.least_asked(*reveals))
                    };
                    assert!(job.is_none_or(is_its), "{lead:?} reads another's, or less than asked");
                }
                let is_pending = matches!(reads, LeadReading::Pending);
                assert!(!(is_pending && reading.status.has_ended()), "it ended without an answer");
            }
        }
        self.stepped_in_vain().await;
    }

    /// Time passes; the vendor does meanwhile what it must not put off any longer.
    pub(super) async fn let_time_pass(&mut self) {
        let by = match self.dice.below(100) {
            0..55 => Duration::from_secs(1 + self.dice.below(240)),
            55..80 => MINUTE * u32::try_from(1 + self.dice.below(90)).expect("minutes"),
            80..95 => HOUR * u32::try_from(1 + self.dice.below(8)).expect("hours"),
            95..99 => HOUR * u32::try_from(10 + self.dice.below(30)).expect("hours"),
            _ => DAY * u32::try_from(2 + self.dice.below(30)).expect("days"),
        };
        self.pass(by).await;
    }

    pub(super) async fn pass(&mut self, by: Duration) {
        let now = self.books.now();
        self.vendor.work_until(now.after(by), now, &mut self.dice);
        self.vendor_worked().await;
        self.books.pass(by);
    }

    /// Somebody wants to ask the vendor, or was told to leave it alone.
    async fn ask_leave(&mut self) {
        let number = |number| NonZeroU32::new(number).expect("a number above zero");
        let errands = [Errand::LookUp, Errand::Submit, Errand::Follow, Errand::Pass];
        let errand = errands[pick(&mut self.dice, errands.len())];
        let wanted = number(1 + u32::try_from(self.dice.below(3)).expect("below 3"));
        let rates = Rates { requests: Rate(number(2)), look_ups: Rate(number(1)) };
        let allowance = Allowance { name: "/people/search".to_owned(), rate: Rate(number(2)) };
        let allowance = self.dice.percent(50).then_some(allowance);
        for _ in 0..3 {
            let asking = Asking {
                errand,
                wanted,
                rates,
                allowance: allowance.clone(),
                closed_for_max: HOUR,
            };
            let leave = self.books.ledger().ask_leave(asking).await.expect("the store is there");
            if matches!(leave, Leave::NotBefore(_)) {
                self.checks.saw("told to wait");
            }
            self.stepped_in_vain().await;
        }
        if self.dice.percent(20) {
            let until = self.books.now().after(MINUTE);
            let reach = match allowance {
                Some(allowance) => Reach::Allowance(allowance.name),
                None if self.dice.percent(50) => Reach::Passages,
                None => Reach::Everything,
            };
            let told = self.books.ledger().leave_alone(until, reach).await;
            told.expect("the store is there");
            self.stepped_in_vain().await;
        }
    }

    async fn sweep(&mut self) {
        let lifetimes = Lifetimes {
            batch: BATCH_TTL,
            results: 10 * DAY,
            leads: 10 * DAY,
            accounts: 32 * DAY,
            ..LIFETIMES
        };
        for kind in KINDS {
            let mut next = Some(kind);
            while let Some(from) = next {
                let sweep = Sweep { from, rows: 50, lifetimes };
                next = self.books.ledger().sweep(sweep).await.expect("the store is there").next;
                self.stepped_in_vain().await;
            }
        }
        self.trim().await;
    }

    /// What is older than any month leaves the journal, as far as it was seen.
    async fn trim(&mut self) {
        let trim = Trim { keep: 32 * DAY, exported: self.checks.entries, limit: 50 };
        if self.books.ledger().trim(trim).await.expect("the store is there") > 0 {
            self.checks.saw("trimmed");
        }
        self.stepped_in_vain().await;
    }
}
