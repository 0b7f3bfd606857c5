"""The whole life of one transaction, for people: from its message to its clearing line.

It is found by its RRN, or by what its terminal calls it: trace number and terminal, and the batch
where that trace came more than once. What is read is a few rows by their keys, in one snapshot.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from host.model.numbers import business_date_of, number_of_rrn
from host.model.requests import Family
from host.shards import home_of
from host.store.book import SQL as BOOK_SQL
from host.store.connecting import Connection
from host.store.life import Reader, exchanges
from host.store.loading import SQL as POSTING_SQL
from host.store.queries import load_queries
from host.store.settlement_view import SQL as TERMINAL_SQL
from host.store.trace_told import Name, Trace

SQL: Final = load_queries("host.store", "life.sql")
BATCHES_BACK_MAX: Final = 100
"""In so many batches of each channel a trace number is looked for, the newest first."""
YEARS_BACK_MAX: Final = 8
"""An RRN names a day of the year: how often it may have come before."""
_RRN: Final = re.compile(r"[0-9]{4}[0-9A-Z][0-9]{7}")
_TRACE: Final = re.compile(r"([0-9]{1,6})@([^@/\s]{8})(?:/([^@/\s]{1,16}))?")


class NotTracedError(Exception):
    """Nothing is known by this name: says why, and what to do."""


def trace(connection: Connection, word: str) -> Trace:
    """What is known of the transaction that a person names: an RRN, or STAN@TERMINAL[/BATCH].

    Raises:
        NotTracedError: there is none, or the name is no such name.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return traced(connection, word)


def traced(connection: Connection, word: str) -> Trace:
    """The same, in the snapshot of a transaction that is open.

    Raises:
        NotTracedError: there is none, or the name is no such name.
    """
    if _RRN.fullmatch(word):
        home, slot = _of_rrn(connection, word)
        return Reader(connection).life(home, Name.of_slot(slot), Family(slot[-1]), ())
    found = _TRACE.fullmatch(word)
    if found is None:
        raise NotTracedError(
            f"{word!r} is no RRN (12 characters, F37 of the answer) and no STAN@TERMINAL. "
            "Next: posswitch trace 000123@80010001, or with its batch 000123@80010001/000007"
        )
    return _of_trace(connection, found[1].zfill(6), found[2], found[3])


def _of_rrn(connection: Connection, rrn: str) -> tuple[int, str]:
    """Home and slot of the newest exchange that this RRN names."""
    told = numbers_of_rrn(connection, rrn)
    row = connection.execute(SQL["slot_of_number"], told).fetchone()
    if row is None:
        raise NotTracedError(
            f"no exchange of ours has RRN {rrn}: none was given it, or an external issuer gave it. "
            "Next: name it as its terminal does: posswitch trace STAN@TERMINAL"
        )
    return row[1], row[2]


def numbers_of_rrn(connection: Connection, rrn: str) -> dict[str, list[int]]:
    """Numbers that it may name, and the shards in which they are looked for, for a statement."""
    return {
        "numbers": possible_numbers(rrn, open_date(connection)),
        "shards": list(range(shard_count_of(connection))),
    }


def possible_numbers(rrn: str, not_after: dt.date | None) -> list[int]:
    """The numbers that an RRN may be, the newest first: it has no year."""
    numbers: list[int] = []
    while not_after is not None and len(numbers) < YEARS_BACK_MAX:
        number = number_of_rrn(rrn, not_after)
        if number is None:
            break
        numbers.append(number)
        not_after = business_date_of(number) - dt.timedelta(days=1)
    return numbers


def _of_trace(connection: Connection, stan: str, terminal_id: str, epoch: str | None) -> Trace:
    home = home_of(terminal_id, shard_count_of(connection))
    rows = connection.execute(TERMINAL_SQL["institutions"], {"home": home}).fetchall()
    institutions = [name for (name,) in rows]
    found = (
        _newest_traces(connection, home, institutions, terminal_id, stan)
        if epoch is None
        else _in_batch(connection, home, institutions, (terminal_id, epoch, stan))
    )
    if not found:
        raise NotTracedError(_unknown_trace(connection, terminal_id, stan, epoch))
    names = list(dict.fromkeys(Name.of_slot(slot) for slot in found))
    also = tuple(str(name) for name in names[1:])
    return Reader(connection).life(home, names[0], None, also)


def _newest_traces(
    connection: Connection, home: int, institutions: Sequence[str], terminal_id: str, stan: str
) -> list[str]:
    wanted = {
        "home": home,
        "institutions": list(institutions),
        "terminal_id": terminal_id,
        "stan": stan,
        "batches_max": BATCHES_BACK_MAX - 1,
    }
    return [slot for _, slot in connection.execute(SQL["slots_of_trace"], wanted).fetchall()]


def _in_batch(
    connection: Connection, home: int, institutions: Sequence[str], named: tuple[str, str, str]
) -> list[str]:
    terminal_id, epoch, stan = named
    names = [
        Name(institution=each, terminal_id=terminal_id, epoch=epoch, stan=stan)
        for each in institutions
    ]
    return [row.slot for name in names for row in exchanges(connection, home, name)]


def _unknown_trace(connection: Connection, terminal_id: str, stan: str, epoch: str | None) -> str:
    told = {"terminal_id": terminal_id, "merchant": None}
    if connection.execute(SQL["place"], told).fetchone() is None:
        return f"there is no terminal {terminal_id!r}. Next: check the eight characters of its id"
    where = f"its last {BATCHES_BACK_MAX} batches" if epoch is None else f"batch {epoch}"
    return (
        f"terminal {terminal_id} sent no trace {stan} in {where}, or what came was never decided. "
        f"Next: posswitch terminal show {terminal_id}; a message that got no answer is in the log"
    )


def open_date(connection: Connection) -> dt.date | None:
    """By which days are counted, and what an RRN, which has no year, cannot be after."""
    row = connection.execute(POSTING_SQL["open_business_date"]).fetchone()
    return None if row is None else row[0]


def shard_count_of(connection: Connection) -> int:
    """Over how many shards terminals and cards are spread; 1 where nothing is there yet."""
    row = connection.execute(BOOK_SQL["shard_count"]).fetchone()
    return 1 if row is None else row[0]
