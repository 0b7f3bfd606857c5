"""NOTHING_TO_ASK: questions of rows that a house has none of, whose answer needs no asking.

What nobody has used is no small part of the audit of a small ledger: a question is read and planned
by the server whatever there is. So it is of what was laid out (`LAID_OUT`) and breaks no rule. Each
row here is proved by the planner, which is asked in a test.
"""

from typing import Any, Final

import psycopg

from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "unused.sql")
NOTHING_TO_ASK: Final = {
    "advert_day_not_booked": ("ad_booking", "ad_day"),
    "advert_not_its_day": ("ad_charge", "ad_day"),
    "advice_not_its_answer": ("advice",),
    "approved_without_journal": ("strange_exchange",),
    "batch_not_its_journals": ("terminal_batch",),
    "checkpoint_seal_missing": ("checkpoint_seal",),
    "declined_not_as_asked": ("declined_part",),
    "difference_not_its_posting": ("recon_item",),
    "draw_not_its_prize": ("lottery",),
    "earn_counted_not_its_journal": ("earn_counted",),
    "earned_by_not_its_journal": ("earned_by",),
    "ended_card_with_value": ("move",),
    "enterprise_not_what_was_granted": ("enterprise",),
    "enterprise_not_what_was_spent": ("enterprise",),
    "entrant_not_their_draws": ("draw", "lottery_entrant"),
    "entry_between_units": ("strange_entry",),
    "entry_without_journal": ("strange_entry",),
    "exchange_out_of_place": ("strange_exchange",),
    "fee_out_of_its_time": ("fee_charge",),
    "held_not_its_journal": ("statement_dispute",),
    "hold_fact_without_journal": ("hold_fact",),
    "hold_not_its_facts": ("hold", "hold_fact"),
    "hold_used_otherwise": ("hold_fact",),
    "journal_of_other_parties": ("strange_entry", "strange_exchange"),
    "journal_without_request": ("strange_exchange",),
    "kind_of_another_origin": ("strange_exchange",),
    "line_without_answer": ("recon_file",),
    "list_not_its_draws": ("lottery_list",),
    "match_not_its_journal": ("recon_match",),
    "match_not_over_its_port": ("recon_match",),
    "moot_reversal_of_what_stands": ("undo",),
    "on_its_way_without_a_move": ("transit",),
    "order_without_journal": ("order_reference",),
    "own_journal_by_other_accounts": ("strange_entry",),
    "own_key_away_from_home": ("strange_exchange",),
    "part_of_another_kind": ("strange_exchange",),
    "parts_not_as_netted": ("clearing_step",),
    "payout_not_its_file": ("payout_file",),
    "payout_not_its_statements": ("payout",),
    "position_not_the_journal": ("clearing_step", "position"),
    "prize_not_its_draws": ("prize", "prize_stock"),
    "prize_paid_not_its_draw": ("prize_paid",),
    "reserve_not_in_time": ("reserve_held",),
    "reserve_not_its_terms": ("reserve_held", "settlement_statement"),
    "return_not_its_line": ("payout_return",),
    "seal_of_another_date": ("strange_exchange",),
    "settlement_not_as_left": ("clearing_step",),
    "settlement_not_its_terms": ("alliance_settlement",),
    "settlement_not_the_day": ("alliance_settlement", "clearing_step"),
    "staff_issue_not_its_rows": ("staff_issue",),
    "staff_voucher_not_claimed": ("staff_voucher",),
    "told_not_its_exchange": ("rule_told",),
    "turnover_not_the_journal": ("clearing_step", "trial_balance"),
    "undo_by_other_accounts": ("undo",),
    "undo_leaves_a_rest": ("undo",),
    "undo_out_of_turn": ("undo",),
    "undo_without_journals": ("undo",),
    "undone_too_often": ("undo",),
    "usage_not_what_was_told": ("earn_counted", "rule_told", "usage_counter"),
    "voucher_not_its_uses": ("product_version",),
}
"""Test -> the tables without any row of which nothing can break its rule."""


def without_a_byte(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Tables with nothing in their files: they have no row for anybody, of whichever instant.

    Ours, and those that are laid out over this connection.
    """
    return frozenset(name for (name,) in connection.execute(SQL["without_a_byte"]))


def has_nothing_to_ask(test: str, empty: frozenset[str]) -> bool:
    """Whether there is nothing that could break this test's rule."""
    tables = NOTHING_TO_ASK.get(test)
    return tables is not None and empty.issuperset(tables)
