"""The audit's questions over two connections at the same time, which see one instant.

What is computed is asked of the second, what reads a table laid beside the ledger of the first, for
only that one has it. Of the rest either takes what comes next.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from clearing.checks import CHECKS, LAID_OUT, SQL, Check, Computed, Test

ISOLATED: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"

Connection = psycopg.Connection[Any]


class Question(NamedTuple):
    """One of CHECKS' tests or functions, and its place among all."""

    place: int
    check: Check
    asks: Test | Computed

    @property
    def is_computed(self) -> bool:
        """Whether a function asks it."""
        return isinstance(self.asks, Computed)

    @property
    def reads_what_is_laid(self) -> bool:
        """Whether it reads what stands beside the ledger for one connection alone."""
        if isinstance(self.asks, Computed):
            return False
        return self.asks.of_claims or any(table in SQL[self.asks.name] for table in LAID_OUT)


def questions() -> Iterator[Question]:
    """All of them, in their order."""
    place = 0
    for check in CHECKS:
        for test in check.tests:
            yield Question(place, check, test)
            place += 1
        for computed in check.computed:
            yield Question(place, check, computed)
            place += 1


@contextmanager
def same_instant(connection: Connection, beside: Connection) -> Iterator[None]:
    """Have `beside` see what `connection`, whose transaction is isolated, sees; to be rolled back.

    `beside` has no transaction open.
    """
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row is not None, "it is one row"
    with beside.transaction(force_rollback=True):
        beside.execute(ISOLATED)
        beside.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0])))
        yield


Ask = Callable[[Question], list[Any]]


def ask_over_both(first: Callable[[], Ask], second: Ask, beside: Connection) -> list[Any]:
    """What all questions find, in their order.

    `second` asks over `beside`, in a thread of its own and at once; `first` lays out what is to be
    read, and gives what asks then.
    """
    computed = deque(each for each in questions() if each.is_computed)
    laid = deque(each for each in questions() if each.reads_what_is_laid)
    shared = deque(
        each for each in questions() if not each.is_computed and not each.reads_what_is_laid
    )
    with ThreadPoolExecutor(1, "audit") as other:
        of_other = other.submit(_take, (computed, shared), second)
        try:
            found = _take((laid, shared), first())
        except BaseException:
            computed.clear()
            shared.clear()
            beside.cancel_safe()
            raise
        found |= of_other.result()
    return [one for place in sorted(found) for one in found[place]]


def _take(shares: tuple[deque[Question], ...], ask: Ask) -> dict[int, list[Any]]:
    """What the questions of these shares find that nobody else takes before, by their places."""
    found = {}
    for share in shares:
        while share:
            try:
                question = share.popleft()
            except IndexError:  # somebody else has just taken the last one
                break
            found[question.place] = ask(question)
    return found
