"""Puts the lotteries of an estate into the database: frozen, committed to, open, with empty lists.

A lottery is made by one person and frozen by another. An estate brings those two for it: they have
no role, no password and no invitation, so nobody is ever them.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import psycopg

from host.estate.openings import Row
from host.estate.plan import LotteryPlan
from host.hsm.interface import Hsm
from host.model.lottery import LotteryState
from host.rules.drawing import commitment_of, seed_of
from host.store.lotteries import place_of_seed
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "estates.sql")
PEOPLE: Final = (
    ("estate-author", "Who made the estate's lotteries"),
    ("estate-freezer", "Who froze the estate's lotteries"),
)
DISABLED: Final = "disabled"
Connection = psycopg.Connection[Any]
Copy = Callable[[Connection, str, Iterable[Row]], None]


def copy_lotteries(
    connection: Connection, lotteries: Sequence[LotteryPlan], hsm: Hsm, now: dt.datetime, copy: Copy
) -> None:
    """All of them, and who is said to have made them; nothing where there are none."""
    if not lotteries:
        return
    people = _taken(connection, "take_person_ids", len(PEOPLE))
    named = zip(people, PEOPLE, strict=True)
    copy(connection, "copy_people", ((number, *who, DISABLED, now) for number, who in named))
    numbered = list(
        zip(_taken(connection, "take_lottery_ids", len(lotteries)), lotteries, strict=True)
    )
    rows = (_lottery_row(number, one, hsm, people, now) for number, one in numbered)
    copy(connection, "copy_lotteries", rows)
    copy(connection, "copy_prizes", (row for each in numbered for row in _prize_rows(*each)))
    copy(connection, "copy_prize_stock", (row for each in numbered for row in _stock_rows(*each)))
    copy(connection, "copy_lottery_lists", ((number, _commitment(one)) for number, one in numbered))


def _lottery_row(
    number: int, one: LotteryPlan, hsm: Hsm, people: Sequence[int], now: dt.datetime
) -> Row:
    content, (author, freezer) = one.content, people
    costs = (content.unit, content.cost_points, content.threshold_points, content.cap)
    seed = (hsm.seal_secret(one.house, place_of_seed(number)), _commitment(one))
    return (
        number, content.code, content.name, one.issuer_id, *costs, content.opens_on,
        content.closes_on, LotteryState.OPEN.value, one.author_words, one.freezer_words, *seed,
        author, now, freezer, now,
    )  # fmt: skip


def _prize_rows(number: int, one: LotteryPlan) -> Iterable[Row]:
    for each in one.content.prizes:
        what = (each.kind.value, each.amount, each.parts, each.stock)
        yield number, each.place, each.code, each.name, *what


def _stock_rows(number: int, one: LotteryPlan) -> Iterable[Row]:
    return ((number, each.place, each.stock) for each in one.content.prizes)


def _commitment(one: LotteryPlan) -> bytes:
    seed = seed_of(one.house, one.author_words, one.freezer_words)
    return commitment_of(seed, one.content.text)


def _taken(connection: Connection, name: str, count: int) -> list[int]:
    return [number for (number,) in connection.execute(SQL[name], {"count": count})]
