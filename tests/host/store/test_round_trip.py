"""A pipeline's statements leave together; psycopg's promises hold as they did."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from config.run.database import Dsns
from host.store.connecting import DeadlineConnection, Deadlines, connect

WIDE_BYTES = 3_000_000
"""More than sockets hold, there and back."""


@pytest.fixture
def connection(database: Dsns) -> Iterator[DeadlineConnection]:
    with connect(database.host, Deadlines(round_trip_seconds=20.0), autocommit=True) as made:
        yield made


def ask(connection: DeadlineConnection, *statements: LiteralString) -> None:
    """All of them together."""
    with connection.pipeline():
        for statement in statements:
            connection.execute(statement)


def test_nothing_leaves_before_the_block_ends(
    connection: DeadlineConnection, database: Dsns
) -> None:
    with connect(database.host, Deadlines()) as other, connection.pipeline():
        asked = connection.execute("SELECT clock_timestamp()")
        [(meanwhile,)] = other.execute("SELECT clock_timestamp()")
    [(asked_at,)] = asked
    assert asked_at > meanwhile


def test_every_statement_has_its_own_rows(connection: DeadlineConnection) -> None:
    with connection.pipeline():
        found = [connection.execute("SELECT %s::int", (n,), prepare=True) for n in range(30)]
    assert [cursor.fetchall() for cursor in found] == [[(n,)] for n in range(30)]


def test_rows_may_be_fetched_inside_the_block(connection: DeadlineConnection) -> None:
    with connection.pipeline():
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert connection.execute("SELECT 2").fetchone() == (2,)


def test_a_sync_inside_the_block_sends_what_has_gathered(connection: DeadlineConnection) -> None:
    with connection.pipeline() as pipeline:
        first = connection.execute("SELECT 1")
        pipeline.sync()
        assert first.fetchone() == (1,)
        connection.execute("SELECT 2")


def test_more_than_sockets_hold_goes_there_and_comes_back(connection: DeadlineConnection) -> None:
    wide = b"\x00\xff" * (WIDE_BYTES // 2)
    with connection.pipeline():
        found = [connection.execute("SELECT %s::bytea", (wide,), binary=True) for _ in range(3)]
    assert [cursor.fetchone() for cursor in found] == [(wide,)] * 3


def test_the_first_error_is_raised_and_the_rest_is_not_done(
    connection: DeadlineConnection,
) -> None:
    connection.execute("CREATE TEMPORARY TABLE kept (n int)")
    with pytest.raises(errors.DivisionByZero):
        ask(connection, "BEGIN", "INSERT INTO kept VALUES (1)", "SELECT 1 / 0", "COMMIT")
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_lost_server_ends_the_block_with_what_psycopg_says(
    connection: DeadlineConnection, database: Dsns
) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        ask(connection, "SELECT 1", "SELECT 2")
    assert connection.closed


def test_outside_a_pipeline_statements_are_asked_one_by_one(
    connection: DeadlineConnection,
) -> None:
    with connection.pipeline():
        connection.execute("SELECT 1")
    assert connection.execute("SELECT 2").fetchone() == (2,)
