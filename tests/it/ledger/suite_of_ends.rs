//! The suite, from the answer on: how what was asked ends, reads, is forgotten and accounted for.

use super::books::Books;
use super::each::{every_case, holds, over_every_store};
use super::round_trips::Metered;
use super::store;
use crate::support::redis::{Cluster, Sentinels};

/// Lists the cases. One that is not listed is dead code.
macro_rules! contract_suite {
    ($name:ident: ($($store:tt)+)) => {
        every_case! { $name: ($($store)+) =>
            settling: {
                what_is_due_is_charged_and_the_rest_released
                asked_again_it_tells_the_same_and_charges_nothing
                what_was_never_with_the_vendor_has_no_answer
                an_answer_of_another_length_is_refused_and_changes_nothing
                what_cannot_be_told_to_be_a_leads_is_unresolved
                a_charge_beyond_its_reservation_is_an_entry_of_its_own
                what_an_entry_says_was_charged_is_what_it_spends
                an_answer_may_come_to_an_attempt_in_doubt
                late_evidence_ends_what_was_unresolved
                what_one_attempt_left_out_another_may_have_charged
                a_look_up_is_settled_by_whoever_sent_it
                a_look_up_that_was_not_answered_is_asked_again_and_charged_once
                the_vendor_names_no_look_up
            }
            settling_in_steps: {
                credits_move_with_the_last_step
                a_step_asked_again_changes_nothing
                each_result_is_read_from_the_turn_that_settled_it
                a_lead_may_be_joined_until_its_step
                an_operators_word_between_two_steps_counts
                an_operators_word_stands_until_the_last_step
                a_crowd_of_joiners_is_credited_in_steps
            }
            windows: {
                a_person_is_charged_once_inside_the_window
                a_person_is_charged_again_once_the_window_may_have_turned
                the_window_runs_from_the_first_send
                no_read_and_no_free_answer_extends_the_window
                an_upgrade_buys_the_reveal_alone
                an_upgrade_near_the_turn_of_the_window_reserves_the_find
                an_upgrade_sent_late_reserves_the_find_before_it_leaves
                a_reveal_is_paid_once_for_good
                a_reveal_that_came_back_empty_is_not_paid
                two_leads_that_turn_out_to_be_one_person_pay_once
                where_each_number_is_charged_a_known_one_is_free
                late_evidence_that_would_shorten_the_window_is_charged
                an_unanswered_attempt_may_be_charged_as_late_as_it_may_end
                an_unanswered_attempt_well_inside_the_window_is_free
                an_earlier_send_that_settles_beside_it_shortens_the_window
            }
            voiding: {
                a_void_job_releases_all_of_its_reservation
                a_void_job_asked_again_changes_nothing
                a_refusal_after_doubt_voids_nothing
                what_the_vendor_has_is_never_void
                the_cause_of_a_void_is_told_to_its_caller
                what_nobody_could_learn_is_unresolved_until_someone_says
                only_what_may_be_with_the_vendor_is_given_up
                an_unresolved_job_is_not_sent_again
                whoever_missed_a_body_voids_no_attempt
            }
            resolving: {
                an_operators_word_is_booked
                an_operators_word_given_twice_counts_once
                an_operators_word_ends_only_what_is_unresolved
                evidence_after_an_operators_word_is_booked_as_the_difference
                evidence_that_tells_nothing_leaves_an_operators_word
                what_was_not_matched_is_resolved_as_well
                a_word_on_several_jobs_is_shared_out
                a_correction_is_one_more_entry
                corrections_at_once_are_each_booked_once
                more_than_is_unresolved_changes_nothing
                there_is_no_word_on_what_is_not_there
            }
            redriving: {
                a_dead_job_names_whom_it_stranded
                what_fits_becomes_a_job_of_its_own
                what_does_not_fit_reads_as_refused_and_ends
                of_several_as_many_go_on_as_fit
                no_more_is_paid_than_its_caller_allows_in_all
                asked_again_it_finds_nothing_to_do
                a_large_batch_is_driven_again_in_steps
                the_present_period_pays
                another_job_for_the_person_is_joined
                a_chain_of_deaths_still_ends
                a_person_known_by_now_is_answered
                off_a_living_job_nothing_is_driven
                late_evidence_answers_whoever_was_not_yet_driven
                a_closed_team_pays_for_nothing_new
                a_redriven_job_is_joined_like_any_other
            }
            canceling: {
                before_sending_all_is_released
                asked_again_it_changes_nothing
                a_batch_that_ended_is_not_cancelled
                before_sending_whoever_joined_is_stranded
                after_sending_the_vendor_is_told_and_what_comes_back_is_paid
                while_it_is_being_sent_nothing_is_released
                while_others_wait_the_vendor_is_not_told
                whoever_cancelled_no_longer_waits
                once_the_last_has_left_the_vendor_is_told
                a_cancelled_batch_is_not_driven_again
                what_may_have_been_taken_twice_is_not_cancelled_at_the_vendor
                a_cancelled_job_in_doubt_is_not_sent_again
            }
            erasing: {
                a_removed_lead_is_not_sent
                either_key_of_a_lead_is_enough
                a_person_is_removed_under_every_key
                a_person_can_be_removed_by_the_vendors_name
                what_was_under_way_is_paid_and_not_kept
                whom_the_vendor_removed_is_removed_here
                asked_again_it_changes_nothing
                whoever_joined_reads_removed_too
                results_that_were_superseded_are_erased_too
                all_teams_that_hold_a_person_are_named
            }
            crashes: {
                an_admission_whose_answer_was_lost_is_found_again
                a_batch_whose_caller_was_never_told_is_sent_all_the_same
                a_send_that_was_cut_is_repeated_in_quiet_and_charged_once
                a_sleeper_that_wakes_late_still_hands_in_the_vendors_name
                two_who_settle_at_once_charge_once
                what_the_first_to_settle_has_kept_is_what_is_read
                two_who_begin_at_once_send_once
                a_vendor_that_failed_with_a_list_is_settled_by_it
                a_vendor_that_forgot_leaves_the_worst_case_unresolved
                a_crash_of_the_only_process_leaves_doubt_and_no_gap
            }
            reading: {
                another_team_reads_nothing
                reading_changes_nothing
                leads_stand_in_the_order_they_were_asked_in
                a_page_is_a_range_of_the_leads
                a_batch_is_queued_then_processing_then_completed
                what_the_vendor_did_not_take_is_still_queued
                a_batch_without_leads_is_completed
            }
            sweeping: {
                a_batch_is_read_for_its_time_from_its_end
                payments_and_the_journal_stay
                what_is_under_way_or_unresolved_stays
                whoever_is_stranded_is_not_forgotten
                nothing_of_a_void_job_is_left
                a_removed_person_stays_removed_under_every_key
                an_alias_goes_when_it_is_of_no_more_use
                what_was_resolved_waits_for_late_evidence_a_while
                what_nobody_could_learn_the_charge_of_and_costs_nothing_goes
                what_is_looked_at_again_stays
                a_superseded_result_is_listed_apart_until_it_is_over
                a_tally_goes_once_its_period_is_long_over_and_its_entries_are_trimmed
                a_revoked_key_goes_after_its_time
            }
            numbering: {
                numbers_begin_with_one_and_follow_one_another
                a_process_passes_over_what_the_books_may_have_forgotten
                adopted_books_give_none_that_the_lost_ones_gave
            }
            refusing: {
                a_lead_that_is_named_ends_and_the_rest_is_sent
                a_job_of_refused_leads_is_void
                a_lead_that_is_not_named_is_looked_for_by_halves
                who_joined_a_lead_that_ended_or_moved_is_driven_off_the_job
                what_is_detached_of_a_cancelled_batch_is_void
                a_refusal_after_doubt_ends_no_lead
                what_is_refused_too_often_is_void
                a_combined_job_goes_on_without_those_that_are_named
            }
            lost: {
                a_result_is_named_before_it_answers_anybody
                whose_result_is_lost_is_asked_for_again_and_known_again
                every_result_that_may_answer_is_named
                an_appraisal_counts_what_is_lost_as_fresh
                a_redrive_looks_for_results_first
                a_result_answers_while_the_batch_can_be_read_to_its_end
                an_answer_stays_as_long_as_its_result
                who_was_not_found_stays_so_in_an_ended_batch
                a_verdict_that_is_lost_or_over_answers_nobody
                an_address_whose_verdict_is_lost_is_sent_again
            }
            teams: {
                a_team_is_made_once_and_then_changed
                teams_are_told_by_name_and_closed_ones_not_at_all
                open_work_of_a_closed_team_settles_on_its_books
                the_books_at_a_glance_count_every_batch_once
            }
            keys: {
                a_key_speaks_for_its_team
                a_key_is_revoked_at_once_and_by_its_own_team
                a_key_put_again_is_as_it_was
                a_key_is_changed_until_it_is_revoked
                keys_die_with_their_team_and_stay_dead
            }
            checkpoints: {
                the_books_of_an_empty_store_begin_once
                a_checkpoint_is_what_the_entries_before_it_moved
                a_roster_tells_of_everybody_who_ever_paid
            }
            trimming: {
                what_is_old_and_exported_goes_and_the_books_still_agree
                what_is_young_or_not_exported_stays
                a_quota_new_after_trimming_has_missed_nothing
            }
            adopting: {
                adopted_books_say_what_the_lost_ones_said
                what_was_reserved_is_unresolved_until_an_operator_says
                what_was_unresolved_stays_so_in_every_period
                what_no_entry_tells_of_is_unresolved_all_the_same
                a_quota_new_after_an_adoption_has_missed_nothing
                nothing_is_adopted_where_there_are_books
                an_adoption_that_was_cut_goes_on_where_it_was
                no_answer_comes_to_a_job_that_was_lost
                adopted_books_can_be_adopted_again
            }
            auditing: {
                honest_books_have_no_mismatch
                a_counter_that_was_tampered_with_is_found
            }
        }
    };
}

over_every_store!(contract_suite);
