"""Holds of a batch: which are read for it, and the rows that say what became of them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg

from host.book import Book
from host.model.holds import HoldFact, HoldOwner
from host.model.numbers import number_of_rrn
from host.model.requests import NAMES_HOLD, Kind, Original
from host.rules.dossier import Item
from host.rules.hold import Hold, HoldChange, HoldNote, NewHold, PastFact
from host.rules.preauths import CODES, HELD_ALONE
from host.rules.state import State
from host.store import arrays
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "holds.sql")
Connection = psycopg.Connection[Any]
READS: Final = (
    HELD_ALONE
    | NAMES_HOLD
    | {Kind.COMPLETION, Kind.COMPLETION_VOID, Kind.HOLD_EXPIRY, Kind.HOLD_RELEASE}
)
"""What is decided over holds; what opens one only where that is undone."""
SHARD, NUMBER, SMALL, NAME = arrays.smallints, arrays.bigints, arrays.smallints, arrays.names
NEW_HOLD: Final = (
    SHARD, NUMBER, arrays.integers, NUMBER, SMALL, NUMBER, NAME, NAME, arrays.integers,
    arrays.words, NUMBER, arrays.moments, arrays.moments,
)  # fmt: skip
NOTE: Final = (SHARD, NUMBER, SMALL, NUMBER, NAME, NUMBER)
CHANGE: Final = (SHARD, NUMBER, SMALL, NUMBER, NUMBER, NAME)


class _Wanted(NamedTuple):
    """How a batch names holds."""

    slips: set[tuple[int, int, int]]
    """Shard, card and authorisation code."""
    numbers: set[tuple[int, int]]
    journals: set[tuple[int, int]]
    """Shard, and that of a journal that touched one."""


class Due(NamedTuple):
    """A pre-authorisation that is over."""

    expires_at: dt.datetime
    shard: int
    number: int
    turns: int
    """How much has become of it."""
    pan_hash: bytes

    @property
    def place(self) -> tuple[dt.datetime, int, int]:
        """Where it stands among all."""
        return self.expires_at, self.shard, self.number


BEFORE_ALL: Final = (dt.datetime.min.replace(tzinfo=dt.UTC), -1, -1)


def due_after(
    connection: Connection, now: dt.datetime, last: tuple[dt.datetime, int, int], limit: int
) -> list[Due]:
    """The next that are over, behind the last one seen."""
    moment, shard, number = last
    asked = {"now": now, "moment": moment, "shard": shard, "number": number, "limit": limit}
    return [Due(*row) for row in connection.execute(SQL["due"], asked)]


def read_holds(items: Sequence[Item], state: State, _book: Book) -> Reading:
    """Those that the batch's requests name, or undo something of, into its state."""
    wanted = _wanted(items, state)
    if not any(wanted):
        return
    keys = (
        arrays.smallints([shard for shard, _, _ in wanted.slips]),
        arrays.bigints([card for _, card, _ in wanted.slips]),
        arrays.integers([code for _, _, code in wanted.slips]),
        *_keys(wanted.numbers),
        *_keys(wanted.journals),
    )
    [rows] = yield [(SQL["holds"], keys)]
    for row in rows:
        _add(state, row)


def _wanted(items: Sequence[Item], state: State) -> _Wanted:
    wanted = _Wanted(set(), set(), set())
    for item in items:
        named = item.request.original
        if item.own is not None and item.own.hold:
            wanted.numbers.add((item.shard, item.own.hold))
        elif item.request.kind in NAMES_HOLD and named is not None:
            wanted.slips.update(_slip(item, named, state))
            wanted.numbers.update(_number(item, named, state))
    for original in state.originals.values():
        if original.kind in READS:
            wanted.journals.add((original.shard, original.number))
    return wanted


def _slip(item: Item, named: Original, state: State) -> Iterator[tuple[int, int, int]]:
    card = state.cards.get(item.pan_hash) if item.pan_hash is not None else None
    code = named.auth_code
    if card is not None and code is not None and code.isascii() and code.isdigit():
        yield card.shard, card.id, int(code) % CODES


def _number(item: Item, named: Original, state: State) -> Iterator[tuple[int, int]]:
    if named.rrn is not None:
        number = number_of_rrn(named.rrn, state.business_date)
        if number is not None:
            yield item.shard, number
    known = state.known.get(item.original_slot) if item.original_slot is not None else None
    if known is not None:
        yield known.shard, known.number


def _keys(pairs: set[tuple[int, int]]) -> tuple[bytes, bytes]:
    return (
        arrays.smallints([shard for shard, _ in pairs]),
        arrays.bigints([number for _, number in pairs]),
    )


def _add(state: State, row: tuple[Any, ...]) -> None:
    """A row is a hold and one of its facts."""
    number, shard, card, account, unit, owner, merchant, amount, held, *rest = row
    opened_at, expires_at, ended_by, was_reversed, journal, fact, moved = rest
    hold = state.holds.get(number)
    if hold is None:
        hold = state.holds[number] = Hold(
            id=number,
            shard=shard,
            card=card,
            account=account,
            unit=unit,
            owner=HoldOwner(owner),
            merchant=merchant,
            amount=amount,
            held=held,
            opened_on=opened_at.astimezone().date(),
            expires_at=expires_at,
            ended_by=ended_by,
            was_reversed=was_reversed,
            facts=[],
        )
    hold.facts.append(PastFact(journal, HoldFact(fact), moved))


def row_of_hold(shard: int, number: int, hold: NewHold) -> tuple[Any, ...]:
    """A hold is numbered as what opened it."""
    return (
        shard, number, number % CODES, hold.card, hold.issuer, hold.account, hold.unit,
        hold.owner, hold.merchant, hold.terminal_id, hold.amount_minor, hold.opened_at,
        hold.expires_at,
    )  # fmt: skip


def row_of_note(shard: int, number: int, note: HoldNote) -> tuple[Any, ...]:
    """A fact, with the exchange that it came with."""
    return shard, note.hold or number, note.turn, number, note.fact, note.amount_minor


def row_of_change(shard: int, _number: int, change: HoldChange) -> tuple[Any, ...]:
    """What it did to its hold."""
    return (
        shard, change.hold, change.turn, change.amount_minor, change.held_minor, change.ended_by,
    )  # fmt: skip
