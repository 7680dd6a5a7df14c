//! The request budget: how fast the vendor is asked by all replicas together.
//!
//! The vendor takes so many requests a minute, wherever the minute begins. A [`Budget`] is a pair of
//! meters that run ahead of the clock by one interval for each request, as in the generic cell rate
//! algorithm (ITU-T I.371): a request is allowed for as long as its meter is not ahead by more than
//! a small burst. Intervals are chosen such that burst and flow together stay within any minute.

mod hourly;

use std::num::NonZeroU32;
use std::time::Duration;

pub use hourly::{HourlyUse, NoRoom};

use super::time::Timestamp;

/// How long a request that was allowed may still be made. Later it is not: it would be counted in
/// another minute than it was allowed in.
pub const ALLOWED_FOR: Duration = Duration::from_secs(3);

/// The vendor's minute, seen from here, in microseconds: requests that it counts in one minute were
/// allowed within a minute and [`ALLOWED_FOR`].
const MINUTE: u64 = 63_000_000;

/// By how much more than some bursts a meter may be ahead of the clock, in microseconds: replicas do
/// not believe the same moment to the second.
const AHEAD_MORE: u64 = 5_000_000;

/// A burst is this share of a minute's requests.
const BURST_SHARE: u32 = 25;

/// So many requests in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub NonZeroU32);

/// How often the vendor may be asked in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For whatever it is.
    pub requests: Rate,
    /// For single persons, which the vendor counts on their own as well.
    pub look_ups: Rate,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// It looks a person up, or submits a batch that a look-up waits for. It is a submission that
    /// finds room where others have to wait, and leaves a sixteenth of the submissions to them.
    LookUp,
    /// It submits a job. It goes first, but takes three quarters of the flow at most: a job that
    /// nobody asks after never ends.
    Submit,
    /// It submits a job while jobs that were sent wait to be polled: it takes half of the flow at
    /// most.
    SubmitSlowly,
    /// It polls a job that a look-up waits for. It leaves some room for submissions.
    FollowUrgently,
    /// It polls a job, or cancels one. It leaves room for submissions.
    Follow,
    /// It passes a caller's request on. It leaves room for all others, and takes half of the flow at
    /// most.
    Pass,
}

/// Whether the vendor may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// So many times, from now on for [`ALLOWED_FOR`].
    Given(NonZeroU32),
    /// Not before this moment.
    NotBefore(Timestamp),
}

/// How often one path of the vendor's may be asked in a minute, within the request budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Which one, as the books know it.
    pub name: String,
    /// How often.
    pub rate: Rate,
}

/// How far the vendor's word reaches that it has had too many requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Whatever it is asked: it said so of what the gateway itself asked.
    Everything,
    /// Whatever is passed on: it said so of a path that may be taken less of than others, and nobody
    /// knows of which.
    Passages,
    /// What has the allowance of this name, which is there for what is taken less of.
    Allowance(String),
}

/// What was spent of the request budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Every request.
    pub requests: Meter,
    /// Submissions alone, look-ups among them.
    pub submissions: Meter,
    /// Look-ups alone.
    pub look_ups: Meter,
    /// What is passed on for callers alone.
    pub passages: Meter,
    /// Until when the vendor asked to be left alone.
    pub closed_until: Option<Timestamp>,
    /// Until when it asked for that of what is passed on.
    pub passages_closed_until: Option<Timestamp>,
}

/// How far ahead of the clock the requests so far have pushed: a moment in microseconds since the
/// Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter(pub u64);

impl Budget {
    /// Takes as many of the `wanted` requests as are allowed now, if any is.
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

    /// As [`Budget::spend`] of an allowance, which only one errand is ever asked on: all of the flow
    /// is its.
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

    /// The vendor asked to be left alone until then, which outweighs an earlier word of its.
    #[must_use]
    pub fn closed_until(self, until: Timestamp) -> Self {
        Self { closed_until: self.closed_until.max(Some(until)), ..self }
    }

    /// The same of what is passed on alone.
    #[must_use]
    pub fn passages_closed_until(self, until: Timestamp) -> Self {
        Self { passages_closed_until: self.passages_closed_until.max(Some(until)), ..self }
    }

    /// The same, without a word of the vendor's that would last longer than any counts: the setting was
    /// another one then, or a clock was wrong.
    #[must_use]
    pub fn closed_for_at_most(self, longest: Duration, now: Timestamp) -> Self {
        let counts = |until: &Timestamp| until.since(now) <= longest;
        Self {
            closed_until: self.closed_until.filter(counts),
            passages_closed_until: self.passages_closed_until.filter(counts),
            ..self
        }
    }

    /// Until when the vendor is not to be asked for this.
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

/// The room that two meters leave, and when there is some.
fn both(one: (u32, Timestamp), other: (u32, Timestamp)) -> (u32, Timestamp) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// How the meters run.
struct Flows {
    requests: Flow,
    submissions: Flow,
    slow_submissions: Flow,
    look_ups: Flow,
    passages: Flow,
}

/// How a meter runs.
#[derive(Clone, Copy, Debug)]
struct Flow {
    /// By how many microseconds a request pushes the meter.
    interval: u64,
    /// How many requests may be made at once.
    burst: u32,
    /// How far its meter may be ahead of the clock.
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
    /// In any `MINUTE` there are fewer than `burst + MINUTE / interval` requests. The interval is
    /// the shortest that makes this the rate and one at most.
    fn flow(self) -> Flow {
        let rate = self.0.get();
        let burst = rate.div_euclid(BURST_SHARE).max(2).min(rate);
        let steady = u64::from(rate.saturating_sub(burst).saturating_add(1));
        Flow::of(MINUTE.div_ceil(steady), burst)
    }
}

impl Flow {
    fn of(interval: u64, burst: u32) -> Self {
        // Flows of other intervals push the same meter.
        let bursts = interval.saturating_mul(burst.into()).saturating_mul(4);
        let longest = bursts.saturating_add(AHEAD_MORE);
        Self { interval, burst, longest }
    }

    /// The burst of what leaves room for others: so many times smaller.
    fn with_burst_by(self, divisor: u32) -> Self {
        Self { burst: self.burst.checked_div(divisor).unwrap_or_default().max(1), ..self }
    }

    /// The burst of what leaves room for look-ups.
    fn with_most_of_the_burst(self) -> Self {
        let room = self.burst.div_euclid(4).max(1);
        Self { burst: self.burst.saturating_sub(room).max(1), ..self }
    }

    /// The same at longer intervals: as `over` is to `under`.
    fn slowed(self, over: u64, under: u64) -> Self {
        let interval = self.interval.saturating_mul(over);
        Self::of(interval.div_ceil(under), self.burst)
    }
}

impl Meter {
    /// How many requests there is room for, and when there is room for one.
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

    /// Where it stands. One that is further ahead than any can be was pushed by a clock that was
    /// wrong, and stands at `now`.
    fn at(self, flow: Flow, now: Timestamp) -> u64 {
        let now = micros(now);
        if self.0.saturating_sub(now) > flow.longest { now } else { self.0 }
    }
}

fn micros(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or_default().saturating_mul(1000)
}

/// The first whole millisecond that is not before.
fn moment(micros: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(micros.div_ceil(1000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
