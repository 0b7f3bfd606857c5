"""The audit: questions to the ledger, and to the records of those it told things to.

All of them (`clearing.checks.CHECKS`) see one instant of the database, so trade may go on. Zero
violations is the only pass. What is found names rows and amounts, never a card number.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from clearing.checks import LAID_OUT, SQL, Computed
from clearing.netting import MOVING
from clearing.night import ClearingError
from clearing.sharing import ISOLATED, Question, ask_over_both, questions, same_instant
from clearing.unused import has_nothing_to_ask, without_a_byte
from host.estate.openings import OPENING
from host.ledger import DEBT_FLOOR_POINTS
from host.model.claims import CARD_SIGN, Claim, card_effects
from host.model.holds import EFFECTS
from host.model.instruments import PLACE_BITS, CardStatus
from host.model.money import HOUSE_CURRENCY, Money
from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY, number_of_rrn
from host.model.origins import SPACES, Origin
from host.model.requests import KINDS, VOIDED_AT_OFFICE, Family, Kind
from host.model.responses import POSTED, RESPONSE_CODES
from host.model.vouchers import VoucherState
from host.rules.alliances import ACTS
from host.rules.own_postings import OWN_LEGS
from host.rules.preauths import CODES, HELD_ALONE, HOLD_ENDS
from host.rules.ruling import aim_of
from host.rules.state import NO_CARD
from host.rules.transactions import NEEDS_ORIGINAL, TRANSACTIONS
from host.shards import NIGHT_SHARD
from host.store.settlement import SIDES_IN_SQL

FINDINGS_PER_TEST_MAX: Final = 100
"""Enough to see what happened; the first row is what an operator starts from."""
MINOR, UNIT = "_minor", "_unit"
"""How the names of amounts end, and of units that are not the whole row's."""
POSTING_KINDS: Final = (
    *(kind.value for kind in CARD_SIGN),
    Kind.ADJUSTMENT.value,
    Kind.MOVE_IN.value,
    OPENING,
)
"""Kinds that always post when approved. A reversal or confirmation may find nothing to do."""

SPENDING_KINDS: Final = tuple(
    kind.value
    for kind, row in TRANSACTIONS.items()
    if kind not in NEEDS_ORIGINAL and aim_of(kind, row.use).spends
)
"""What rules that name no kinds are about."""
BEFORE_OPENING: Final = (
    CardStatus.INACTIVE, CardStatus.VOIDED, CardStatus.EXPIRED, VoucherState.ISSUED,
)  # fmt: skip
"""What a card may be whose part nobody has opened yet."""

ASKED: Final = (
    *((kind.value, origin.value) for kind, row in KINDS.items() for origin in row.asked_by),
    (OPENING, Origin.OFFICE.value),
)
"""Each kind, and who may ask for it."""

PARAMETERS: Final[dict[str, object]] = {
    "limit": FINDINGS_PER_TEST_MAX,
    "posting_kinds": list(POSTING_KINDS),
    "moving": MOVING,
    "part_kinds": [kind.value for kind, rule in TRANSACTIONS.items() if rule.part is not None],
    "numbers_per_day": NUMBERS_PER_DAY,
    "day_zero": DAY_ZERO,
    "asked_kinds": [kind for kind, _ in ASKED],
    "askers": [origin for _, origin in ASKED],
    "own_kinds": [kind for kind, legs in OWN_LEGS.items() for _ in legs],
    "own_debits": [debit.value for legs in OWN_LEGS.values() for debit, _ in legs],
    "own_credits": [credit.value for legs in OWN_LEGS.values() for _, credit in legs],
    "own_spaces": [space.name for space in SPACES if space.made_by is None],
    "no_card": NO_CARD,
    "night_shard": NIGHT_SHARD,
    "office_voids": sorted(set(VOIDED_AT_OFFICE.values())),
    "acts": list(ACTS),
    "act_debits": [act.debit.value for act in ACTS.values()],
    "act_credits": [act.credit.value for act in ACTS.values()],
    "cardless_kinds": [kind.value for kind, row in KINDS.items() if row.asked_by == {Origin.NIGHT}],
    "hold_facts": [fact.value for fact in EFFECTS],
    "hold_amounts": [effect.amount for effect in EFFECTS.values()],
    "hold_helds": [effect.held for effect in EFFECTS.values()],
    "held_kinds": sorted(HELD_ALONE | HOLD_ENDS | {Kind.REVERSAL}),
    "hold_codes": CODES,
    "spending_kinds": list(SPENDING_KINDS),
    "place_bits": PLACE_BITS,
    "unopened_statuses": list(BEFORE_OPENING),
    "currency": HOUSE_CURRENCY,
    "posted_reasons": [reason.value for reason in POSTED],
    "debt_floor": DEBT_FLOOR_POINTS,
    "reasons": [reason.value for reason in RESPONSE_CODES],
    "codes": [code.f39 for code in RESPONSE_CODES.values()],
    **SIDES_IN_SQL,
}

Connection = psycopg.Connection[Any]


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: which of the questions, and what breaks it."""

    check: int
    test: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}. {self.what}"


def audit(
    connection: Connection, claims: Iterable[Claim] = (), *, beside: Connection | None = None
) -> list[Violation]:
    """Ask the questions. Any login that may read will do; nothing is changed.

    Of a table that it may not read whole nothing is known: `clearing.changed.unreadable` names it.

    `claims` are what clients say they were told; without them the ledger is compared with
    itself alone. `connection` must have no transaction open; nor must `beside`, another one to the
    same database, over which half of them are asked at the same time where there is one.
    """
    with connection.transaction(force_rollback=True):
        connection.execute(ISOLATED)
        if beside is None:
            return ask(connection, claims)
        with same_instant(connection, beside):
            expect_many_rows(beside)
            return ask_over_both(
                lambda: _asker(connection, has_claims=_prepare(connection, claims)),
                _asker(beside, has_claims=False),
                beside,
            )


def ask(connection: Connection, claims: Iterable[Claim] = ()) -> list[Violation]:
    """As `audit`, inside a transaction that the caller opened and rolls back."""
    return list(findings(connection, claims))


def findings(connection: Connection, claims: Iterable[Claim] = ()) -> Iterator[Violation]:
    """As `ask`, one after another: who needs to know but whether there are any stops at one."""
    has_claims, empty = _prepare(connection, claims), without_a_byte(connection)
    for question in questions():
        yield from _ask(connection, question, empty, has_claims=has_claims)


def _prepare(connection: Connection, claims: Iterable[Claim]) -> bool:
    """Lay out what questions read; gives whether there are claims."""
    expect_many_rows(connection)
    lay_out(connection)
    return _lay_beside(connection, claims)


def expect_many_rows(connection: Connection) -> None:
    """Have no table looked through for each row of another, as long as the transaction lasts.

    The questions join what they read whole, and statistics are of another hour: told that few
    rows break a rule, or that there are few of a kind, a server would look them up one by one.
    Nor is a question divided among workers, each of whom reads what is not large enough to divide,
    or compiled, which takes a server longer than most of them.
    """
    connection.execute("SET LOCAL enable_nestloop = off")
    connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    connection.execute("SET LOCAL work_mem = '64MB'")
    connection.execute("SET LOCAL jit = off")


def lay_out(connection: Connection) -> None:
    """Read all entries once for the questions that would each do so; also where it was done."""
    for table, statements in LAID_OUT.items():
        connection.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(sql.Identifier(table)))
        for name in statements:
            connection.execute(SQL[name], PARAMETERS)
        connection.execute(sql.SQL("ANALYZE pg_temp.{}").format(sql.Identifier(table)))


def _asker(connection: Connection, *, has_claims: bool) -> Callable[[Question], list[Violation]]:
    empty = without_a_byte(connection)
    return lambda question: list(_ask(connection, question, empty, has_claims=has_claims))


def _ask(
    connection: Connection, question: Question, empty: frozenset[str], *, has_claims: bool
) -> Iterator[Violation]:
    number, asks = question.check.number, question.asks
    if isinstance(asks, Computed):
        for what in islice(asks.find(connection), FINDINGS_PER_TEST_MAX):
            yield Violation(check=number, test=asks.name, what=what)
    elif (has_claims or not asks.of_claims) and not has_nothing_to_ask(asks.name, empty):
        for row in _rows(connection, asks.name):
            what = asks.reads.format_map(in_their_units(row))
            yield Violation(check=number, test=asks.name, what=what)


def in_their_units(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row whose amounts read as money, or as points: each in its own unit, or in the row's."""
    return {
        name: _money(value, row.get(name.replace(MINOR, UNIT), row.get("unit")))
        if name.endswith(MINOR)
        else value
        for name, value in row.items()
    }


def _money(minor: int | None, unit: str | None) -> str:
    return "nothing" if minor is None else str(Money(int(minor), unit or ""))


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
