//! The suite, as far as it is about calls and validations: every case over every store.

use super::books::Books;
use super::each::{every_case, holds, on_every_store};
use super::store;
use crate::support::redis::{Cluster, Sentinels};

/// Lists the cases. One that is not listed is dead code.
macro_rules! contract_suite {
    ($name:ident: ($($store:tt)+)) => {
        every_case! { $name: ($($store)+) =>
            calling: {
                a_call_is_on_the_books_before_it_is_made
                what_a_call_costs_is_charged_and_the_rest_released
                a_call_charged_beyond_its_reservation_is_booked_whole
                a_call_that_was_certainly_not_taken_is_void
                an_unanswered_call_is_unresolved_and_never_made_again
                a_call_whose_maker_died_is_given_up_by_the_next_turn
                who_takes_over_gives_up_the_calls_that_were_being_made
                certain_word_that_comes_late_ends_what_was_unresolved
                certain_word_after_an_operators_is_booked_as_the_difference
                a_call_asked_again_changes_nothing
                a_call_that_does_not_fit_is_refused_and_changes_nothing
                a_call_above_what_its_caller_allows_is_refused_and_changes_nothing
                a_call_is_no_batch_of_leads
            }
            recalling: {
                a_call_asked_for_again_is_the_one_that_was_made
                a_call_that_was_certainly_not_made_is_forgotten
                another_request_under_the_key_of_a_call_is_refused
                after_its_time_a_call_is_a_new_one
                of_twenty_at_once_one_is_made
            }
            validating: {
                an_address_is_sent_once_while_it_counts
                what_is_under_way_is_joined_and_what_is_being_sent_is_waited_for
                an_address_in_a_dead_call_is_sent_anew
                an_address_without_a_verdict_is_sent_anew
                the_same_request_is_a_retry_for_its_time
                a_validation_that_does_not_fit_is_refused_and_changes_nothing
                the_vendor_is_told_of_a_cancellation_only_where_nobody_else_waits
                a_removed_address_is_not_sent_and_its_verdict_forgotten
                an_address_of_a_removed_person_is_removed_too
                what_counts_no_more_is_forgotten
            }
            verdicts: {
                a_team_that_keeps_to_itself_shares_no_verdict
                a_verdict_is_taken_where_it_is_young_enough
                whoever_wants_a_new_verdict_joins_what_is_under_way
                verdicts_are_looked_for_in_turns_until_they_are_there
                a_validation_above_what_its_caller_allows_is_refused_and_changes_nothing
                a_callers_key_names_one_validation
            }
        }
    };
}

on_every_store!(contract_suite);
