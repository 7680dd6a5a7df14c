//! Every mistake, and every assumption that does not hold, is caught: a checker that cannot fail is
//! no evidence.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use crate::holds::{APART, OVERLAPPING, TWICE};
use crate::properties::{BILL, CANCELED, EXACT, ONE_JOB, PROBE, QUOTA, TALLIES};
use crate::setup::{
    Admission, Ask, Cancels, Doubt, Gate, NONE, OnNoAnswer, Operator, Outage, Prices, Settlement,
    Setup, Stops, Store, Wrong,
};

/// One person is asked for once.
const ONCE: &[Ask] = &[Ask { team: 0, leads: &[0], reveals: NONE }];

/// One team asks for one person twice, then for two.
const GROWING: &[Ask] = &[
    Ask { team: 0, leads: &[0], reveals: NONE },
    Ask { team: 0, leads: &[0], reveals: NONE },
    Ask { team: 0, leads: &[0, 1], reveals: NONE },
];

/// Two persons are asked for in one batch.
const BOTH: &[Ask] = &[Ask { team: 0, leads: &[0, 1], reveals: NONE }];

/// More than any of these needs.
const STATES_MAX: usize = 2_000_000;

/// Looks for a way to break a property, and shows it.
fn breaks(property: &'static str, setup: Setup) {
    let is_broken = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = setup.checker().finish_when(is_broken).target_state_count(STATES_MAX).spawn_bfs();
    let checker = checker.join();
    let path = checker.assert_any_discovery(property);
    let (setup, holds) = (checker.model(), checker.model().property(property).condition);
    let steps = path.into_vec().into_iter().take_while(|(world, _)| holds(setup, world));
    let steps: Vec<_> = steps.filter_map(|(_, step)| step).collect();
    println!("{:?} breaks: {property}\n    {steps:?}", setup.wrong);
}

fn staged(asks: &'static [Ask]) -> Setup {
    Setup { admission: Admission::Staged, limits: [1, 1], ..Setup::of(asks) }
}

#[test]
fn a_reservation_released_by_a_timer() {
    breaks(BILL, Setup::of(ONCE).with(Wrong::ReleasedByTimer));
}

#[test]
fn leads_freed_while_nobody_knows_what_became_of_their_job() {
    breaks(ONE_JOB, Setup::of(TWICE).with(Wrong::FreedWhileUnknown));
}

#[test]
fn leads_freed_by_a_timer() {
    breaks(ONE_JOB, Setup::of(TWICE).with(Wrong::FreedByTimer));
}

#[test]
fn a_settlement_that_counts_twice() {
    breaks(TALLIES, Setup::of(ONCE).with(Wrong::SettledTwice));
    // The second one is free: releasing it twice makes room for a third that there is none for.
    let tight = Setup { limits: [2, 0], ..Setup::of(GROWING) };
    breaks(QUOTA, tight.with(Wrong::SettledTwice));
}

#[test]
fn no_gate_for_a_person() {
    breaks(EXACT, Setup::of(TWICE).with(Wrong::NoGate));
}

#[test]
fn a_window_that_begins_at_the_settlement() {
    breaks(BILL, Setup::of(TWICE).with(Wrong::WindowFromSettlement));
}

#[test]
fn a_window_that_ends_after_the_vendors() {
    breaks(BILL, Setup::of(TWICE).with(Wrong::WindowTooLong));
}

#[test]
fn a_retry_after_the_window_turned() {
    breaks(BILL, Setup::of(ONCE).with(Wrong::RetriedAfterWindow));
}

#[test]
fn a_gate_that_takes_the_settlement_for_the_last_charge() {
    let trusting = Setup { gate: Gate::AtSettlement, ..Setup::of(TWICE) };
    breaks(BILL, Setup { doubt: Doubt::HeardLate, ..trusting.clone() });
    breaks(BILL, Setup { doubt: Doubt::AtWork, deadline: 2, window: 4, ..trusting });
}

#[test]
fn what_one_attempt_left_unanswered_released() {
    let stops = Setup { stops: Stops::AtAnyTime, ..Setup::of(ONCE) };
    breaks(BILL, stops.with(Wrong::ReleasedInDoubt));
}

#[test]
fn staged_leads_stolen_by_a_timer() {
    breaks(ONE_JOB, staged(TWICE).with(Wrong::StolenByTimer));
}

#[test]
fn a_quota_asked_before_the_commit_point() {
    breaks(QUOTA, staged(APART).with(Wrong::QuotaAskedEarly));
}

#[test]
fn a_reservation_released_with_the_first_step_of_a_settlement() {
    let steps = Setup { settlement: Settlement::LeadByLead, ..Setup::of(BOTH) };
    breaks(BILL, steps.with(Wrong::ReleasedWithFirstStep));
}

#[test]
fn a_step_of_a_settlement_that_counts_twice() {
    let steps = Setup { settlement: Settlement::LeadByLead, ..Setup::of(BOTH) };
    breaks(EXACT, steps.with(Wrong::StepCountsTwice));
}

#[test]
fn a_step_after_an_operators_word_that_books_nothing() {
    let steps = Setup { settlement: Settlement::LeadByLead, ..Setup::of(OVERLAPPING) };
    let steps = Setup { operator: Operator::Present, ..steps };
    breaks(BILL, steps.with(Wrong::WordNotRaised));
}

#[test]
fn a_cancelled_job_in_doubt_sent_again() {
    let cancels = Setup { cancels: Cancels::InDoubt, ..Setup::of(ONCE) };
    breaks(CANCELED, cancels.with(Wrong::CanceledSentAgain));
}

#[test]
fn a_probe_that_is_not_claimed() {
    let outage = Setup { outage: Outage::OpensCircuit, ..Setup::of(APART) };
    breaks(PROBE, outage.with(Wrong::ProbeNotClaimed));
}

#[test]
fn bytes_that_leave_after_the_turn() {
    breaks(BILL, Setup::of(ONCE).with(Wrong::SentAfterTurn));
}

#[test]
fn a_vendor_that_works_past_the_deadline() {
    breaks(BILL, Setup::of(ONCE).with(Wrong::SlowVendor));
}

#[test]
fn a_retry_with_a_vendor_that_does_not_look_before_it_charges() {
    let at_work = Setup { doubt: Doubt::AtWork, ..Setup::of(ONCE) };
    breaks(BILL, Setup { prices: Prices::AtTheTaking, ..at_work });
}

#[test]
fn two_leads_for_one_person_with_a_vendor_that_does_not_look_before_it_charges() {
    breaks(BILL, Setup { prices: Prices::AtTheTaking, person_of: [0, 0], ..Setup::of(APART) });
}

#[test]
fn late_evidence_of_a_vendor_that_does_not_look_before_it_charges() {
    let hold = Setup { on_no_answer: OnNoAnswer::Hold, ..Setup::of(TWICE) };
    breaks(BILL, Setup { prices: Prices::AtTheTaking, operator: Operator::Present, ..hold });
}

#[test]
fn a_failover_that_loses_what_was_not_confirmed_before_a_byte_left() {
    let lossy = Setup { store: Store::AllButASuffix, ..Setup::of(ONCE) };
    breaks(BILL, lossy.with(Wrong::Unconfirmed));
}
