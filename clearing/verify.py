"""The audit: ten questions to the ledger, and to the records of those it told things to.

CHECKS is the list; a question is asked by one or more named statements of FILES, each giving
the rows that break it, or by a function. All of them see one instant
of the database, so trade may go on. Zero violations is the only pass. What is found names rows
and amounts, never a card number.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
from psycopg.rows import dict_row

from clearing.night import ClearingError
from clearing.seals import broken_seals
from host.estate.openings import NO_MERCHANT, OPENING
from host.model.claims import CARD_SIGN, Claim, card_effects
from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY, number_of_rrn
from host.model.requests import Family
from host.model.responses import RESPONSE_CODES
from host.store.queries import load_queries

FILES: Final = ("audit.sql", "audit_facts.sql", "claims.sql")
SQL: Final = {name: sql for file in FILES for name, sql in load_queries("clearing", file).items()}
FINDINGS_PER_TEST_MAX: Final = 100
"""Enough to see what happened; the first row is what an operator starts from."""
POSTING_KINDS: Final = (*(kind.value for kind in CARD_SIGN), OPENING)
"""Kinds that always post when approved. A reversal or confirmation may find nothing to do."""

PARAMETERS: Final[dict[str, object]] = {
    "limit": FINDINGS_PER_TEST_MAX,
    "posting_kinds": list(POSTING_KINDS),
    "numbers_per_day": NUMBERS_PER_DAY,
    "day_zero": DAY_ZERO,
    "no_merchant": NO_MERCHANT,
    "reasons": [reason.value for reason in RESPONSE_CODES],
    "codes": [code.f39 for code in RESPONSE_CODES.values()],
}

Connection = psycopg.Connection[Any]


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: which of the ten questions, and what breaks it."""

    check: int
    test: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}. {self.what}"


class Test(NamedTuple):
    """One way to ask: a statement, and how a row of it reads. Claims only where there are any."""

    name: str
    reads: str
    of_claims: bool = False


class Check(NamedTuple):
    """One of the ten."""

    number: int
    question: str
    tests: tuple[Test, ...]
    compute: Callable[[Connection], Iterator[str]] | None = None


def _chain(connection: Connection) -> Iterator[str]:
    connection.execute(SQL["read_to_the_end"])
    return broken_seals(connection, SQL["seals"], SQL["sealed_rows"])


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
            Test("claim_says_otherwise", "{slot} was posted with {differs}", of_claims=True),
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
                "journal_not_its_entries",
                "journal {id} of shard {shard} is of {amount_minor} {unit}, "
                "its entries make {entries_minor}",
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
            Test("hold_without_record", "account {account_id} has {held_minor} held by nothing"),
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
                "shard {shard}, seal {seal}: its business date is not its exchanges'",
            ),
            Test(
                "checkpoint_seal_missing",
                "shard {shard}: seal {seq}, its last at {business_date}, is not what it was then",
            ),
        ),
        _chain,
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
                "points account {account_id} holds {posted_minor}, its lots {lots}",
            ),
            Test(
                "lot_of_another_date",
                "lot {id} of account {account_id} was not earned on {earned_on}, or expired before",
            ),
            Test(
                "lot_not_its_uses",
                "lot {lot_id} of account {account_id} has {remaining} left, its uses leave "
                "{expected}",
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
                "{business_date}, merchant {merchant_id}, issuer {issuer_id}, {chart} in {unit}: "
                "cleared {stored_minor}, the journal says {ledger_minor}",
            ),
            Test(
                "turnover_not_the_journal",
                "{business_date}: the trial balance of {chart} in {unit} is not the journal's",
            ),
            Test(
                "journal_of_other_parties",
                "journal {id} of shard {shard} moved accounts that are not its card's, "
                "merchant's or issuer's",
            ),
        ),
    ),
)


def audit(connection: Connection, claims: Iterable[Claim] = ()) -> list[Violation]:
    """Ask the ten questions. Any login that may read will do; nothing is changed.

    `claims` are what clients say they were told; without them the ledger is compared with
    itself alone. `connection` must have no transaction open.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return ask(connection, claims)


def ask(connection: Connection, claims: Iterable[Claim] = ()) -> list[Violation]:
    """As `audit`, inside a transaction that the caller opened and rolls back."""
    has_claims = _lay_beside(connection, claims)
    return [finding for check in CHECKS for finding in _ask(connection, check, has_claims)]


def _ask(connection: Connection, check: Check, has_claims: bool) -> Iterator[Violation]:
    for test in check.tests:
        if test.of_claims and not has_claims:
            continue
        for row in _rows(connection, test.name):
            what = test.reads.format_map(row)
            yield Violation(check=check.number, test=test.name, what=what)
    if check.compute is not None:
        for place, what in enumerate(check.compute(connection)):
            if place < FINDINGS_PER_TEST_MAX:
                yield Violation(check=check.number, test="chain", what=what)


def _rows(connection: Connection, name: str) -> list[Mapping[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found: list[Mapping[str, Any]] = list(cursor.execute(SQL[name], PARAMETERS))
        return found


def _lay_beside(connection: Connection, claims: Iterable[Claim]) -> bool:
    """Put the claims into the database, each with the number its RRN means."""
    listed = list(claims)
    if not listed:
        return False
    row = connection.execute("SELECT max(business_date) FROM business_day").fetchone()
    if row is None or row[0] is None:
        msg = "a record was given but the database has no business day: is it another database's?"
        raise ClearingError(msg)
    connection.execute(SQL["create_claim"])
    _copy(connection, "copy_claims", (_claim_row(claim, row[0]) for claim in listed))
    connection.execute(SQL["create_claim_effect"])
    _copy(connection, "copy_claim_effects", card_effects(listed).items())
    connection.execute("ANALYZE claim, claim_effect")
    connection.execute(SQL["create_claim_state"])
    return True


def _claim_row(claim: Claim, today: dt.date) -> tuple[object, ...]:
    shared = claim.slot.removesuffix(Family.FINANCIAL.value)
    return (
        claim.slot,
        shared + Family.CONFIRM.value,
        shared + Family.REVERSAL.value,
        claim.kind.value,
        claim.card_id,
        claim.amount_minor,
        claim.unit,
        claim.told,
        None if claim.rrn is None else number_of_rrn(claim.rrn, today),
        claim.outcome.value,
        claim.kind in CARD_SIGN,
        claim.reversal_sent,
    )


def _copy(connection: Connection, name: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor().copy(SQL[name]) as copy:
        for row in rows:
            copy.write_row(row)
