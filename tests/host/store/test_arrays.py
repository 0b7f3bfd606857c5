"""Columns that are packed here are what psycopg reads back of them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from config.run.database import Dsns
from host.model.requests import Kind
from host.store import arrays

COLUMNS: dict[str, tuple[arrays.Column, list[Any]]] = {
    "smallint": (arrays.smallints, [0, 63, -1, 32_767]),
    "integer": (arrays.integers, [0, 2_147_483_647, -5]),
    "bigint": (arrays.bigints, [2_026_112_200_000_000, 0, -1]),
    "bigint or null": (arrays.bigints_or_null, [None, 7, None]),
    "text": (arrays.words, ["pos/80010001/000001/000042/f", "", "x" * 255]),
    "text, different names": (arrays.names, ["CNY", "P:CITY", "CNY"]),
    "text, one name for all": (arrays.names, [Kind.PURCHASE, Kind.PURCHASE]),
    "bytea": (arrays.blobs, [b"", bytes(range(256)), bytes(70_000)]),
    "boolean": (arrays.flags, [True, False]),
    "date": (arrays.dates, [dt.date(2000, 1, 1), dt.date(2026, 11, 22), dt.date(1999, 12, 31)]),
}


@pytest.fixture
def connection(module_database: Dsns) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_database.owner, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_read_back_as_it_was(name: str, connection: psycopg.Connection[Any]) -> None:
    column, values = COLUMNS[name]
    of_type = name.partition(" or ")[0].partition(",")[0]
    [(found,)] = connection.execute(f"SELECT %s::{of_type} []", (column(values),)).fetchall()
    assert found == values


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_without_values_is_an_empty_array(
    name: str, connection: psycopg.Connection[Any]
) -> None:
    column, _ = COLUMNS[name]
    assert connection.execute("SELECT cardinality(%s)", (column([]),)).fetchall() == [(0,)]


def test_rows_become_columns_that_the_server_puts_side_by_side(
    connection: psycopg.Connection[Any],
) -> None:
    rows: Sequence[tuple[Any, ...]] = [(1, "a", None), (2, "b", 9)]
    kinds = (arrays.smallints, arrays.words, arrays.bigints_or_null)
    found = connection.execute("SELECT * FROM unnest(%s, %s, %s)", arrays.columns(kinds, rows))
    assert found.fetchall() == rows


def test_a_number_too_large_for_its_column_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Exception, match="format"):
        arrays.smallints([32_768])
