//! The settings in the gateway's own terms.

use std::num::NonZeroU32;
use std::time::Duration;

use super::alarms::AlarmThresholds;
use super::pause::SLOW_LOOK;
use super::throttle::RequestLimits;
use crate::domain::budget::Rates;
use crate::domain::estimate::HitRates;
use crate::domain::outage::Probing;
use crate::domain::pricing::Prices;
use crate::domain::share::Share;
use crate::domain::team_limits::TeamLimits;
use crate::ledger::step::Terms;
use crate::vendor::Remaining;

/// The gateway's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The vendor's prices.
    pub prices: Prices,
    /// How long a person is answered from the cache.
    pub person_ttl: Duration,
    /// How long "not found" is answered from the cache.
    pub not_found_ttl: Duration,
    /// How long a validated address is answered from the cache.
    pub validation_ttl: Duration,
    /// How long a batch is readable after its end.
    pub batch_ttl: Duration,
    /// How long an identical request counts as a retry; zero: never.
    pub replay_window: Duration,
    /// How long the store keeps an exported entry.
    pub keep: Duration,
    /// The maximum number of leads in one job.
    pub job_leads_max: u32,
    /// How long a small job waits for others to be combined with; zero: not at all.
    pub gather_window: Duration,
    /// The limits of requests to the vendor, for all replicas together.
    pub request_rates: Rates,
    /// The limit of validated addresses per hour.
    pub validations_per_hour: NonZeroU32,
    /// The first pause between two polls.
    pub poll_interval_min: Duration,
    /// The longest pause.
    pub poll_interval_max: Duration,
    /// The handling of an unanswered attempt.
    pub on_no_answer: OnNoAnswer,
    /// The pause after an unanswered attempt.
    pub quiet_period: Duration,
    /// The total number of attempts.
    pub attempts_max: u32,
    /// How many refusals of a job are accepted before its remaining leads end.
    pub refusals_max: u32,
    /// Upper limit of the vendor's `Retry-After`.
    pub retry_after_max: Duration,
    /// How long the vendor may take for a job.
    pub job_deadline: Duration,
    /// The maximum size of all pages of the vendor's answer to one job.
    pub answer_bytes_max: usize,
    /// The duration of a lease, unless it is renewed: for so long, the jobs of a dead replica are
    /// not processed.
    pub turn_for: Duration,
    /// How long a lookup waits for its answer.
    pub find_wait: Duration,
    /// The limits of teams whose policies set none.
    pub team_limits: RequestLimits,
    /// What the store may keep for a team whose policies do not say.
    pub store_limits: TeamLimits,
    /// From how many leads in an hour operators are warned of a team.
    pub alarms: AlarmThresholds,
    /// How much of the limits below one team may use.
    pub team_share: Share,
    /// How many steps on the books requests take at once.
    pub steps_max: usize,
    /// How many look-ups wait at once.
    pub look_ups_max: usize,
    /// The maximum number of forwarded requests.
    pub passages_max: usize,
    /// The maximum number of priced calls in progress.
    pub calls_max: usize,
    /// The maximum number of jobs of each lane in progress.
    pub turns_max: usize,
    /// The assumed rates of success.
    pub rates: HitRates,
}

/// The handling of an unanswered attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoAnswer {
    /// It is repeated, with the reservation held.
    Retry,
    /// It is never repeated: unresolved at once.
    Hold,
}

impl Settings {
    /// When a job admitted now has certainly ended or become unresolved.
    pub(super) fn horizon(&self) -> Duration {
        self.quiet_period.saturating_mul(self.attempts_max).saturating_add(self.job_deadline)
    }

    /// The intervals of probes during an outage.
    pub(super) fn probing(&self) -> Probing {
        Probing { every: self.quiet_period, at_most: self.retry_after_max }
    }

    /// How far ahead a job may be due: by the longest of the possible pauses.
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
        // They have jitter, and clocks differ a little.
        let longest = pauses.into_iter().max().unwrap_or_default();
        longest.saturating_add(longest / 4).saturating_add(Duration::from_mins(1))
    }

    /// The size limit of the vendor's answer to this many leads or addresses.
    pub(super) fn answer_to(&self, asked: u32) -> Remaining {
        let asked = usize::try_from(asked).unwrap_or(usize::MAX);
        Remaining::of(asked, self.answer_bytes_max)
    }

    /// How many attempts of a job may be unanswered.
    pub(super) const fn unanswered_max(&self) -> u32 {
        match self.on_no_answer {
            OnNoAnswer::Retry => self.attempts_max,
            OnNoAnswer::Hold => 1,
        }
    }

    /// How long stored results live after their settlement: as long as anything can refer to them.
    /// The last batch answered with one reads it until its own end plus `batch_ttl`.
    pub(super) fn results_ttl(&self) -> Duration {
        let known_for = self.person_ttl.max(self.not_found_ttl);
        known_for.saturating_add(self.batch_ttl).saturating_add(self.horizon())
    }

    /// How long the verdicts of a validation live after its submission: as long as anything can
    /// refer to them.
    pub(super) fn validation_results_ttl(&self) -> Duration {
        self.validation_ttl.saturating_add(self.batch_ttl)
    }

    /// The settings as the terms of a ledger step.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            prices: self.prices,
            person_ttl: self.person_ttl,
            not_found_ttl: self.not_found_ttl,
            batch_ttl: self.batch_ttl,
            horizon: self.horizon(),
            job_leads_max: self.job_leads_max,
            gather_window: self.gather_window,
            team_limits: self.store_limits,
        }
    }
}
