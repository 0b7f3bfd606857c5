"""What PostgreSQL writes of a line is what everybody else reads it as."""

import datetime as dt
import random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from clearing.files import csv_line
from clearing.layout import COLUMNS, LAYOUT, amount_text, of_amount, of_number
from host.model.numbers import COUNTER_MAX, number_of, rrn_of

Connection = psycopg.Connection[Any]
DICE = random.Random(4217)
DATES = [dt.date(2020, 1, 1), dt.date(2024, 2, 29), dt.date(2099, 12, 31)]
COUNTERS = [0, 1, 99_999_999, 100_000_000, 109_999_999, 110_000_000, COUNTER_MAX]
AMOUNTS = [0, 1, -1, 99, -99, 100, -100, -105, 10**12 + 7, -(2**62)]
FREE = {column.free.removeprefix("line.") for column in COLUMNS if column.free}
REST = (
    "date '2024-02-29' AS business_date, 1 AS number, null::bigint AS original,"
    " 'purchase' AS kind, -105 AS amount_minor, 7 AS points_earned"
)


def test_a_reference_is_spelled_as_its_number_is(owner: Connection) -> None:
    counters = COUNTERS + [DICE.randint(0, COUNTER_MAX) for _ in range(200)]
    numbers = [number_of(date, counter) for date in DATES for counter in counters]
    assert _spelled(owner, of_number("n"), numbers) == [rrn_of(one) for one in numbers]


@pytest.mark.parametrize("unit", ["CNY", "P:CITY"])
def test_an_amount_is_written_as_its_unit_is(owner: Connection, unit: str) -> None:
    amounts = AMOUNTS + [DICE.randint(-(10**9), 10**9) for _ in range(200)]
    wanted = [amount_text(one, unit) for one in amounts]
    assert _spelled(owner, of_amount("n", f"'{unit}'::text"), amounts) == wanted


@pytest.mark.parametrize("free", ["0001", "a,b", 'the "one"', "a\nb", "a\rb", "\\.", " é'"])
@pytest.mark.parametrize("column", sorted(FREE))
def test_whatever_others_wrote_is_quoted_as_rfc_4180_has_it(
    owner: Connection, column: str, free: str
) -> None:
    line = {**dict.fromkeys(FREE, "x"), column: free}
    values = sql.SQL(", ").join(
        sql.SQL("{}::text AS {}").format(sql.Literal(text), sql.Identifier(name))
        for name, text in line.items()
    )
    statement = sql.SQL("SELECT {} FROM (SELECT {}, {}) AS line").format(
        sql.SQL(LAYOUT.of_line), values, sql.SQL(REST)
    )
    row = owner.execute(statement).fetchone()
    assert row is not None
    fields = [
        "DETAIL", "2024-02-29", line["reference"], "purchase", line["merchant"], line["issuer"],
        line["terminal_id"], line["batch"], line["trace"], line["card"], line["original_reference"],
        line["unit"], "-1.05", "7", "",
    ]  # fmt: skip
    assert row[0].encode() + b"\r\n" == csv_line(fields)


def _spelled(owner: Connection, text: str, values: list[int]) -> list[str]:
    statement = sql.SQL(
        "SELECT {} FROM (SELECT *, {} AS business_date"
        " FROM unnest({}::bigint[]) WITH ORDINALITY AS told (n, place)) AS line ORDER BY place"
    ).format(sql.SQL(text), sql.Literal(DATES[0]), sql.Literal(values))
    return [row[0] for row in owner.execute(statement)]
