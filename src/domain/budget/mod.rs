//! The request budget: the rate of requests to the vendor from all replicas together.
//!
//! The vendor allows a number of requests in any minute. A [`Budget`] is a set of meters that run
//! ahead of the clock by one interval for each request, as in the generic cell rate algorithm
//! (ITU-T I.371): a request is allowed while its meter is at most a small burst ahead. The
//! intervals are chosen such that burst and flow together stay within any minute.

mod hourly;

use std::num::NonZeroU32;
use std::time::Duration;

pub use hourly::{HourlyUse, NoRoom, SharedUse};

use super::time::Timestamp;

/// How long a permit is valid. A later request would count in another minute than the permit.
pub const ALLOWED_FOR: Duration = Duration::from_secs(3);

/// The vendor's minute as seen by the gateway, in microseconds: requests that the vendor counts in
/// one minute were permitted within a minute and [`ALLOWED_FOR`].
const MINUTE: u64 = 63_000_000;

/// How far beyond some bursts a meter may be ahead of the clock, in microseconds: the clocks of
/// replicas differ by up to some seconds.
const AHEAD_MORE: u64 = 5_000_000;

/// A burst is this fraction of a minute's requests.
const BURST_SHARE: u32 = 25;

/// A number of requests per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub NonZeroU32);

/// The vendor's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For all requests.
    pub requests: Rate,
    /// For lookups of single persons, which the vendor also counts separately.
    pub look_ups: Rate,
}

/// The class of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A lookup, or the submission of a batch that a lookup waits for. It is a submission that is
    /// permitted while others have to wait, and leaves a sixteenth of the submissions to them.
    LookUp,
    /// The submission of a job. It goes first, but takes at most three quarters of the flow: a job
    /// that is never polled never ends.
    Submit,
    /// The submission of a job while sent jobs wait to be polled: it takes at most half of the
    /// flow.
    SubmitSlowly,
    /// A poll of a job that a lookup waits for. It leaves some capacity for submissions.
    FollowUrgently,
    /// A poll or a cancellation of a job. It leaves capacity for submissions.
    Follow,
    /// A forwarded request of a caller. It leaves capacity for all others, and takes at most half
    /// of the flow.
    Pass,
}

/// The decision about a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// This many requests are permitted, for [`ALLOWED_FOR`] from now.
    Given(NonZeroU32),
    /// Not before this time.
    NotBefore(Timestamp),
}

/// The allowance of one path: its limit of requests per minute, within the request budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Its name in the ledger.
    pub name: String,
    /// Its rate.
    pub rate: Rate,
}

/// The requests that a 429 of the vendor pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All requests: it was the response to a request of the gateway itself.
    Everything,
    /// All forwarded requests: it was the response to a path without an allowance, which may have a
    /// lower limit of its own.
    Passages,
    /// The requests with this allowance, which exists for paths with a lower limit.
    Allowance(String),
}

/// The usage of the request budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// All requests.
    pub requests: Meter,
    /// Submissions, including lookups.
    pub submissions: Meter,
    /// Lookups.
    pub look_ups: Meter,
    /// Forwarded requests.
    pub passages: Meter,
    /// The end of a pause of all requests.
    pub closed_until: Option<Timestamp>,
    /// The end of a pause of forwarded requests.
    pub passages_closed_until: Option<Timestamp>,
}

/// The position of a meter: a time in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter(pub u64);

impl Budget {
    /// Permits as many of the `wanted` requests as the budget allows now, if any.
    #[must_use]
    pub fn spend(
        self,
        errand: Errand,
        wanted: NonZeroU32,
        rates: Rates,
        now: Timestamp,
    ) -> (Self, Leave) {
        if let Some(until) = self.closed_to(errand).filter(|until| now < *until) {
            return (self, Leave::NotBefore(until));
        }
        let Flows { requests, submissions, slow_submissions, look_ups, passages } = rates.flows();
        let of_all = self.requests.look(requests, now);
        let (room, free_at) = match errand {
            Errand::Follow => self.requests.look(requests.with_burst_by(2), now),
            Errand::FollowUrgently => self.requests.look(requests.with_most_of_the_burst(), now),
            Errand::Submit | Errand::SubmitSlowly => {
                both(of_all, self.submissions.look(submissions.with_most_of_the_burst(), now))
            }
            Errand::LookUp => {
                let of_submissions = self.submissions.look(submissions, now);
                both(both(of_all, of_submissions), self.look_ups.look(look_ups, now))
            }
            Errand::Pass => {
                let of_all = self.requests.look(requests.with_burst_by(4), now);
                both(of_all, self.passages.look(passages, now))
            }
        };
        let Some(given) = NonZeroU32::new(room.min(wanted.get())) else {
            return (self, Leave::NotBefore(free_at));
        };
        let mut spent = Self {
            closed_until: None,
            passages_closed_until: self.passages_closed_until.filter(|until| now < *until),
            ..self
        };
        spent.requests = self.requests.push(requests, given, now);
        match errand {
            Errand::Submit | Errand::LookUp => {
                spent.submissions = self.submissions.push(submissions, given, now);
            }
            Errand::SubmitSlowly => {
                spent.submissions = self.submissions.push(slow_submissions, given, now);
            }
            Errand::FollowUrgently | Errand::Follow | Errand::Pass => {}
        }
        if errand == Errand::LookUp {
            spent.look_ups = self.look_ups.push(look_ups, given, now);
        }
        if errand == Errand::Pass {
            spent.passages = self.passages.push(passages, given, now);
        }
        (spent, Leave::Given(given))
    }

    /// As [`Budget::spend`] for an allowance, which serves only one class: it has the whole flow.
    #[must_use]
    pub fn spend_allowance(self, wanted: NonZeroU32, rate: Rate, now: Timestamp) -> (Self, Leave) {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return (self, Leave::NotBefore(until));
        }
        let flow = rate.flow();
        let (room, free_at) = self.requests.look(flow, now);
        let Some(given) = NonZeroU32::new(room.min(wanted.get())) else {
            return (self, Leave::NotBefore(free_at));
        };
        let requests = self.requests.push(flow, given, now);
        (Self { requests, closed_until: None, ..self }, Leave::Given(given))
    }

    /// Pauses all requests until then, unless a longer pause is set.
    #[must_use]
    pub fn closed_until(self, until: Timestamp) -> Self {
        Self { closed_until: self.closed_until.max(Some(until)), ..self }
    }

    /// The same for forwarded requests.
    #[must_use]
    pub fn passages_closed_until(self, until: Timestamp) -> Self {
        Self { passages_closed_until: self.passages_closed_until.max(Some(until)), ..self }
    }

    /// The same without a pause that is longer than any allowed one: it was set under another
    /// setting, or by a wrong clock.
    #[must_use]
    pub fn closed_for_at_most(self, longest: Duration, now: Timestamp) -> Self {
        let counts = |until: &Timestamp| until.since(now) <= longest;
        Self {
            closed_until: self.closed_until.filter(counts),
            passages_closed_until: self.passages_closed_until.filter(counts),
            ..self
        }
    }

    /// The end of the pause for this class.
    fn closed_to(&self, errand: Errand) -> Option<Timestamp> {
        match errand {
            Errand::LookUp
            | Errand::Submit
            | Errand::SubmitSlowly
            | Errand::FollowUrgently
            | Errand::Follow => self.closed_until,
            Errand::Pass => self.closed_until.max(self.passages_closed_until),
        }
    }
}

/// The requests that two meters permit, and when the next one is permitted.
fn both(one: (u32, Timestamp), other: (u32, Timestamp)) -> (u32, Timestamp) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// The flows of the meters.
struct Flows {
    requests: Flow,
    submissions: Flow,
    slow_submissions: Flow,
    look_ups: Flow,
    passages: Flow,
}

/// The flow of a meter.
#[derive(Clone, Copy, Debug)]
struct Flow {
    /// How many microseconds a request advances the meter.
    interval: u64,
    /// How many requests may be made at once.
    burst: u32,
    /// How far the meter may be ahead of the clock.
    longest: u64,
}

impl Rates {
    fn flows(self) -> Flows {
        let requests = self.requests.flow();
        let submissions = requests.slowed(4, 3);
        let look_ups = self.look_ups.flow();
        let interval = look_ups.interval.max(submissions.slowed(16, 15).interval);
        let look_ups = Flow::of(interval, look_ups.burst);
        let half = requests.slowed(2, 1);
        Flows { requests, submissions, slow_submissions: half, look_ups, passages: half }
    }
}

impl Rate {
    /// Any `MINUTE` has fewer than `burst + MINUTE / interval` requests. The interval is the
    /// shortest for which this is at most the rate, and at least one.
    fn flow(self) -> Flow {
        let rate = self.0.get();
        let burst = rate.div_euclid(BURST_SHARE).max(2).min(rate);
        let steady = u64::from(rate.saturating_sub(burst).saturating_add(1));
        Flow::of(MINUTE.div_ceil(steady), burst)
    }
}

impl Flow {
    fn of(interval: u64, burst: u32) -> Self {
        // Flows with other intervals advance the same meter.
        let bursts = interval.saturating_mul(burst.into()).saturating_mul(4);
        let longest = bursts.saturating_add(AHEAD_MORE);
        Self { interval, burst, longest }
    }

    /// A burst reduced by this divisor, which leaves capacity for others.
    fn with_burst_by(self, divisor: u32) -> Self {
        Self { burst: self.burst.checked_div(divisor).unwrap_or_default().max(1), ..self }
    }

    /// A burst that leaves capacity for lookups.
    fn with_most_of_the_burst(self) -> Self {
        let room = self.burst.div_euclid(4).max(1);
        Self { burst: self.burst.saturating_sub(room).max(1), ..self }
    }

    /// The same with intervals lengthened by the ratio of `over` to `under`.
    fn slowed(self, over: u64, under: u64) -> Self {
        let interval = self.interval.saturating_mul(over);
        Self::of(interval.div_ceil(under), self.burst)
    }
}

impl Meter {
    /// How many requests are permitted, and when the next one is.
    fn look(self, flow: Flow, now: Timestamp) -> (u32, Timestamp) {
        let burst = flow.interval.saturating_mul(flow.burst.into());
        let stands = self.at(flow, now);
        let room = burst.saturating_sub(stands.saturating_sub(micros(now)));
        let room = room.checked_div(flow.interval).unwrap_or_default();
        let free_at = stands.saturating_add(flow.interval).saturating_sub(burst);
        (u32::try_from(room).unwrap_or(u32::MAX), moment(free_at))
    }

    fn push(self, flow: Flow, requests: NonZeroU32, now: Timestamp) -> Self {
        let by = flow.interval.saturating_mul(requests.get().into());
        Self(self.at(flow, now).max(micros(now)).saturating_add(by))
    }

    /// The meter's position. A position that is further ahead than possible was set by a wrong
    /// clock, and counts as `now`.
    fn at(self, flow: Flow, now: Timestamp) -> u64 {
        let now = micros(now);
        if self.0.saturating_sub(now) > flow.longest { now } else { self.0 }
    }
}

fn micros(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or_default().saturating_mul(1000)
}

/// The first whole millisecond that is not earlier.
fn moment(micros: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(micros.div_ceil(1000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
