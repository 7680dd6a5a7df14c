//! The vendor's credits per unit, as far as this replica knows: whether they are out, when the next
//! probe is due, and what has yet to be written to the ledger.
//!
//! A 402 does not say which unit is missing. It counts for phone credits if phone numbers were
//! requested ([`Needs::short_unit`]), so requests that need only email credits continue. An
//! accepted request proves every unit that it needs.

use std::time::Duration;

use crate::domain::credits::Unit;
use crate::domain::needs::{ByUnit, Needs};
use crate::domain::time::Timestamp;

/// The interval of probes.
pub(super) const PROBE_EVERY: Duration = Duration::from_mins(1);

/// The state of the vendor's credits.
#[derive(Debug, Default)]
pub(super) struct Supply(ByUnit<OfUnit>);

#[derive(Debug, Default)]
struct OfUnit {
    /// Set if the credits are out: when the next probe is due.
    probe_at: Option<Timestamp>,
    /// A probe of this replica has no answer yet.
    is_probing: bool,
    /// An observation that is not in the ledger yet.
    news: Option<News>,
}

/// An observation of the vendor's credits of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    RanOut,
    HasSome,
    /// It answered a probe, and its credits stay unknown.
    NoWord,
}

impl Supply {
    /// The vendor accepted a request.
    pub(super) fn take(&mut self, needs: Needs) {
        for unit in needs.units() {
            let of_unit = self.0.of_mut(unit);
            if of_unit.probe_at.take().is_some() {
                of_unit.news = Some(News::HasSome);
            }
            of_unit.is_probing = false;
        }
    }

    /// The vendor answered without charging.
    pub(super) fn sell_nothing(&mut self, needs: Needs) {
        for unit in needs.units() {
            let of_unit = self.0.of_mut(unit);
            if std::mem::take(&mut of_unit.is_probing) && of_unit.probe_at.is_some() {
                of_unit.news = of_unit.news.or(Some(News::NoWord));
            }
        }
    }

    /// The vendor answered that its account has no credits.
    pub(super) fn run_out(&mut self, needs: Needs, now: Timestamp) {
        let short = self.0.of_mut(needs.short_unit());
        *short = OfUnit {
            probe_at: Some(now.after(PROBE_EVERY)),
            is_probing: false,
            news: Some(News::RanOut),
        };
        self.sell_nothing(needs);
    }

    /// A request is sent as a probe.
    pub(super) fn probe(&mut self, needs: Needs) {
        for unit in needs.units() {
            self.0.of_mut(unit).is_probing = true;
        }
    }

    /// The first of these units of which the credits are out.
    pub(super) fn lacks(&self, needs: Needs) -> Option<Unit> {
        needs.units().find(|unit| self.0.of(*unit).probe_at.is_some())
    }

    /// The observations to write to the ledger.
    pub(super) fn news(&self) -> Vec<(Unit, News)> {
        let news = |unit| Some((unit, self.0.of(unit).news?));
        Unit::ALL.into_iter().filter_map(news).collect()
    }

    /// This observation was written to the ledger; later ones are still to be written.
    pub(super) fn recorded(&mut self, unit: Unit, news: News) {
        let of_unit = self.0.of_mut(unit);
        of_unit.news = of_unit.news.filter(|since| *since != news);
    }

    /// Sets the state from the ledger, unless something was observed since.
    pub(super) fn learn(&mut self, books: ByUnit<Option<Timestamp>>) {
        for unit in Unit::ALL {
            let of_unit = self.0.of_mut(unit);
            if of_unit.news.is_none() {
                of_unit.probe_at = *books.of(unit);
            }
        }
    }

    /// The reasons for `/readyz`.
    pub(super) fn remarks(&self) -> impl Iterator<Item = String> {
        let out = Unit::ALL.into_iter().filter(|unit| self.0.of(*unit).probe_at.is_some());
        out.map(|unit| format!("vendor: its account has no {unit} credits (402)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reveal::Reveals;

    const NOON: Timestamp = Timestamp::from_millis(1_000_000);
    const BOTH: Needs = Needs::of_persons(Reveals::ALL);

    fn books(email: Option<Timestamp>, phone: Option<Timestamp>) -> ByUnit<Option<Timestamp>> {
        ByUnit { email, phone }
    }

    #[test]
    fn later_observations_take_precedence_over_the_ledger() {
        let mut supply = Supply::default();
        supply.learn(books(Some(NOON), None));
        assert_eq!(supply.lacks(Needs::EMAIL), Some(Unit::Email), "another replica reported so");
        supply.take(Needs::EMAIL);
        supply.learn(books(Some(NOON), None));
        assert_eq!(supply.lacks(Needs::EMAIL), None);
        assert_eq!(supply.news(), [(Unit::Email, News::HasSome)]);
        supply.run_out(Needs::EMAIL, NOON);
        supply.recorded(Unit::Email, News::HasSome);
        assert_eq!(supply.news(), [(Unit::Email, News::RanOut)]);
        supply.recorded(Unit::Email, News::RanOut);
        supply.learn(books(None, None));
        assert_eq!(supply.lacks(BOTH), None);
        supply.take(BOTH);
        assert_eq!(supply.news(), [], "the books know that it has credits");
    }

    #[test]
    fn a_402_to_a_request_for_numbers_does_not_stop_email_requests() {
        let mut supply = Supply::default();
        supply.run_out(BOTH, NOON);
        assert_eq!((supply.lacks(Needs::EMAIL), supply.lacks(BOTH)), (None, Some(Unit::Phone)));
        supply.take(Needs::EMAIL);
        assert_eq!(supply.lacks(BOTH), Some(Unit::Phone), "emails prove nothing of phones");
        supply.take(BOTH);
        assert_eq!(supply.lacks(BOTH), None);
    }

    #[test]
    fn a_refused_probe_of_both_units_releases_that_of_email_credits() {
        let mut supply = Supply::default();
        supply.learn(books(Some(NOON), None));
        supply.probe(BOTH);
        supply.run_out(BOTH, NOON);
        assert_eq!(supply.news(), [(Unit::Email, News::NoWord), (Unit::Phone, News::RanOut)]);
    }

    #[test]
    fn only_a_probe_without_result_is_released_and_only_once() {
        let mut supply = Supply::default();
        supply.learn(books(Some(NOON), None));
        supply.sell_nothing(Needs::EMAIL);
        assert_eq!(supply.news(), [], "it was no probe");
        for _ in 0..2 {
            supply.probe(Needs::EMAIL);
            supply.sell_nothing(Needs::EMAIL);
            assert_eq!(supply.news(), [(Unit::Email, News::NoWord)]);
            supply.recorded(Unit::Email, News::NoWord);
            supply.sell_nothing(Needs::EMAIL);
            assert_eq!(supply.news(), []);
        }
        supply.probe(Needs::EMAIL);
        supply.run_out(Needs::EMAIL, NOON);
        supply.sell_nothing(Needs::EMAIL);
        assert_eq!(supply.news(), [(Unit::Email, News::RanOut)], "the probe was answered");
    }
}
