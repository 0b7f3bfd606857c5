"""The faults that switch and host survive, and the tests that say so.

The number is the fault's in the project's list. What is `counted` or `chaos` comes as often as the
list says in `make chaos`; the others prove their sentence by being true once.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PROVED_BY: dict[int, dict[str, tuple[str, ...]]] = {
    1: {  # the database server is killed
        "whole/test_under_up.py": (
            "test_a_server_killed_at_random_times_under_load_is_back_by_itself_and_nothing_is_lost",
        ),
        "config/run/test_supervisor.py": (
            "test_whatever_dies_is_started_again_and_the_same_sale_gets_the_same_answer",
        ),
    },
    2: {  # the switch is killed
        "whole/test_chaos.py": (
            "test_killing_everything_many_times_leaves_nothing_to_find",
            "test_a_reversal_that_the_switch_owes_outlives_it",
        ),
        "switch/memory/test_saf.py": (
            "test_a_switch_killed_when_a_reversal_is_written_owes_it_when_it_lives_again",
        ),
    },
    3: {  # the host is killed, at each named point too
        "whole/test_chaos.py": (
            "test_killing_everything_many_times_leaves_nothing_to_find",
            "test_a_host_that_dies_keeps_every_promise",
        ),
        "whole/test_chaos_channels.py": (
            "test_killing_under_tills_and_gateways_and_while_batches_settle",
        ),
    },
    4: {  # all three at once
        "whole/test_chaos.py": (
            "test_killing_each_part_once_under_load_leaves_nothing_to_find",
            "test_killing_everything_many_times_leaves_nothing_to_find",
        ),
        "whole/test_chaos_channels.py": (
            "test_killing_under_tills_and_gateways_and_while_batches_settle",
        ),
    },
    5: {  # the writers' connections are ended
        "whole/test_cut_writers.py": (
            "test_terminals_are_answered_though_the_writers_connections_are_ended_each_second",
        ),
    },
    6: {  # the network between switch and host
        "whole/test_partition.py": (
            "test_however_the_network_fails_nothing_is_lost_or_done_twice",
        ),
        "host/link/test_host_link.py": ("test_a_host_that_goes_silent_is_let_go",),
    },
    7: {  # storms of the same request
        "whole/test_replay.py": (
            "test_a_request_that_comes_up_to_twenty_times_has_one_answer_even_after_a_restart",
        ),
        "whole/test_storms.py": (
            "test_the_same_bytes_on_twenty_lines_post_once_and_get_the_same_bytes",
        ),
    },
    8: {  # declined, funded, repeated
        "host/test_poster.py": ("test_a_decline_stays_a_decline_after_the_card_is_funded",),
    },
    9: {  # one number, two messages
        "host/test_poster.py": (
            "test_a_key_used_again_for_something_else_is_refused",
            "test_two_bodies_under_one_key_at_once_post_the_first",
        ),
    },
    10: {  # a reversal before, during and after its original
        "host/test_reversals.py": (
            "test_whatever_the_order_a_purchase_and_its_reversals_leave_nothing",
            "test_a_reversal_that_comes_first_blocks_its_original_for_ever",
        ),
        "switch/issuers/test_issuer_races.py": (
            "test_every_interleaving_of_a_sale_and_its_reversals_ends_at_zero",
        ),
    },
    11: {  # one card, one merchant, many at once
        "host/test_poster.py": (
            "test_one_card_never_pays_more_than_it_has",
            "test_one_merchant_takes_from_many_cards_at_once",
        ),
        "host/test_hot_accounts.py": (
            "test_a_merchant_who_takes_every_sale_is_served_as_fast_as_many",
        ),
    },
    12: {  # slow senders
        "switch/test_abuse.py": (
            "test_slow_senders_are_closed_and_an_honest_terminal_is_answered_meanwhile",
        ),
        "whole/test_memory.py": ("test_two_thousand_idle_connections_fit",),
    },
    13: {  # lies about lengths
        "switch/test_abuse.py": (
            "test_a_lie_about_the_length_closes_the_connection_and_nothing_else",
            "test_the_longest_length_there_may_be_and_then_silence_holds_no_memory",
        ),
        "whole/test_bad_input.py": (
            "test_a_length_out_of_bounds_closes_the_connection_unanswered",
            "test_half_a_frame_and_silence_is_closed_by_its_deadline",
        ),
    },
    14: {  # broken frames
        "switch/test_fuzz.py": (
            "test_no_broken_frame_crashes_hangs_or_posts",
            "test_no_broken_stream_crashes_or_is_held",
        ),
        "switch/issuers/test_fuzz_issuer.py": (
            "test_no_broken_message_of_an_issuer_breaks_its_line_or_approves_another_amount",
        ),
        "whole/test_bad_input.py": (
            "test_floods_of_broken_frames_end_no_other_terminals_exchange",
        ),
    },
    15: {  # forged codes
        "switch/test_forgery.py": (
            "test_no_forged_code_is_accepted",
            "test_a_session_key_is_over_with_the_first_message_under_the_next",
            "test_a_code_is_compared_whole_and_in_constant_time",
        ),
        "switch/test_composed_forgeries.py": (
            "test_no_message_composed_from_an_overheard_one_is_believed",
        ),
    },
    16: {  # a day played again
        "whole/test_replay.py": (
            "test_a_day_played_again_posts_nothing",
            "test_nor_does_it_after_a_restart_nor_on_the_next_day",
        ),
    },
    17: {  # DUKPT counters
        "host/test_keys_in_use.py": (
            "test_a_key_used_before_pays_for_nothing_else",
            "test_a_counter_never_goes_back_not_even_after_a_restart",
            "test_a_ksn_no_device_of_ours_sends_is_refused",
            "test_who_asks_for_an_answer_alone_gets_it_and_moves_nothing",
        ),
        "switch/test_old_keys.py": (
            "test_an_old_sale_that_nobody_answered_is_refused",
            "test_an_old_reversal_that_nobody_answered_is_silence_and_one_case",
            "test_in_doubt_of_an_old_message_nothing_is_undone",
        ),
        "terminals/test_dukpt_session.py": ("test_counters_only_rise",),
        "terminals/dialects/test_softpos.py": (
            "test_what_comes_under_a_used_or_lower_ksn_asks_for_its_answer_alone",
            "test_a_ksn_of_another_instance_or_message_is_refused",
        ),
        "host/hsm/test_dukpt.py": ("test_a_counter_no_aes_device_uses_is_refused",),
    },
    18: {  # guessed PINs
        "host/test_pins.py": ("test_32_wrong_pins_at_once_are_tried_three_times",),
        "whole/test_storms.py": ("test_guessing_a_pin_everywhere_at_once_gets_no_more_guesses",),
    },
    19: {  # the clock jumps
        "whole/test_clocks.py": (
            "test_however_the_clock_jumps_numbers_and_dates_go_on_and_nothing_is_lost",
        ),
    },
    20: {  # the disk is full
        "whole/test_under_up.py": (
            "test_a_full_disk_is_told_with_96_and_trade_goes_on_by_itself_when_there_is_room",
        ),
        "host/test_database_faults.py": (
            "test_a_server_that_panicked_for_want_of_room_at_commit_leaves_the_batch_in_doubt",
        ),
    },
    21: {  # the disk fails
        "whole/test_cut_writers.py": (
            "test_a_disk_that_does_not_take_the_log_ends_the_server_which_recovers_and_nothing_is_lost",
        ),
    },
    22: {  # a server that could lose what it confirmed
        "host/store/test_safety.py": (
            "test_commits_that_do_not_wait_for_the_disk_are_refused",
            "test_a_schema_of_another_age_is_refused",
            "test_a_role_altered_later_is_refused_at_its_next_connection",
        ),
        "host/test_database_faults.py": (
            "test_with_standbys_named_a_commit_that_does_not_wait_for_them_is_refused",
            "test_a_standby_named_later_is_waited_for_by_sessions_that_stand",
        ),
    },
    23: {  # the night is killed
        "whole/test_killed_night.py": (
            "test_a_night_killed_at_any_moment_leaves_the_files_it_would_have_written",
        ),
        "clearing/test_clearing_run.py": (
            "test_a_night_killed_after_any_step_goes_on_there_to_the_same_end",
        ),
    },
    26: {  # who owns the database edits it
        "host/store/test_insider.py": (
            "test_any_row_that_was_changed_put_in_or_taken_out_is_named",
        ),
        "clearing/test_proof.py": (
            "test_each_of_a_thousand_random_edits_is_found_and_its_first_bad_row_named",
            "test_what_was_edited_in_the_database_is_found_in_its_export",
        ),
    },
    29: {  # another server takes over
        "whole/test_failover.py": (
            "test_a_primary_that_dies_loses_nothing_and_its_standby_goes_on_by_itself",
        ),
        "host/test_database_faults.py": (
            "test_a_frozen_server_holds_a_writer_no_longer_than_the_deadline",
        ),
    },
    28: {  # three times as much as can be served
        "whole/test_overload.py": (
            "test_three_times_the_capacity_is_served_as_far_as_it_goes_and_over_at_once",
        ),
    },
    30: {  # a backup and the log since
        "whole/test_restore.py": (
            "test_a_copy_and_the_log_since_make_the_ledger_of_any_moment_whole",
        ),
    },
    32: {  # hours of steady trade
        "whole/test_soak.py": (
            "test_hours_of_steady_trade_leave_memory_latency_and_dead_rows_where_they_were",
        ),
    },
}
COMES_IN_THOUSANDS = (1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 15, 16, 23, 26, 28, 29)
"""Faults for which the list has a number that takes long."""
OF_A_WHOLE_HOUSE = (11, 19, 20, 21, 30)
"""Faults that `make chaos` tries besides: disks, clocks, accounts that everybody wants."""

MARKS = ("counted", "chaos", "soak")


@pytest.mark.parametrize("fault", PROVED_BY)
def test_every_fault_has_its_tests(fault: int) -> None:
    for file, names in PROVED_BY[fault].items():
        assert set(names) <= _functions_of(file).keys(), file


@pytest.mark.parametrize("fault", [*COMES_IN_THOUSANDS, *OF_A_WHOLE_HOUSE])
def test_what_is_counted_is_counted_in_full_by_chaos(fault: int) -> None:
    marks = [
        _functions_of(file)[name] for file, names in PROVED_BY[fault].items() for name in names
    ]
    assert any("mark.counted" in mark or "mark.chaos" in mark for mark in marks)


def test_whatever_has_a_count_comes_as_often_in_chaos() -> None:
    """What asks `counts` how often and has no mark, `make chaos` would leave out."""
    left_out = {
        f"{path.relative_to(TESTS)}: {name}"
        for path in TESTS.rglob("test_*.py")
        for name, (asks, marks) in _tests_in(path).items()
        if asks and not any(f"mark.{mark}" in marks for mark in MARKS)
    }
    assert left_out == set()


def test_chaos_looks_for_counts_where_they_are() -> None:
    makefile = (TESTS.parent / "Makefile").read_text()
    [line] = [line for line in makefile.splitlines() if "tests/whole tests/" in line]
    for path in TESTS.rglob("test_*.py"):
        if any(asks for asks, _ in _tests_in(path).values()):
            assert f"tests/{path.relative_to(TESTS).parts[0]}" in line.split(), path


def _tests_in(path: Path) -> dict[str, tuple[bool, str]]:
    """A file's tests: whether they ask how often, by the fixture, and what decorates them."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(map(ast.unparse, node.decorator_list))
            asks = "counts" in {each.arg for each in node.args.args} and "'counts" not in marks
            if node.name.startswith("test_"):
                found[node.name] = (asks, marks)
    return found


def _functions_of(file: str) -> dict[str, str]:
    """A file's functions by name, with what decorates them."""
    tree = ast.parse((TESTS / file).read_text())
    return {
        node.name: " ".join(map(ast.unparse, node.decorator_list))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
