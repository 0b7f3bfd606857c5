"""Every connection to PostgreSQL: made here, with a deadline for each round trip.

A server that is frozen, or behind a network that swallows packets, keeps its sockets open and says
nothing: none of its own time-outs ends the wait. So the wait ends on our side, and the connection
with it. What was asked may still happen there: who asked must look, as after any lost connection.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.waiting import Wait

from host.store.prepared import Prepared
from host.store.round_trip import OneWrite

Connection = psycopg.Connection[Any]

LOOK_SECONDS: Final = 0.1
"""How late a deadline may be noticed."""
NO_STATEMENT_SECONDS: Final = 3_600.0
"""Of work that a server may take long for: the night, estates, an audit."""
KEEPALIVES: Final[dict[str, Any]] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""Our kernel's question whether the other end is still there."""
THEIR_KEEPALIVES: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
"""The server's: what a host that has gone had locked is free again soon."""


class RoundTripError(psycopg.OperationalError):
    """The server did not answer in time; the connection is closed, and what was asked in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long is waited for a connection and for an answer, in seconds.

    `options` are settings of the session.
    """

    connect_seconds: float = 5.0
    round_trip_seconds: float = NO_STATEMENT_SECONDS
    options: Mapping[str, str] = field(default_factory=dict)


SHORT: Final = Deadlines(round_trip_seconds=60.0)
"""Of a command that a person waits for."""
LONG: Final = Deadlines()
"""Of work that a server may take long for."""


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection whose every wait for the server ends."""

    round_trip_seconds = NO_STATEMENT_SECONDS

    @cached_property
    def prepared(self) -> Prepared:
        """What is asked on it again and again."""
        return Prepared(self)

    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """As of any connection; what is asked in one leaves together."""
        if self._pipeline is None:
            self._pipeline = OneWrite(self)
        with super().pipeline() as pipeline:
            yield pipeline

    def wait(
        self, gen: PQGen[RV], interval: float = LOOK_SECONDS, timeout: float | None = None
    ) -> RV:
        """As of any connection.

        Raises:
            RoundTripError: the server took too long; the socket is closed.
        """
        try:
            wanted = next(gen)
        except StopIteration as done:  # as most in a pipeline: nothing is waited for
            result: RV = done.value
            return result
        give_up_at = time.monotonic() + self.round_trip_seconds
        try:
            return super().wait(_until(give_up_at, gen, wanted), interval, timeout)
        except RoundTripError:
            self.pgconn.finish()
            raise
        finally:
            _end(gen)


def connect(dsn: str, told: Deadlines, *, autocommit: bool = False) -> DeadlineConnection:
    """A connection, to the server that takes writes where the string names several.

    Raises:
        psycopg.OperationalError: there is none in time.
    """
    options = " ".join(
        f"-c {name}={value}" for name, value in {**THEIR_KEEPALIVES, **told.options}.items()
    )
    connection = DeadlineConnection.connect(
        dsn,
        autocommit=autocommit,
        connect_timeout=int(told.connect_seconds),
        options=options,
        **KEEPALIVES,
        **_whom(dsn),
    )
    connection.round_trip_seconds = told.round_trip_seconds
    return connection


def _whom(dsn: str) -> dict[str, Any]:
    """Of several servers the one that takes writes: after a failover that is another."""
    parts = conninfo_to_dict(dsn)
    places = f"{parts.get('host', '')}{parts.get('hostaddr', '')}"
    is_told = "target_session_attrs" in parts
    return {"target_session_attrs": "read-write"} if "," in places and not is_told else {}


def _end(gen: PQGen[RV]) -> None:
    """What is left of a wait that broke off.

    A pipeline still wants an answer of the server in its `finally`, and would complain that there
    is none when the collector comes to it.
    """
    with suppress(psycopg.Error, RuntimeError):
        gen.close()


def _until(give_up_at: float, gen: PQGen[RV], wanted: Wait) -> PQGen[RV]:
    """A wait of psycopg's that is over at a moment: it looks up whenever nothing has come.

    `wanted` is what it waits for first.
    """
    try:
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= give_up_at:
                raise RoundTripError(
                    "the server did not answer in time, and the connection is closed"
                )
            wanted = gen.send(ready)
    except StopIteration as done:
        result: RV = done.value
        return result
