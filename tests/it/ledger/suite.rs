//! The suite: every case over every store. What ends what was asked is in [`suite_of_ends`](super).

use super::books::Books;
use super::each::{every_case, holds, over_every_store};
use super::round_trips::Metered;
use super::store;
use crate::support::redis::{Cluster, Sentinels};

/// Lists the cases. One that is not listed is dead code.
macro_rules! contract_suite {
    ($name:ident: ($($store:tt)+)) => {
        every_case! { $name: ($($store)+) =>
            admitting: {
                the_worst_case_is_set_aside
                asked_again_it_answers_the_same_and_changes_nothing
                another_admission_under_its_id_is_a_collision
                who_may_not_ask_is_refused_and_changes_nothing
                a_person_twice_in_a_batch_is_sent_once
                a_batch_larger_than_the_vendor_takes_has_several_jobs
                an_appraisal_says_what_admission_reserves_and_reserves_nothing
                a_batch_id_is_a_number_that_any_reader_of_json_holds
            }
            quotas: {
                what_does_not_fit_is_refused_and_changes_nothing
                what_just_fits_is_admitted
                the_tightest_of_several_quotas_decides
                a_unit_that_is_not_needed_bounds_nothing
                a_quota_that_warns_lets_through_and_tells
                a_lowered_limit_undoes_nothing_and_admits_nothing
                what_is_unresolved_still_counts
                what_is_released_can_be_reserved_again
                an_adjustment_counts
                of_sixty_at_once_exactly_so_many_are_admitted_as_fit
            }
            limiting: {
                only_so_many_batches_are_open_at_once
                kept_bytes_are_given_back_with_their_batch
                only_so_many_leads_are_submitted_in_a_day
                what_is_trimmed_is_not_submitted_and_hardly_kept
                only_so_many_keys_are_remembered
                a_policy_goes_before_the_settings
                of_sixty_at_once_no_more_are_admitted_than_the_limits_allow
            }
            fitting: {
                leads_are_walked_in_order_and_what_does_not_fit_is_trimmed
                both_units_of_a_lead_have_to_fit
                a_lead_that_needs_less_fits_behind_one_that_does_not
                a_quota_that_only_warns_trims_nothing
                what_is_trimmed_reads_as_refused
                a_batch_trimmed_to_nothing_ends_in_error
                above_what_its_caller_allows_it_is_refused_and_changes_nothing
                what_is_left_after_trimming_may_still_be_above_what_is_allowed
                an_appraisal_trims_as_admission_does
                of_twenty_trimmed_at_once_all_fits_and_nothing_is_left_over
            }
            replaying: {
                a_request_asked_again_is_answered_with_its_batch
                another_request_under_a_callers_key_is_refused
                after_its_time_it_is_a_new_request
                what_came_to_nothing_is_asked_anew_unless_its_caller_named_it
                a_retry_passes_where_a_new_request_would_not
                a_refusal_is_not_remembered
                a_batch_that_cannot_be_read_answers_nobody
                what_a_retry_spares_is_the_list_price_of_its_answer
                of_twenty_at_once_one_is_admitted
                an_appraisal_knows_a_retry
                what_is_over_is_swept
            }
            periods: {
                a_new_period_begins_with_nothing_used
                what_was_admitted_yesterday_is_charged_to_yesterday
                a_day_of_25_hours_is_one_period
                a_quota_new_in_mid_period_starts_at_what_was_used
                a_quota_that_was_off_for_a_while_has_missed_nothing
                a_quota_that_changes_its_zone_keeps_what_was_spent
                two_quotas_of_one_period_count_once
            }
            counting: {
                until_a_new_quota_is_counted_the_old_ones_are_in_force
                what_moves_between_two_steps_is_counted_once
                many_open_jobs_begin_to_count
                a_count_that_was_cut_goes_on_or_harms_nothing
                two_operators_who_put_a_team_in_turns_both_come_to_an_end
                a_count_that_runs_into_the_next_period_counts_that_one
                of_many_at_once_each_is_counted_once
            }
            caching: {
                a_known_person_is_answered_to_every_team_for_nothing
                a_person_is_known_for_as_long_as_the_settings_say
                an_answer_after_the_window_avoids_what_the_vendor_would_charge
                nobody_is_known_for_as_long_as_the_settings_say
                a_reveal_that_came_back_empty_is_known_to_be_empty
                a_reveal_that_was_not_asked_is_not_known
                what_was_answered_with_an_error_is_not_known
            }
            freshness: {
                whoever_asks_anew_is_sent_and_pays_for_nothing_twice
                a_job_under_way_is_joined_by_whoever_asks_anew
                an_answer_is_taken_while_it_is_younger_than_asked
                no_age_goes_beyond_the_settings
                nobody_found_is_asked_for_anew
                a_redrive_holds_to_the_age_that_was_asked
                a_redrive_takes_an_answer_that_came_since
                a_removed_person_is_not_asked_for_anew
            }
            policies: {
                phone_numbers_that_are_not_allowed_are_refused_and_change_nothing
                phone_numbers_that_are_allowed_no_more_are_not_asked_of_who_is_driven_again
                an_email_that_a_lead_carries_is_not_revealed
                each_job_asks_one_set_of_reveals_and_is_filled
                what_is_known_of_such_a_lead_is_shown_all_the_same
                such_a_lead_is_answered_by_a_job_that_asks_less
                a_person_asked_for_with_and_without_an_email_is_revealed_once
                the_least_age_of_request_and_policy_holds
                a_team_that_keeps_to_itself_takes_no_answer_and_gives_none
                a_team_that_keeps_to_itself_joins_its_own_jobs_only
                nobody_found_is_kept_apart_too
                an_alias_that_was_learned_apart_leads_no_other_team_to_the_person
                a_person_found_apart_changes_no_answer_of_others_that_nobody_was
                a_contradiction_that_was_learned_apart_counts_for_everybody
                what_was_kept_apart_stays_so
                what_one_kind_paid_the_other_does_not_pay_again
                what_was_paid_apart_is_seen_in_no_reservation
            }
            observing: {
                an_estimate_rests_on_what_came_back_once_that_is_enough
                only_what_was_paid_for_is_observed
            }
            aliases: {
                the_keys_that_a_result_shows_name_its_person
                of_several_keys_an_answer_proves_those_that_it_shows
                a_key_that_was_answered_with_another_profile_names_nobody
                a_key_that_named_two_persons_names_neither_for_good
                a_lead_with_two_keys_is_joined_and_known_as_a_whole
                a_lead_is_answered_by_its_strongest_proven_key
                a_person_found_by_a_weaker_key_must_have_the_leads_name
                nobody_found_says_nothing_of_the_keys_of_the_lead
                a_removed_lead_removes_whom_all_its_keys_are_proven_to_be
            }
            joining: {
                a_person_under_way_is_joined_for_nothing
                joining_needs_at_least_the_same_reveals
                a_job_is_joined_for_as_long_as_its_answer_may_come
                a_void_job_is_not_joined
                a_job_that_is_being_cancelled_is_not_joined
                a_batch_joins_a_look_up_and_a_look_up_joins_a_batch
                what_joined_is_driven_again_the_way_that_it_was_asked
            }
            restoring: {
                a_job_is_read_again_at_most_every_few_minutes
                only_what_the_vendor_named_and_has_ended_is_read_again
                what_was_settled_together_is_read_again_together
                of_a_removed_person_nothing_is_kept_again
            }
            sending: {
                an_attempt_is_on_the_books_before_it_is_made
                an_attempt_begins_once
                whoever_lost_the_turn_does_nothing
                what_was_not_taken_counts_as_no_attempt
                what_was_not_taken_after_doubt_leaves_the_doubt
                an_unanswered_attempt_releases_nothing_ever
                there_is_a_last_attempt
                no_attempt_follows_where_the_window_may_turn_under_it
                the_vendors_first_name_stays
                a_late_name_is_taken_wherever_bytes_may_have_left
                a_step_whose_answer_was_lost_may_be_asked_again
                no_step_knows_a_job_that_is_not_there
            }
            turns: {
                one_has_the_turn_until_it_ends
                a_job_put_off_further_than_any_may_be_is_due_now
                a_turn_that_was_forgotten_has_a_number_of_its_own
                a_turn_ends_with_when_to_look_again
                a_living_job_is_always_looked_at_again
                nothing_is_due_once_all_is_settled
                a_look_up_goes_before_batches_that_have_waited_for_longer
                each_lane_has_turns_of_its_own
                turns_go_round_the_teams
                one_turn_at_a_time_goes_round_the_teams_too
                behind_any_backlog_of_one_team_another_has_the_next_turn
                of_many_teams_each_has_its_turn_before_any_has_its_third
                the_longest_due_of_a_team_is_first
                what_was_put_off_for_longer_than_a_turn_stays_so
                who_takes_over_finds_every_turn_free
            }
            backlogs: {
                a_look_up_of_a_person_in_a_backlog_has_the_next_turn
                a_batch_that_joins_a_backlog_waits_in_its_own_teams_queue
                a_look_up_that_joins_what_travels_in_a_coach_has_the_coach_sent_first
                no_more_turns_are_given_than_requests_are_allowed
                behind_a_backlog_of_thousands_another_teams_job_is_sent_and_polled_at_once
                pages_of_a_large_job_go_round_with_other_teams_polls
            }
            budgeting: {
                a_leave_is_spent_for_everybody
                whoever_has_to_wait_changes_nothing
                of_many_at_once_no_more_are_given_leave_than_there_is
                a_submission_goes_before_those_that_ask_after_jobs
                a_look_up_goes_before_submissions_and_has_a_bound_of_its_own
                what_the_vendor_asks_for_holds_for_everybody
                an_allowance_is_spent_beside_the_budget
                a_word_about_an_allowance_holds_for_nobody_else
                a_word_about_what_is_passed_on_holds_for_all_of_it_and_nothing_else
            }
            probing: {
                while_the_vendors_credits_are_out_one_a_minute_goes_and_sees
                of_many_at_once_one_goes_and_sees
                whoever_has_seen_nothing_lets_another_go_at_once
                once_the_vendor_takes_something_nobody_has_to_wait
                each_unit_has_probes_of_its_own
                teams_are_probes_in_turn
            }
            outages: {
                in_an_outage_one_attempt_an_interval_goes_and_sees
                an_answer_ends_an_outage_and_leaves_nothing_of_it
                what_was_never_sent_goes_and_sees_before_what_is_in_doubt
                a_last_attempt_follows_an_answer_to_something_free
                attempts_that_are_used_up_end_a_job_in_an_outage_too
                of_many_at_once_one_attempt_goes_and_sees
                a_call_is_shut_out_before_anything_is_reserved
            }
            gathering: {
                nobody_is_gathered_before_the_first_has_waited
                all_who_wait_travel_with_the_first
                other_reveals_travel_apart
                a_large_job_does_not_wait
                one_alone_travels_alone
                there_is_room_for_as_many_leads_as_the_vendor_takes
                a_full_coach_is_settled_whole_and_the_rest_travels_in_another
                nobody_is_asked_for_twice_in_one_batch
                whoever_joins_a_gathered_job_is_answered_for_nothing
                a_gathered_batch_reads_where_its_coach_stands
                a_coach_settled_again_tells_the_same
                a_gathered_job_has_no_turn_of_its_own
                a_removed_person_in_a_coach_is_paid_and_not_kept
                nothing_of_a_coach_is_left_once_it_is_over
            }
            splitting: {
                whoever_is_refused_is_refused_alone_in_the_end
                a_refusal_after_doubt_splits_nothing
                where_the_vendors_credits_are_out_all_are_void
                what_the_vendor_did_not_take_is_sent_again_as_it_was
                before_sending_whoever_cancels_leaves
                a_coach_that_all_have_left_is_void
                after_sending_the_vendor_is_told_once_all_have_cancelled
                whoever_waits_for_a_passenger_keeps_the_coach_from_being_cancelled
                whoever_cancelled_while_it_was_sent_leaves_what_was_not_taken
                doubt_lets_others_join_whoever_cancelled
                what_was_cancelled_of_a_coach_in_doubt_is_left_out_of_it
                a_coach_in_doubt_that_all_have_cancelled_is_unresolved
                what_is_gone_of_some_goes_without_them
                a_coach_that_nobody_answers_is_unresolved_for_each
                a_process_that_dies_while_it_sends_a_coach_leaves_doubt
            }
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
                a_call_stays_until_its_verdicts_are_home
                a_team_that_keeps_to_itself_shares_no_verdict
                a_verdict_is_taken_where_it_is_young_enough
                whoever_wants_a_new_verdict_joins_what_is_under_way
                verdicts_are_looked_for_in_turns_until_they_are_there
                a_validation_above_what_its_caller_allows_is_refused_and_changes_nothing
                no_more_addresses_are_sent_than_the_vendor_takes_in_an_hour
                one_team_has_only_its_share_of_an_hour_validated
                a_callers_key_names_one_validation
            }
        }
    };
}

over_every_store!(contract_suite);
