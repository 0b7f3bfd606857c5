"""A connection that is kept: made when it is needed, dropped when it fails, one user at a time.

Whoever finds the database away is told so by a psycopg error, also where the server that answers is
one that the host refuses: to those who ask, both are the same.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import structlog
from psycopg.errors import DiskFull

from host.model.responses import Reason
from host.store.connecting import Connection
from host.store.safety import UnsafeDatabaseError

_LOG = structlog.get_logger(__name__)
Connect = Callable[[], Connection]


def refusal_of(error: psycopg.Error) -> Reason:
    """What is said when this has kept something from being stored."""
    return Reason.MALFUNCTION if isinstance(error, DiskFull) else Reason.HOST_UNREACHABLE


class Held:
    """One connection; to be used by one thread at a time, which is seen to."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()
        self._is_shut = False

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """The connection; any error of the database drops it, so that the next user has another.

        Raises:
            psycopg.Error: no connection, or what the block met.
        """
        with self._one_at_a_time:
            try:
                yield self._opened()
            except psycopg.Error:
                self.drop()
                raise

    def drop(self) -> None:
        """Let go of it; the next user opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def shut(self) -> None:
        """Let go of it for good: whoever still asks is refused."""
        with self._one_at_a_time:
            self._is_shut = True
            self.drop()

    def _opened(self) -> Connection:
        if self._is_shut:
            raise psycopg.InterfaceError("the host is closing")
        if self._connection is None:
            try:
                self._connection = self._connect()
            except UnsafeDatabaseError as error:
                _LOG.error("database refused", why=error.problems)
                raise psycopg.OperationalError(str(error)) from error
        return self._connection
