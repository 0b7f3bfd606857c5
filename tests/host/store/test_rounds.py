"""What several readers ask at a time goes out together, and each is given its own rows."""

from collections.abc import Iterator, Sequence

import pytest
from psycopg import errors

from config.run.database import Dsns
from host.store.connecting import DeadlineConnection, Deadlines, connect
from host.store.prepared import Rows, Statement
from host.store.rounds import Reading, read_together


@pytest.fixture
def connection(database: Dsns) -> Iterator[DeadlineConnection]:
    with connect(database.host, Deadlines(round_trip_seconds=20.0), autocommit=True) as made:
        yield made


def reader(name: str, times: int, heard: list[tuple[str, int]]) -> Reading:
    """Asks so many times one after the other, each time for two things."""
    for turn in range(times):
        first, second = yield [
            ("SELECT %s::int", (turn,)),
            ("SELECT generate_series(1, %s::int)", (turn,)),
        ]
        assert first == [(turn,)]
        assert second == [(number,) for number in range(1, turn + 1)]
        heard.append((name, turn))


@pytest.fixture
def trips(connection: DeadlineConnection, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one with each round trip."""
    made: list[None] = []
    ask = connection.prepared.ask

    def counted(statements: Sequence[Statement]) -> list[Rows]:
        made.append(None)
        return ask(statements)

    monkeypatch.setattr(connection.prepared, "ask", counted)
    return made


def test_readers_wait_as_often_as_the_one_that_asks_most_often(
    connection: DeadlineConnection, trips: list[None]
) -> None:
    heard: list[tuple[str, int]] = []
    read_together(connection, [reader("a", 1, heard), reader("b", 3, heard), reader("c", 2, heard)])
    assert heard == [("a", 0), ("b", 0), ("c", 0), ("b", 1), ("c", 1), ("b", 2)]
    assert len(trips) == 3


def test_readers_that_ask_nothing_cost_no_round_trip(
    connection: DeadlineConnection, trips: list[None]
) -> None:
    read_together(connection, [reader("a", 0, []), reader("b", 0, [])])
    read_together(connection, [])
    assert not trips


def test_statements_go_in_their_order_and_those_behind_one_that_fails_are_not_run(
    connection: DeadlineConnection,
) -> None:
    connection.execute("CREATE TEMPORARY TABLE noted (word text PRIMARY KEY)")
    connection.commit()

    def noting(*words: str) -> Reading:
        yield [("INSERT INTO noted VALUES (%s)", (word,)) for word in words]

    connection.execute("BEGIN")
    read_together(connection, [noting("a", "b"), noting("c")])
    with pytest.raises(errors.UniqueViolation):
        read_together(connection, [noting("d", "a"), noting("e")])
    connection.rollback()
    read_together(connection, [noting("a"), noting("e")])
    found = connection.execute("SELECT word FROM noted ORDER BY ctid").fetchall()
    assert found == [("a",), ("e",)]
