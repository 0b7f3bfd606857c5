"""Statements that go to libpq as they are: rows, values and errors are those of psycopg."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors

from config.run.database import Dsns
from host.store import arrays
from host.store.connecting import DeadlineConnection, Deadlines, connect

WIDE_BYTES = 3_000_000
"""More than sockets hold, there and back."""
NOW = dt.datetime(2026, 11, 28, 1, 2, 3, 456789, dt.UTC)
PREPARED = "SELECT count(*)::int FROM pg_prepared_statements"


@pytest.fixture
def connection(database: Dsns) -> Iterator[DeadlineConnection]:
    with connect(database.host, Deadlines(round_trip_seconds=20.0), autocommit=True) as made:
        yield made


def one(connection: DeadlineConnection, text: LiteralString, *values: Any) -> Any:
    [[(value,)]] = connection.prepared.ask([(text, values)])
    return value


def test_each_has_its_own_rows_time_and_again(connection: DeadlineConnection) -> None:
    for _ in range(3):
        asked = [("SELECT generate_series(1, %s::int)", (n,)) for n in range(20)]
        told = connection.prepared.ask(asked)
        assert told == [[(row,) for row in range(1, n + 1)] for n in range(20)]
    assert connection.prepared.ask([]) == []


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("bigint", 2**40), ("smallint", -3), ("text", "\u5355"), ("bytea", b"\0\xff"),
        ("bool", True), ("date", dt.date(2026, 11, 28)), ("timestamptz", NOW),
        ("bigint[]", [1, None, 3]), ("text[]", ["a", None, "\u4e2d"]), ("text", None),
    ],
)  # fmt: skip
def test_a_value_comes_back_as_psycopg_has_it(
    connection: DeadlineConnection, type_: LiteralString, value: Any
) -> None:
    text: LiteralString = "SELECT %s::" + type_
    assert one(connection, text, value) == value


def test_columns_that_were_packed_go_as_they_are(connection: DeadlineConnection) -> None:
    columns = (arrays.bigints([1, 2]), arrays.words(["a", "b"]), arrays.flags([True, False]))
    text = "SELECT * FROM unnest(%s, %s, %s)"
    assert connection.prepared.ask([(text, columns)]) == [[(1, "a", True), (2, "b", False)]]
    mixed = connection.prepared.ask([("SELECT %s::int, * FROM unnest(%s)", (7, columns[0]))])
    assert mixed == [[(7, 1), (7, 2)]]


def test_values_may_have_names(connection: DeadlineConnection) -> None:
    text = "SELECT %(b)s::int, %(a)s::int, %(b)s::int, '100%%'"
    told = connection.prepared.ask([(text, {"a": 1, "b": 2, "c": 3})])
    assert told == [[(2, 1, 2, "100%")]]


def test_a_statement_is_prepared_once_for_its_types(connection: DeadlineConnection) -> None:
    text = "SELECT %s"
    for value in (1, 2, "a", "b", 3):
        assert one(connection, text, value) == value
    assert one(connection, PREPARED) == 3  # of a number, of a word, and the one that counts


def test_what_tells_nothing_has_no_rows(connection: DeadlineConnection) -> None:
    told = connection.prepared.ask(
        [
            ("CREATE TEMPORARY TABLE kept (n int)", ()),
            ("BEGIN", ()),
            ("SELECT 1", ()),
        ]
    )
    assert told == [[], [], [(1,)]]
    again = connection.prepared.ask([("INSERT INTO kept VALUES (%s)", (1,)), ("COMMIT", ())])
    assert again == [[], []]
    assert one(connection, "SELECT count(*) FROM kept") == 1


def test_the_first_error_is_raised_and_the_rest_is_not_done(
    connection: DeadlineConnection,
) -> None:
    connection.execute("CREATE TEMPORARY TABLE kept (n int CONSTRAINT small CHECK (n < 10))")
    add = "INSERT INTO kept VALUES (%s)"
    for _ in range(2):  # also where all of them are known
        with pytest.raises(errors.CheckViolation) as caught:
            connection.prepared.ask([("BEGIN", ()), (add, (1,)), (add, (10,)), ("COMMIT", ())])
        assert caught.value.diag.constraint_name == "small"
        connection.execute("ROLLBACK")
    assert one(connection, "SELECT count(*) FROM kept") == 0


def test_what_cannot_be_dumped_or_parsed_leaves_the_connection_as_it_was(
    connection: DeadlineConnection,
) -> None:
    with pytest.raises(psycopg.ProgrammingError):
        connection.prepared.ask([("SELECT 1", ()), ("SELECT %s", (object(),))])
    with pytest.raises(errors.SyntaxError):
        connection.prepared.ask([("SELECT 1", ()), ("SELEC 1", ()), ("SELECT 2", ())])
    assert one(connection, "SELECT 2") == 2
    assert connection.execute("SELECT 3").fetchone() == (3,)


def test_a_rollback_by_psycopg_takes_nothing_away(connection: DeadlineConnection) -> None:
    assert one(connection, "SELECT %s::int", 1) == 1
    for _ in range(9):  # so often that psycopg would prepare them
        connection.execute("SELECT %s::int + 1", (1,))
    connection.execute("BEGIN")
    connection.execute("ROLLBACK")
    connection.execute("SELECT 1")
    assert one(connection, "SELECT %s::int", 2) == 2


def test_whatever_was_forgotten_is_prepared_anew(connection: DeadlineConnection) -> None:
    assert one(connection, "SELECT %s::int", 1) == 1
    connection.execute("DEALLOCATE ALL")
    with pytest.raises(errors.InvalidSqlStatementName):
        one(connection, "SELECT %s::int", 2)
    assert one(connection, "SELECT %s::int", 3) == 3
    connection.prepared.forget()
    assert one(connection, "SELECT %s::int", 4) == 4


def test_the_server_keeps_nothing_of_batches_that_failed(connection: DeadlineConnection) -> None:
    connection.execute("CREATE TEMPORARY TABLE kept (n int CHECK (n < 10))")
    for _ in range(9):
        with pytest.raises(errors.CheckViolation):
            connection.prepared.ask([("BEGIN", ()), ("INSERT INTO kept VALUES (%s)", (10,))])
        connection.prepared.forget()
        connection.execute("ROLLBACK")
    assert one(connection, PREPARED) == 1  # the one that counts


def test_more_than_sockets_hold_goes_there_and_comes_back(connection: DeadlineConnection) -> None:
    wide = b"\x00\xff" * (WIDE_BYTES // 2)
    told = connection.prepared.ask([("SELECT %s::bytea", (wide,))] * 3)
    assert told == [[(wide,)]] * 3


def test_all_leave_together(connection: DeadlineConnection) -> None:
    [[(first,)], _, [(last,)]] = connection.prepared.ask(
        [
            ("SELECT clock_timestamp()", ()),
            ("SELECT pg_sleep(0.05)", ()),
            ("SELECT statement_timestamp()", ()),
        ]
    )
    assert last - first >= dt.timedelta(seconds=0.05)


def test_a_lost_server_is_told_as_psycopg_tells_it(
    connection: DeadlineConnection, database: Dsns
) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        connection.prepared.ask([("SELECT 1", ()), ("SELECT 2", ())])
    assert connection.closed


def test_a_server_that_says_nothing_is_given_up(database: Dsns) -> None:
    with connect(database.host, Deadlines(round_trip_seconds=0.2), autocommit=True) as made:
        with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
            made.prepared.ask([("SELECT 1", ()), ("SELECT pg_sleep(5)", ())])
        assert made.closed
