"""CHECKS: the questions of the audit, and how each is asked.

A question is asked by named statements of FILES, each giving the rows that break its rule, or
by a function. To ask more of the ledger is a statement there and a row here.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import psycopg

from clearing.changed import broken_links, foreign_changes
from clearing.seals import broken_seals
from host.store.queries import load_queries

FILES: Final = (
    "audit.sql", "audit_facts.sql", "audit_moves.sql", "audit_holds.sql", "audit_rules.sql",
    "audit_lotteries.sql", "audit_fees.sql", "audit_alliances.sql", "audit_statements.sql",
    "audit_disputes.sql", "audit_payouts.sql", "audit_recon.sql", "audit_reserves.sql",
    "audit_adverts.sql",
    "audit_enterprises.sql",
    "audit_laid.sql", "claims.sql",
)  # fmt: skip
SQL: Final = {name: sql for file in FILES for name, sql in load_queries("clearing", file).items()}

LAID_OUT: Final = {
    "moved_account": ("create_moved_account",),
    "strange_entry": ("create_strange_entry", "find_strange_entries"),
    "strange_exchange": ("create_strange_exchange", "find_strange_exchanges"),
}
"""Tables that questions read, and the statements that make them."""

Connection = psycopg.Connection[Any]


class Test(NamedTuple):
    """One way to ask: a statement, and how a row of it reads. Claims only where there are any."""

    name: str
    reads: str
    of_claims: bool = False


class Computed(NamedTuple):
    """Another way to ask: what a function finds, in words."""

    name: str
    find: Callable[[Connection], Iterator[str]]


class Check(NamedTuple):
    """One of them."""

    number: int
    question: str
    tests: tuple[Test, ...]
    computed: tuple[Computed, ...] = ()


def _chain(connection: Connection) -> Iterator[str]:
    connection.execute(SQL["read_to_the_end"])
    return broken_seals(connection, SQL["seals"])


CHECKS: Final = (
    Check(
        1,
        "every approval a client received has exactly one journal",
        (
            Test("approved_without_journal", "{kind} {slot} was approved but has no journal"),
            Test(
                "claim_not_in_force",
                "{kind} {slot} was told {told} but has {journals} journals, {standing} in force",
                of_claims=True,
            ),
            Test(
                "claim_still_in_force",
                "{kind} {slot} was told {told} (reversed: {reversal_sent}) but is in force",
                of_claims=True,
            ),
            Test(
                "claim_says_otherwise",
                "{slot} was posted with {differs}: "
                "it is of {amount_minor}, its client asked for {claimed_minor}",
                of_claims=True,
            ),
            Test(
                "claim_told_otherwise",
                "{slot} was told {told}, stored is {code} or another RRN",
                of_claims=True,
            ),
            Test(
                "card_effect_not_its_claims",
                "card {card_id}: its client reckons {amount_minor}, the ledger {moved_minor}",
                of_claims=True,
            ),
        ),
    ),
    Check(
        2,
        "no journal without a request",
        (
            Test(
                "journal_without_request",
                "journal {id} of shard {shard}, request {slot}: {differs}",
            ),
            Test(
                "own_journal_by_other_accounts",
                "entry {journal_id}/{leg} of shard {shard} moves {debit} to {credit}, which is "
                "nothing that a {kind} moves",
            ),
            Test(
                "adjustment_not_its_journal",
                "journal {id} of shard {shard} ({kind}) and why it was adjusted do not fit",
            ),
            Test(
                "transit_not_its_journal",
                "journal {id} of shard {shard} ({kind}) and whither it sent do not fit",
            ),
            Test(
                "gift_not_its_journal",
                "journal {id} of shard {shard} ({kind}) and the gift beside it do not fit",
            ),
            Test(
                "gift_not_its_end",
                "gift {gift} of {sent_minor} has ended with journal {id} of {came_minor}, or on "
                "another card, or otherwise than it says",
            ),
            Test(
                "arrival_not_its_departure",
                "{slot}: {sent_minor} left a card for it, {came_minor} came, or to another card "
                "or with another last day",
            ),
            Test(
                "fee_not_its_move",
                "{slot}: {asked_minor} was to be taken for a replacement, {took_minor} was, or of "
                "another card",
            ),
            Test(
                "cash_not_its_journal",
                "{kind} {id} of shard {shard} moved {moved_minor} of cash, a load of it says "
                "{told_minor}, or another card or place",
            ),
            Test(
                "payment_not_its_journal",
                "journal {id} of shard {shard} moved {moved_minor} that a port has taken, a "
                "payment of it says {told_minor}, or another card",
            ),
            Test(
                "breakage_not_its_card",
                "journal {id} of shard {shard} took {taken_minor} off an expired card, of its "
                "product and month {told_minor} are told, or nobody has said so",
            ),
            Test(
                "draw_not_its_journal",
                "{kind} {id} of shard {shard} and its line in a lottery's list ({act}) do not fit",
            ),
            Test(
                "draw_not_its_prize",
                "draw {seq} of {lottery} (journal {journal_id} of shard {shard}) moved something "
                "else than its cost and its prize {prize}",
            ),
            Test(
                "prize_paid_not_its_draw",
                "prize {prize} of journal {journal_id} of shard {shard} was handed out, and was "
                "not won by a draw that stands",
            ),
            Test(
                "pending_on_a_card",
                "journal {id} of shard {shard} was told {reason}, which is not what it moved",
            ),
            Test("part_of_another_kind", "{kind} at slot {slot} was approved for a part"),
            Test(
                "journal_not_its_entries",
                "journal {id} of shard {shard} is of {amount_minor}, "
                "its entries make {entries_minor}",
            ),
            Test(
                "journal_without_card",
                "journal {id} of shard {shard} ({kind}, card {card_id}, advice {reference}) is "
                "neither of a card of ours nor of an external issuer's",
            ),
            Test(
                "advice_not_its_answer",
                "the advice of journal {id} of shard {shard} says {reference}, "
                "its sealed answer something else",
            ),
            Test(
                "order_without_journal",
                "an order was kept for journal {id} of shard {shard}, which is not there "
                "or of another moment",
            ),
            Test(
                "voucher_use_not_its_journal",
                "journal {id} of shard {shard} ({kind}) and what it used of a voucher do not fit",
            ),
            Test(
                "voucher_not_its_uses",
                "voucher {id} is {status}, though it has given {given} and loaded {loads} cards",
            ),
            Test(
                "entry_without_journal",
                "entry {journal_id}/{leg} of shard {shard} has no journal of its date",
            ),
            Test(
                "exchange_out_of_place",
                "exchange {id} ({slot}) has another business date or terminal than its number "
                "and slot say, or is a tombstone that was asked for",
            ),
            Test(
                "told_not_its_exchange",
                "rule {rule_id} is said to have {outcome} exchange {exchange_id} of shard {shard}, "
                "which is not what became of it",
            ),
            Test(
                "journal_uncounted",
                "journal {id} of shard {shard} was not counted by rule {rule_id}, which counts all "
                "of its kind",
            ),
            Test("kind_of_another_origin", "{slot}: {kind} is nothing that the {origin} asks for"),
            Test(
                "journal_nobody_claims",
                "journal {id} of shard {shard} ({slot}) is in no client's record",
                of_claims=True,
            ),
        ),
    ),
    Check(
        3,
        "no key posted twice",
        (
            Test("slot_posted_twice", "{slot} has {journals} journals"),
            Test("slot_answered_twice", "{slot} has {answers} stored answers"),
            Test(
                "terminal_with_two_homes", "exchanges of terminal {terminal_id} have {homes} homes"
            ),
            Test("own_key_away_from_home", "{slot} is kept on shard {home}, where nobody looks"),
            Test("number_taken_twice", "number {id} belongs to {exchanges} exchanges"),
        ),
    ),
    Check(
        4,
        "the trial balance is zero in every unit",
        (
            Test("unit_out_of_balance", "{unit} is out of balance by {amount_minor}"),
            Test(
                "entry_between_units",
                "entry {journal_id}/{leg} of shard {shard} is in {unit}, "
                "its accounts in {debit_unit} and {credit_unit}",
            ),
        ),
    ),
    Check(
        5,
        "every stored balance equals its entries",
        (
            Test(
                "balance_not_its_entries",
                "account {account_id} of card {card_id} holds {posted_minor}, "
                "its entries make {entries_minor}",
            ),
            Test(
                "purse_not_its_trail",
                "account {account_id} of card {card_id} says that journal {last_journal} moved it "
                "last, its entries say {moved_by}",
            ),
            Test(
                "journal_not_its_trail",
                "journal {id} of shard {shard} says that {previous_id} was before it for card "
                "{card_id}, the ledger says {before_id}",
            ),
            Test(
                "in_transit_not_on_its_way",
                "{kept_minor} are in transit, {sent_minor} are on their way from card to card, "
                "or given",
            ),
            Test(
                "on_its_way_without_a_move",
                "{amount_minor} left card {card_id} by journal {id} of shard {shard} and have not "
                "come, and no open move is at that",
            ),
            Test(
                "cash_not_handed_in",
                "{whose}: {kept_minor} of cash are with people or were counted, loads make "
                "{owed_minor}",
            ),
            Test(
                "port_not_owed",
                "{whose}: {kept_minor} are owed by payment ports, payments make {owed_minor}",
            ),
            Test(
                "ended_card_with_value",
                "card {card_id} has {posted_minor} left, though its {name} is done",
            ),
            Test(
                "held_not_its_holds",
                "account {account_id} has {held_minor} held, its holds have {holds_minor} left",
            ),
            Test(
                "hold_not_its_facts",
                "hold {id} of shard {shard} is of {amount_minor} with {held_minor} left, what "
                "became of it makes {told_amount_minor} with {told_minor} left, or is out of turn",
            ),
            Test(
                "hold_fact_without_journal",
                "fact {turn} of hold {hold_id} of shard {shard} ({fact}) is of no posting of its "
                "card, or of another one than it says",
            ),
            Test(
                "hold_used_otherwise",
                "journal {journal_id} of shard {shard} used {amount_minor} of holds and paid "
                "{paid_minor} out of their purse",
            ),
            Test(
                "usage_not_what_was_told",
                "{counter} by {used_by} {subject} says {times} times and {used_amount}, its "
                "exchanges {told_times} and {told_amount}",
            ),
            Test(
                "prize_not_its_draws",
                "lottery {lottery}: {taken} of prize {prize} are given out, {draws} draws of it "
                "stand",
            ),
            Test(
                "list_not_its_draws",
                "lottery {lottery}: its list ends after {lines} lines, or with another link than "
                "its {drawn} draws",
            ),
            Test(
                "entrant_not_their_draws",
                "lottery {lottery_id}: card {card_id} is counted with {counted} draws, {draws} "
                "stand",
            ),
            Test(
                "checkpoint_not_its_entries",
                "checkpoint of account {account_id} at {business_date} says {balance_minor}, "
                "its entries make {entries_minor}",
            ),
        ),
    ),
    Check(
        6,
        "no account below its limit, holds counted",
        (
            Test(
                "account_below_limit",
                "account {account_id} holds {posted_minor} less {held_minor} held, "
                "its limit is {floor_minor}",
            ),
        ),
    ),
    Check(
        7,
        "the hash chain verifies",
        (
            Test(
                "seal_of_another_date",
                "shard {shard}, seal {seal}: its business date or moment is not its exchanges'",
            ),
            Test(
                "checkpoint_seal_missing",
                "shard {shard}: seal {seq}, its last at {business_date}, is not what it was then",
            ),
        ),
        (Computed("chain", _chain),),
    ),
    Check(
        8,
        "every timed-out request was reversed, confirmed, or never happened",
        (
            Test(
                "claim_in_doubt",
                "{kind} {slot} got no answer, has {journals} journals, and {standing} in force",
                of_claims=True,
            ),
            Test(
                "undo_without_journals",
                "{kind} {journal_id} of {original_id} (shard {shard}) does not fit its journals",
            ),
            Test(
                "moot_reversal_of_what_stands",
                "reversal {journal_id} of {original_id} (shard {shard}) moved nothing, and no void "
                "undid it",
            ),
            Test("reversal_not_noted", "{slot} was approved, journal {id} knows nothing of it"),
            Test(
                "undo_out_of_turn",
                "journal {original_id} of shard {shard} has {facts} facts, "
                "the last is counted {last_attempt}",
            ),
            Test(
                "undoing_journal_without_fact",
                "{kind} {id} of shard {shard} is not noted at its original",
            ),
            Test(
                "undone_too_often",
                "journal {original_id} of shard {shard}, of {amount_minor}: undone {wholes} "
                "times, refunded {refunded_minor}",
            ),
            Test(
                "undo_leaves_a_rest",
                "journal {journal_id} of shard {shard} gives account {account_id} {given_minor} "
                "back of {taken_minor}",
            ),
            Test(
                "undo_by_other_accounts",
                "entry {journal_id}/{leg} of shard {shard} undoes no leg of its original",
            ),
        ),
    ),
    Check(
        9,
        "the sum of points lots is the points balance",
        (
            Test(
                "lots_not_the_balance",
                "points account {account_id} holds {posted_minor}, its lots {lots_minor}",
            ),
            Test(
                "lot_of_another_date",
                "lot {id} of account {account_id} was not earned on {earned_on}, expired before, "
                "or was to be spent from that day on",
            ),
            Test(
                "lot_not_its_uses",
                "lot {lot_id} of account {account_id} has {remaining} left, its uses leave "
                "{expected}",
            ),
            Test(
                "breakage_not_its_lots",
                "{unit}: {lost_points} points of lots are written off, breakage has {kept_points}",
            ),
            Test(
                "expired_lot_left",
                "lot {id} of account {account_id} expired after {expires_on} and has {remaining} "
                "left, though what had expired was written off",
            ),
            Test(
                "expiry_not_its_lots",
                "purse {account_id} of card {card_id} says that its points expire from "
                "{expires_from} on, its lots from {first_day}",
            ),
            Test(
                "pending_not_its_lots",
                "purse {account_id} of card {card_id} says that {pending} points of it are not to "
                "be spent yet, its lots {lotted}",
            ),
            Test(
                "conversion_not_its_rate",
                "journal {journal_id} converted {taken} points into {made}, its rate is {rate}, or "
                "of other programmes",
            ),
            Test(
                "earned_by_not_its_journal",
                "journal {journal_id} earned {given_points} in {unit}, rule {rule} is told to have "
                "given {told_points}, or is not there",
            ),
            Test(
                "earn_counted_not_its_journal",
                "journal {journal_id} counted {points} points of {unit} a {period} by rule {rule}, "
                "which is not what that gave it, nor what its original had counted",
            ),
            Test(
                "points_not_their_lots",
                "journal {journal_id} of shard {shard} moved {moved_points} points of account "
                "{account_id}, its lots {lotted_points}",
            ),
        ),
    ),
    Check(
        10,
        "clearing's positions are the journal of the day",
        (
            Test(
                "position_not_the_journal",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, {chart}: "
                "cleared {stored_minor}, the journal says {ledger_minor}",
            ),
            Test(
                "parts_not_as_netted",
                "{business_date}: positions and their parts are not as the night left them",
            ),
            Test(
                "declined_not_as_asked",
                "{business_date}, {kind} by {channel}: {counted_items} were counted as {reason}, "
                "{asked_items} were",
            ),
            Test(
                "turnover_not_the_journal",
                "{business_date}: the trial balance of {chart} in {unit} is not the journal's",
            ),
            Test(
                "batch_not_its_journals",
                "terminal {terminal_id}, batch {epoch}, {side}: settled {counted_minor} in "
                "{counted_items}, the journal says {journal_minor} in {journal_items}",
            ),
            Test(
                "void_of_settled",
                "journal {id} of shard {shard} voids at the office what another merchant sold, or "
                "what its terminal has settled",
            ),
            Test(
                "journal_of_other_parties",
                "journal {id} of shard {shard} moved accounts that are not its card's, "
                "merchant's or issuer's",
            ),
            Test(
                "fee_not_its_leg",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, fee {fee_id}: "
                "charged {fee_minor}, posted {posted_minor}",
            ),
            Test(
                "fee_out_of_its_time",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}: {kind} was charged "
                "by fee {fee_id}, which is not of that",
            ),
            Test(
                "payout_not_its_statements",
                "payout {payout}: it is of {amount_minor}, its statements come to {payable_minor}, "
                "or one of them is another's, not released or not confirmed",
            ),
            Test(
                "return_not_its_line",
                "payout {payout} of {amount_minor} came back, the bank's line says {told_minor}, "
                "or is of another payment",
            ),
            Test(
                "payout_not_its_file",
                "payment file {file}: it says {told} payments of {told_minor}, there are {found} "
                "of {found_minor}, or one goes to an account that is not its merchant's",
            ),
            Test(
                "statement_not_its_parts",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}: a statement of "
                "{kept_minor}, its parts say {told_minor}, or another of its sums is not theirs",
            ),
            Test(
                "held_not_its_journal",
                "{business_date}, statement {place}: the {side} disputes {amount_minor} of journal "
                "{journal_id}, which moved {moved_minor} between the two",
            ),
            Test(
                "correction_not_its_answer",
                "{business_date}, statement {place}: {upheld_minor} of what the {side} disputed "
                "are to be given back, journal {journal_id} gave {posted_minor}, or by other legs",
            ),
            Test(
                "reserve_not_its_terms",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}: {held_minor} are "
                "held back, by its terms they are {amount_minor}, or of another base or day",
            ),
            Test(
                "reserve_not_its_journal",
                "{business_date}, journal {journal_id}: {told_minor} are held back or let go, it "
                "moved {posted_minor}, or is of others",
            ),
            Test(
                "reserve_not_in_time",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}: {amount_minor} were "
                "held until {due_on}, and let go on {released_on}",
            ),
            Test(
                "advert_not_its_journal",
                "{business_date}, journal {journal_id}: {told_minor} are charged for advertising, "
                "it moved {posted_minor}, or is of others",
            ),
            Test(
                "advert_not_its_day",
                "{business_date}, advertising of booking {booking_id}: its day costs {price_minor}"
                ", {charged_minor} were charged",
            ),
            Test(
                "advert_day_not_booked",
                "{day}, slot {slot_id}: the day is kept for booking {booking_id}, it was booked by "
                "{booked_by}",
            ),
            Test(
                "settlement_not_its_leg",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, {act}: settled "
                "{settled_minor}, posted {posted_minor}",
            ),
            Test(
                "settlement_not_the_day",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, {programme}: settled "
                "{settled_points} points that were {act}, the journal says {moved_points}",
            ),
            Test(
                "settlement_not_its_terms",
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, {act}: "
                "{amount_minor} is not what terms {terms_id} say",
            ),
            Test(
                "settlement_not_as_left",
                "{business_date}: what points of alliances cost is not as the night left it",
            ),
            Test(
                "fees_of_other_parties",
                "journal {id} of shard {shard} is a fee of other parties, or not the night's",
            ),
            Test(
                "match_not_its_journal",
                "line {line} of file {file_id} is of {amount_minor}, what it was matched with "
                "moved {ledger_minor}",
            ),
            Test(
                "match_not_over_its_port",
                "line {line} of file {file_id} is of {amount_minor}, and nothing like that went "
                "over its port",
            ),
            Test(
                "line_without_answer",
                "file {file_id} says {lines} lines and {matched} of them ours, there are "
                "{lines_there} and {matched_there}, or one is neither ours nor a difference",
            ),
            Test(
                "difference_not_its_posting",
                "difference {id} ({answer}) is of {other_minor}, its posting of {posted_minor}",
            ),
        ),
    ),
    Check(
        12,
        "what decides is as our programs left it",
        (
            Test("card_numbered_twice", "number {id} belongs to {cards} cards"),
            Test(
                "enterprise_not_what_was_granted",
                "enterprise {code}: it may spend {granted_minor}, it was granted {told_minor}",
            ),
            Test(
                "enterprise_not_what_was_spent",
                "enterprise {code}: it has spent {spent_minor}, its issues come to {told_minor}",
            ),
            Test(
                "staff_issue_not_its_rows",
                "issue {id}: {planned} planned, {issued} issued, {refused} refused; its rows are "
                "{rows_planned}, {rows_issued}, {rows_refused}",
            ),
            Test(
                "staff_voucher_not_claimed",
                "issue {issue_id}, row {place}: voucher {card_id} is of another batch, or was "
                "claimed by nobody or another",
            ),
            Test("card_of_no_issuer", "card {id} is of issuer {issuer_id}, which is not there"),
            Test("part_not_its_cards", "part {part_id} has made {made} cards, {cards} are there"),
            Test("card_not_of_its_part", "card {id} is of part {part_id}, {fault}"),
            Test(
                "purse_not_its_cards",
                "purse {account_id} (card {card_id}) is nobody's, in {unit}, which its card's "
                "issuer has not, or has another limit than its issuer's rules give",
            ),
            Test("purse_twice", "account {account_id} is there {times} times"),
        ),
        (Computed("foreign_change", foreign_changes), Computed("link", broken_links)),
    ),
)
