"""Statements that a connection asks again and again: prepared, and sent and answered together.

psycopg's cursors do the same and much besides. A batch of one message has a dozen statements, and
what psycopg's layers spend on each of them is more than all that the message itself costs. So these
go to libpq as they are: their text is read once, columns are packed before (`host.store.arrays`),
and whatever else is a value is dumped, as every row is loaded, by psycopg's own adapters.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString, NamedTuple

import psycopg
from psycopg import errors
from psycopg._transformer import Transformer
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from host.store.arrays import Packed

Values = Sequence[Any] | Mapping[str, Any]
Statement = tuple[LiteralString, Values]
"""As psycopg takes it: with `%s`, or `%(name)s`."""
Rows = list[tuple[Any, ...]]

_PLACE: Final = re.compile(r"%(?:\((\w+)\))?s|%%")
_FAILED: Final = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED})


class _Text(NamedTuple):
    """A statement as the server reads it."""

    query: bytes
    names: tuple[str, ...]
    """Of its values, in the order of their numbers, where they have names."""


class _Wanted(NamedTuple):
    """A statement with its values, as libpq takes them."""

    key: tuple[str, tuple[int, ...]]
    """Its text and the types of its values: each such pair is prepared for itself."""
    query: bytes
    values: Sequence[Buffer | None]
    formats: Sequence[Format]


class Prepared:
    """Those of one connection.

    On that psycopg prepares nothing any more: after a rollback it would have the server forget all.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        assert connection.autocommit, "no transaction begins by itself"
        connection.prepare_threshold = None
        self._connection = connection
        self._adapters = Transformer(connection)
        self._texts: dict[str, _Text] = {}
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._numbers = itertools.count(1)
        self._is_forgetful = False
        """The server still has what was forgotten here."""

    def ask(self, statements: Sequence[Statement]) -> list[Rows]:
        """The rows of each, none of one that tells nothing.

        They stop at the first that fails.

        Raises:
            psycopg.Error: that one's; or the connection is lost, and it is not known what was done.
        """
        wanted = [self._wanted(text, values) for text, values in statements]
        with self._connection.lock:
            return self._connection.wait(self._asked(wanted))

    def forget(self) -> None:
        """All is prepared anew when it is asked again, and the server forgets it before that.

        No name comes a second time.
        """
        self._names.clear()
        self._is_forgetful = True

    def _wanted(self, text: str, values: Values) -> _Wanted:
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = _read(text)
        row = [values[name] for name in known.names] if isinstance(values, Mapping) else values
        if all(isinstance(value, Packed) for value in row):
            types = tuple([value.oid for value in row])
            return _Wanted((text, types), known.query, row, [Format.BINARY] * len(row))
        adapters = self._adapters
        dumped = adapters.dump_sequence(row, [PyFormat.AUTO] * len(row))
        types, formats = adapters.types or (), adapters.formats or ()
        return _Wanted((text, tuple(types)), known.query, dumped, list(formats))

    def _asked(self, wanted: Sequence[_Wanted]) -> PQGen[list[Rows]]:
        pgconn = self._connection.pgconn
        forgets = self._is_forgetful
        pgconn.enter_pipeline_mode()
        try:
            if forgets:
                pgconn.send_query_params(b"DEALLOCATE ALL", None)
            new = [self._send(pgconn, one) for one in wanted]
            pgconn.pipeline_sync()
            yield from send(pgconn)
            told, answers = [], []
            if forgets:
                told += yield from fetch_many(pgconn)
            for name in new:
                if name is not None:
                    told += yield from fetch_many(pgconn)
                answer = yield from fetch_many(pgconn)
                told += answer
                answers += answer
            yield from fetch_many(pgconn)  # of the sync
        finally:
            if pgconn.status == ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        self._refuse_failed(told)
        self._is_forgetful = False
        self._names |= {one.key: name for one, name in zip(wanted, new, strict=True) if name}
        return list(self._rows(answers))

    def _send(self, pgconn: PGconn, one: _Wanted) -> bytes | None:
        """Put it into libpq's buffer; gives its name if the server is to learn it now."""
        name, is_new = self._names.get(one.key), False
        if name is None:
            name, is_new = b"often_%d" % next(self._numbers), True
            pgconn.send_prepare(name, one.query, one.key[1])
        pgconn.send_query_prepared(name, one.values, one.formats, Format.BINARY)
        return name if is_new else None

    def _refuse_failed(self, answers: Sequence[PGresult]) -> None:
        for answer in answers:
            if answer.status in _FAILED:
                self.forget()
                raise errors.error_from_result(answer)

    def _rows(self, answers: Sequence[PGresult]) -> Iterator[Rows]:
        adapters = self._adapters
        for answer in answers:
            if answer.status == ExecStatus.TUPLES_OK:
                adapters.set_pgresult(answer)
                yield adapters.load_rows(0, answer.ntuples, tuple)
            else:
                yield []


def _read(text: str) -> _Text:
    """Its places numbered."""
    names: list[str] = []
    numbers = itertools.count(1)

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            return f"${next(numbers)}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _Text(_PLACE.sub(number, text).encode(), tuple(names))
