//! The vendor's state: every accepted batch, the unfinished leads, and the bill.
//!
//! Nothing here runs in the background. Every access first brings the state up to the present, so
//! the bill always has every lead that is due, dated by its due time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use super::answer::{
    Answer, Error, INVALID_LEAD, LEGAL_REASONS, NO_CREDITS, NOT_FOUND, PERSON_NOT_FOUND,
    RATE_LIMITED,
};
use super::batch::{Batch, Ending};
use super::bill::{Bill, EntryKind, Totals};
use super::fault::{Faults, Naming};
use super::lead::Lead;
use super::look_up::LookUp;
use super::pace::Pace;
use super::page::Page;
use super::person::{self, Found};
use super::submission::{ERRORS_MAX, Reveals, Submission};
use super::tally::{Delivery, Tally};
use super::validation::Validation;

/// The longest processing time of a batch: ten years.
const PROCESSING_MS_MAX: i64 = 10 * 365 * 86_400_000;

/// The state of the sandbox.
pub(super) struct Desk {
    options: Arc<Options>,
    pub(super) faults: Faults,
    /// In the order of their submission: the first has the id 1.
    batches: Vec<Batch>,
    validations: Vec<Validation>,
    /// When each running batch finishes its next lead.
    due: BTreeSet<(i64, u64)>,
    /// The looked-up leads, in order.
    looked_up: Vec<Lead>,
    tally: Tally,
    posts_received: u64,
    look_ups_received: u64,
    pace: Pace,
}

impl Desk {
    pub(super) fn new(options: Arc<Options>) -> Self {
        let tally = Tally::new(millis(options.window));
        Self {
            options,
            faults: Faults::default(),
            batches: Vec::new(),
            validations: Vec::new(),
            due: BTreeSet::new(),
            looked_up: Vec::new(),
            tally,
            posts_received: 0,
            look_ups_received: 0,
            pace: Pace::default(),
        }
    }

    /// Finishes the due leads, in the order of their time.
    pub(super) fn catch_up(&mut self, now: i64) {
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            let batch = batch_mut(&mut self.batches, id).expect("a due batch exists");
            if let Some(delivery) = batch.finish_next(at) {
                self.tally.book(&delivery, &self.faults.dedupe_misses);
            }
            self.due.extend(batch.next_finish_at().map(|at| (at, id)));
        }
    }

    /// Accepts a request, unless the limit of requests per minute is reached.
    pub(super) fn let_through(&mut self, now: i64) -> Result<(), Answer> {
        let Some(per_minute) = self.faults.requests_per_minute else { return Ok(()) };
        self.pace.pass(per_minute, now).map_err(|seconds| {
            let error = RATE_LIMITED.says("There are too many requests in a minute.");
            Answer { retry_after_seconds: Some(seconds), ..Answer::from(error) }
        })
    }

    pub(super) fn turned_away(&self) -> u64 {
        self.pace.turned_away
    }

    pub(super) fn count_post(&mut self) {
        self.posts_received += 1;
    }

    pub(super) fn count_look_up(&mut self) {
        self.look_ups_received += 1;
    }

    /// Accepts a batch, unless its maximum cost exceeds the remaining credits.
    pub(super) fn submit(
        &mut self,
        mut submission: Submission,
        ending: Ending,
        now: i64,
    ) -> Result<Answer, Vec<Error>> {
        self.refused(&submission)?;
        self.afford(submission.leads.len(), submission.reveals).map_err(|error| vec![error])?;
        let id = u64::try_from(self.batches.len() + 1).expect("few batches");
        submission.leads.iter_mut().for_each(|lead| lead.read_by = self.options.read_by);
        let processing = self.faults.processing_ms.map(Duration::from_millis);
        let processing_ms = millis(processing.unwrap_or(self.options.processing));
        let processing_ms = processing_ms.min(PROCESSING_MS_MAX);
        let batch = Batch::take(id, submission, ending, now, processing_ms);
        let answer = batch.accepted();
        self.due.extend(batch.next_finish_at().map(|at| (at, id)));
        self.batches.push(batch);
        Ok(answer)
    }

    /// Looks a person up, unless the maximum cost exceeds the remaining credits.
    pub(super) fn look_up(&mut self, look_up: LookUp, now: i64) -> Result<Answer, Error> {
        let LookUp { mut lead, reveals } = look_up;
        lead.read_by = self.options.read_by;
        self.afford(1, reveals)?;
        let named = lead.named();
        self.looked_up.push(lead);
        match (person::find(named.as_ref()), named) {
            (Found::Person(person), Some(named)) => {
                let shown = person.shown(reveals);
                let delivery = Delivery::at_once(named, *person, reveals, now);
                self.tally.book(&delivery, &self.faults.dedupe_misses);
                Ok(Answer::ok(shown))
            }
            (Found::Removed, _) => Err(LEGAL_REASONS.says("The person requested erasure.")),
            _ => Err(PERSON_NOT_FOUND.says("No person was found.")),
        }
    }

    pub(super) fn read(&self, id: u64, page: Page, now: i64) -> Result<Answer, Error> {
        let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let batch = index.and_then(|index| self.batches.get(index)).ok_or_else(unknown)?;
        Ok(batch.answer(page, now))
    }

    /// Cancels a batch; its results and charges so far stay.
    pub(super) fn cancel(&mut self, id: u64, now: i64) -> Result<Answer, Error> {
        let page = Page::first(self.page_size());
        let batch = batch_mut(&mut self.batches, id).ok_or_else(unknown)?;
        self.due.retain(|(_, due)| *due != id);
        batch.cancel(now);
        Ok(batch.answer(page, now))
    }

    /// Accepts a validation, and charges each of its addresses at once.
    pub(super) fn validate(
        &mut self,
        emails: Vec<String>,
        ending: Ending,
        now: i64,
    ) -> Result<Answer, Error> {
        let price = EntryKind::AddressValidated.price();
        let email = emails.iter().fold(self.tally.bill.email, |sum, _| sum + price);
        if self.options.credits.is_some_and(|credits| email > credits.email) {
            return Err(
                NO_CREDITS.says("You do not have enough credits to perform this operation.")
            );
        }
        let number = u64::try_from(self.validations.len() + 1).expect("few validations");
        let processing = self.faults.processing_ms.map(Duration::from_millis);
        let processing_ms = millis(processing.unwrap_or(self.options.processing));
        let processing_ms = processing_ms.min(PROCESSING_MS_MAX);
        for nth in 1..=emails.len() {
            self.tally.charge_address(now, number, nth);
        }
        let validation = Validation::take(number, emails, ending, now, processing_ms);
        let answer = validation.accepted();
        self.validations.push(validation);
        Ok(answer)
    }

    pub(super) fn read_validation(&self, id: &str, page: Page, now: i64) -> Result<Answer, Error> {
        let validation = self.validations.iter().find(|validation| validation.id() == id);
        Ok(validation.ok_or_else(unknown_validation)?.answer(page, now))
    }

    pub(super) fn cancel_validation(&mut self, id: &str, now: i64) -> Result<Answer, Error> {
        let page = Page::first(self.page_size());
        let validation = self.validations.iter_mut().find(|validation| validation.id() == id);
        let validation = validation.ok_or_else(unknown_validation)?;
        validation.cancel(now);
        Ok(validation.answer(page, now))
    }

    /// Every address of every accepted validation, in order.
    pub(super) fn addresses_received(&self) -> Vec<String> {
        self.validations.iter().flat_map(Validation::emails).cloned().collect()
    }

    /// Charges a request that is not about a person.
    pub(super) fn charge_elsewhere(&mut self, kind: EntryKind, now: i64) {
        self.tally.charge_elsewhere(kind, now);
    }

    pub(super) fn page_size(&self) -> usize {
        self.faults.page_size.map_or(self.options.page_size, usize::from)
    }

    pub(super) fn bill(&self) -> Bill {
        let in_batches = self.batches.iter().map(|batch| batch.leads().len()).sum::<usize>();
        Bill {
            leads_received: u64::try_from(in_batches + self.looked_up.len()).expect("few leads"),
            posts_received: self.posts_received,
            look_ups_received: self.look_ups_received,
            ..self.tally.bill.clone()
        }
    }

    pub(super) fn leads_received(&self) -> Vec<String> {
        let in_batches = self.batches.iter().flat_map(Batch::leads);
        in_batches.chain(&self.looked_up).map(Lead::label).collect()
    }

    pub(super) fn posts_received(&self) -> u64 {
        self.posts_received
    }

    fn refused(&self, submission: &Submission) -> Result<(), Vec<Error>> {
        let is_refused = |lead: &Lead| self.faults.refused_leads.contains(&lead.label());
        let leads = submission.leads.iter().zip(0..);
        let mut refused = leads.filter(|(lead, _)| is_refused(lead)).map(|(_, place)| place);
        let at = |place: usize| {
            INVALID_LEAD.at(&format!("/leads/{place}"), "This lead cannot be enriched.")
        };
        let errors: Vec<Error> = match self.faults.refusals_name {
            Naming::First => refused.next().map(at).into_iter().collect(),
            Naming::Every => refused.map(at).take(ERRORS_MAX).collect(),
            Naming::None => {
                let error = |_| INVALID_LEAD.at("/leads", "Some lead cannot be enriched.");
                refused.next().map(error).into_iter().collect()
            }
        };
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    pub(super) fn look_ups_received(&self) -> u64 {
        self.look_ups_received
    }

    fn afford(&self, leads: usize, reveals: Reveals) -> Result<(), Error> {
        let no_credits = "You do not have enough credits to perform this operation.";
        if self.affords(leads, reveals) { Ok(()) } else { Err(NO_CREDITS.says(no_credits)) }
    }

    fn affords(&self, leads: usize, reveals: Reveals) -> bool {
        let Some(credits) = self.options.credits else { return true };
        let email = reveals.email.then_some(EntryKind::EmailRevealed);
        let phone = reveals.phone.then_some(EntryKind::PhoneRevealed);
        let mut most = Totals { email: self.tally.bill.email, phone: self.tally.bill.phone };
        for _ in 0..leads {
            for kind in [Some(EntryKind::PersonFound), email, phone].into_iter().flatten() {
                most.add(kind.unit(), kind.price());
            }
        }
        most.email <= credits.email && (!reveals.phone || most.phone <= credits.phone)
    }
}

fn batch_mut(batches: &mut [Batch], id: u64) -> Option<&mut Batch> {
    let index = usize::try_from(id).ok()?.checked_sub(1)?;
    batches.get_mut(index)
}

fn unknown_validation() -> Error {
    NOT_FOUND.says("There is no such email validation.")
}

fn unknown() -> Error {
    NOT_FOUND.says("There is no such enrichment request.")
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
