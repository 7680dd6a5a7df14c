//! What the gateway is told to do, in its own terms.

use std::num::NonZeroU32;
use std::time::Duration;

use super::pause::SLOW_LOOK;
use super::throttle::RequestLimits;
use crate::domain::budget::Rates;
use crate::domain::estimate::HitRates;
use crate::domain::outage::Probing;
use crate::domain::pricing::Prices;
use crate::domain::share::Share;
use crate::ledger::step::Terms;
use crate::vendor::Remaining;

/// The gateway's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the vendor charges.
    pub prices: Prices,
    /// How long a person found is answered from what is known.
    pub person_ttl: Duration,
    /// How long nobody found is.
    pub not_found_ttl: Duration,
    /// How long an address counts as validated.
    pub validation_ttl: Duration,
    /// How long a batch is readable from its end.
    pub batch_ttl: Duration,
    /// For how long an identical request is taken for a retry; not at all where it is zero.
    pub replay_window: Duration,
    /// How long the store keeps an entry that was exported.
    pub keep: Duration,
    /// How many leads the vendor takes at once.
    pub job_leads_max: u32,
    /// How long a small job waits for others to travel with; zero where each travels alone.
    pub gather_window: Duration,
    /// How often all replicas together may ask the vendor in a minute.
    pub request_rates: Rates,
    /// How many addresses the vendor validates in an hour.
    pub validations_per_hour: NonZeroU32,
    /// How soon a job's answer is asked for at the earliest.
    pub poll_interval_min: Duration,
    /// How soon at the latest.
    pub poll_interval_max: Duration,
    /// What is done about an attempt that was not answered.
    pub on_no_answer: OnNoAnswer,
    /// How long after an unanswered attempt the next is made.
    pub quiet_period: Duration,
    /// How many attempts there are in all.
    pub attempts_max: u32,
    /// How often a job may be refused before all that is left of it ends.
    pub refusals_max: u32,
    /// The longest that the vendor is left alone by its own word.
    pub retry_after_max: Duration,
    /// How long the vendor may take over a job.
    pub job_deadline: Duration,
    /// How many bytes all pages of the vendor's answer to one job may have.
    pub answer_bytes_max: usize,
    /// How long a turn with a job lasts, unless it is renewed: as long rests what a replica had
    /// under way that died.
    pub turn_for: Duration,
    /// How long a look-up waits for its answer.
    pub find_wait: Duration,
    /// What a team may ask whose policies do not say.
    pub team_limits: RequestLimits,
    /// How much of the limits below one team may use.
    pub team_share: Share,
    /// How many look-ups wait at once.
    pub look_ups_max: usize,
    /// How many requests are passed on at once.
    pub passages_max: usize,
    /// How many priced calls are made at once.
    pub calls_max: usize,
    /// How many jobs of each lane are worked on at once.
    pub turns_max: usize,
    /// How often something is expected to come back.
    pub rates: HitRates,
}

/// What is done about an attempt that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoAnswer {
    /// It is made again, with the reservation held.
    Retry,
    /// It is never made again: unresolved at once.
    Hold,
}

impl Settings {
    /// By when a job admitted now has surely ended or become unresolved.
    pub(super) fn horizon(&self) -> Duration {
        self.quiet_period.saturating_mul(self.attempts_max).saturating_add(self.job_deadline)
    }

    /// How often a vendor that does not answer is tried.
    pub(super) fn probing(&self) -> Probing {
        Probing { every: self.quiet_period, at_most: self.retry_after_max }
    }

    /// How far ahead a job may be due: by the longest of the pauses that follow a turn.
    pub(super) fn due_within(&self) -> Duration {
        let pauses = [
            self.quiet_period,
            self.retry_after_max,
            self.poll_interval_min,
            self.poll_interval_max,
            self.gather_window,
            self.turn_for,
            SLOW_LOOK,
        ];
        // They are jittered, and bounded by clocks that differ a little.
        let longest = pauses.into_iter().max().unwrap_or_default();
        longest.saturating_add(longest / 4).saturating_add(Duration::from_mins(1))
    }

    /// How much the vendor's answer to so many leads or addresses may be.
    pub(super) fn answer_to(&self, asked: u32) -> Remaining {
        let asked = usize::try_from(asked).unwrap_or(usize::MAX);
        Remaining::of(asked, self.answer_bytes_max)
    }

    /// How many attempts of a job may go unanswered.
    pub(super) const fn unanswered_max(&self) -> u32 {
        match self.on_no_answer {
            OnNoAnswer::Retry => self.attempts_max,
            OnNoAnswer::Hold => 1,
        }
    }

    /// How long sealed results live from their settlement: as long as anything can point at them.
    /// The batch that is answered with one last reads it until its own end and `batch_ttl`.
    pub(super) fn results_ttl(&self) -> Duration {
        let known_for = self.person_ttl.max(self.not_found_ttl);
        known_for.saturating_add(self.batch_ttl).saturating_add(self.horizon())
    }

    /// How long the verdicts of a validation live from when it was asked: as long as anything can
    /// point at them.
    pub(super) fn validation_results_ttl(&self) -> Duration {
        self.validation_ttl.saturating_add(self.batch_ttl)
    }

    /// The settings as a ledger's step takes them.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            prices: self.prices,
            person_ttl: self.person_ttl,
            not_found_ttl: self.not_found_ttl,
            batch_ttl: self.batch_ttl,
            horizon: self.horizon(),
            job_leads_max: self.job_leads_max,
            gather_window: self.gather_window,
        }
    }
}
