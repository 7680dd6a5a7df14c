//! The protocol holds: each of these worlds is explored whole.

use stateright::{Checker, Model};

use crate::representative::representative;
use crate::setup::{
    Admission, Ask, Cancels, Doubt, EMAIL, NONE, OnNoAnswer, Operator, Outage, Prices, Reserves,
    Settlement, Setup, Stops, Store,
};

/// Two teams ask for one person.
pub(crate) const TWICE: &[Ask] =
    &[Ask { team: 0, leads: &[0], reveals: NONE }, Ask { team: 1, leads: &[0], reveals: NONE }];

/// Two batches overlap in one lead.
pub(crate) const OVERLAPPING: &[Ask] =
    &[Ask { team: 0, leads: &[0], reveals: NONE }, Ask { team: 1, leads: &[0, 1], reveals: NONE }];

/// Two batches name different leads.
pub(crate) const APART: &[Ask] =
    &[Ask { team: 0, leads: &[0], reveals: NONE }, Ask { team: 0, leads: &[1], reveals: NONE }];

/// One person is asked for with more, or with less, than before.
const UPGRADE: &[Ask] =
    &[Ask { team: 0, leads: &[0], reveals: NONE }, Ask { team: 1, leads: &[0], reveals: EMAIL }];

/// One person, three batches, two of them of one team.
const THRICE: &[Ask] = &[
    Ask { team: 0, leads: &[0], reveals: NONE },
    Ask { team: 1, leads: &[0], reveals: NONE },
    Ask { team: 0, leads: &[0], reveals: NONE },
];

fn holds(run: &str, setup: Setup) {
    let checker = setup.checker().symmetry_fn(representative).spawn_dfs().join();
    assert!(checker.is_done(), "{run}: something was left unexplored");
    checker.assert_properties();
    println!("{run}: {} states, up to {} steps", checker.unique_state_count(), checker.max_depth());
}

#[test]
fn two_overlapping_batches_over_a_turn_of_the_window() {
    holds("overlapping", Setup { ticks: 5, ..Setup::of(OVERLAPPING) });
}

#[test]
fn two_leads_that_turn_out_to_be_one_person() {
    holds("aliases", Setup { person_of: [0, 0], ..Setup::of(APART) });
}

#[test]
fn three_batches_for_one_person_under_tight_quotas() {
    holds("tight quotas", Setup { limits: [1, 1], ..Setup::of(THRICE) });
}

#[test]
fn an_upgrade_beside_the_job_that_it_upgrades() {
    holds("upgrade", Setup::of(UPGRADE));
}

#[test]
fn an_upgrade_that_reserves_only_what_is_missing() {
    holds("upgrade, spared", Setup { reserves: Reserves::WhatIsMissing, ..Setup::of(UPGRADE) });
}

#[test]
fn jobs_given_up_and_what_comes_of_them_later() {
    holds("given up", Setup { operator: Operator::Present, ..Setup::of(TWICE) });
}

#[test]
fn a_staged_admission_with_one_commit_point() {
    let quotas = Setup { limits: [2, 1], ..Setup::of(OVERLAPPING) };
    holds("staged", Setup { admission: Admission::Staged, ..quotas });
}

#[test]
fn a_failover_that_loses_all_but_what_was_confirmed_before_a_byte_left() {
    holds("failover", Setup { store: Store::AllButASuffix, ..Setup::of(TWICE) });
}

#[test]
fn under_hold_a_vendor_that_does_not_look_before_it_charges() {
    let hold = Setup { on_no_answer: OnNoAnswer::Hold, ..Setup::of(TWICE) };
    holds("hold", Setup { prices: Prices::AtTheTaking, ..hold });
}

#[test]
fn a_vendor_still_at_work_when_its_job_is_sent_again() {
    let long = Setup { deadline: 2, window: 4, ..Setup::of(TWICE) };
    holds("at work", Setup { doubt: Doubt::AtWork, ..long });
}

#[test]
fn an_answer_that_comes_after_the_next_attempt_began() {
    holds("late answers", Setup { doubt: Doubt::HeardLate, ..Setup::of(TWICE) });
}

#[test]
fn a_vendor_that_stops_before_it_has_come_to_a_lead() {
    let stops = Setup { stops: Stops::AtAnyTime, ..Setup::of(TWICE) };
    holds("stopped", Setup { doubt: Doubt::AtWork, ..stops });
}

#[test]
fn a_job_whose_leads_are_settled_one_by_one() {
    let steps = Setup { settlement: Settlement::LeadByLead, ..Setup::of(OVERLAPPING) };
    holds("settled in steps", Setup { operator: Operator::Present, ticks: 3, ..steps.clone() });
    holds("settled in steps, one person", Setup { person_of: [0, 0], ..steps });
}

#[test]
fn a_job_that_is_cancelled_while_it_is_in_doubt() {
    holds("cancelled in doubt", Setup { cancels: Cancels::InDoubt, ..Setup::of(TWICE) });
}

#[test]
fn an_outage_that_opens_the_circuit_and_probes_that_close_it() {
    holds("outage", Setup { outage: Outage::OpensCircuit, ..Setup::of(APART) });
}
