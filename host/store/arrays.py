"""Columns of rows as arrays in PostgreSQL's binary form: what a batch hands over.

psycopg can adapt Python lists, at three to five times the client CPU, and a literal costs the
server a parser an element. So a column is packed here, by its type, and sent as it is. An array is
its dimensions, whether it holds NULL and the type of its elements; then each element, its length
before it.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from struct import Struct
from typing import Any, ClassVar, Final

import psycopg
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

PLAIN_WORD: Final = re.compile(r"[0-9A-Za-z_/:.-]{1,255}")
"""What our own words are made of; the poster refuses keys of anything else."""
_LENGTH: Final = Struct(">i").pack
_SMALLINT: Final = Struct(">ih").pack
_INTEGER: Final = Struct(">ii").pack
_BIGINT: Final = Struct(">iq").pack
_SIZES_AS_TEXT: Final = tuple(_LENGTH(size).decode("latin-1") for size in range(256))
_NULL: Final = _LENGTH(-1)
_FLAGS: Final = (_LENGTH(1) + b"\0", _LENGTH(1) + b"\1")
_FIRST_MOMENT: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_FIRST_DAY: Final = dt.date(2000, 1, 1).toordinal()
_ONE_DIMENSION: Final = Struct(">iiIii").pack
_NO_DIMENSION: Final = Struct(">iiI").pack


class Packed(bytes):
    """A column, packed."""

    __slots__ = ()
    oid: ClassVar[int]
    """Of the array's type."""


@dataclass(frozen=True, slots=True)
class Column:
    """The type of a column: makes its values the array that stands for them in a statement."""

    element: int
    """The OID of its type."""
    array: type["Packed"]
    """By which its type is known."""
    pack: Callable[[Sequence[Any]], bytes]
    holds_null: bool = False

    def __call__(self, values: Iterable[Any]) -> Packed:
        """All values of the column."""
        row = values if isinstance(values, list | tuple) else list(values)
        if not row:
            return self.array(_NO_DIMENSION(0, 0, self.element))
        head = _ONE_DIMENSION(1, self.holds_null, self.element, len(row), 1)
        return self.array(head + self.pack(row))


def columns(kinds: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> list[Packed]:
    """Rows, at least one, as one array a column."""
    return [column(values) for column, values in zip(kinds, zip(*rows, strict=True), strict=True)]


def _column(
    name: str, pack: Callable[[Sequence[Any]], bytes], *, holds_null: bool = False
) -> Column:
    """A type of PostgreSQL by its name."""
    known = types[name]
    array = type(f"ArrayOf{name.capitalize()}", (Packed,), {"oid": known.array_oid})
    dumper = type(f"{array.__name__}Dumper", (_PackedDumper,), {"oid": known.array_oid})
    psycopg.adapters.register_dumper(array, dumper)
    return Column(known.oid, array, pack, holds_null)


class _PackedDumper(Dumper):
    """Gives psycopg what was packed before."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        """As it is."""
        return obj


def _pack_smallints(values: Sequence[int]) -> bytes:
    return b"".join(map(_SMALLINT, repeat(2), values))


def _pack_integers(values: Sequence[int]) -> bytes:
    return b"".join(map(_INTEGER, repeat(4), values))


def _pack_bigints(values: Sequence[int]) -> bytes:
    return b"".join(map(_BIGINT, repeat(8), values))


def _pack_bigints_or_null(values: Sequence[int | None]) -> bytes:
    return b"".join([_NULL if value is None else _BIGINT(8, value) for value in values])


def _pack_words(values: Sequence[str]) -> bytes:
    return "".join([_SIZES_AS_TEXT[len(value)] + value for value in values]).encode("latin-1")


def _pack_words_or_null(values: Sequence[str | None]) -> bytes:
    return b"".join(
        [
            _NULL if value is None else _LENGTH(len(value)) + value.encode("latin-1")
            for value in values
        ]
    )


def _pack_names(values: Sequence[str]) -> bytes:
    first = values[0]
    if values.count(first) == len(values):
        return _pack_words((first,)) * len(values)
    return _pack_words(values)


def _pack_texts(values: Sequence[str]) -> bytes:
    return _pack_blobs([value.encode() for value in values])


def _pack_blobs(values: Sequence[bytes]) -> bytes:
    return b"".join([_LENGTH(len(value)) + value for value in values])


def _pack_flags(values: Sequence[bool]) -> bytes:
    return b"".join([_FLAGS[value] for value in values])


def _pack_dates(values: Sequence[dt.date]) -> bytes:
    return _pack_integers([value.toordinal() - _FIRST_DAY for value in values])


def _pack_moments(values: Sequence[dt.datetime]) -> bytes:
    return _pack_bigints([(value - _FIRST_MOMENT) // _MICROSECOND for value in values])


def _pack_dates_or_null(values: Sequence[dt.date | None]) -> bytes:
    return b"".join(
        [
            _NULL if value is None else _INTEGER(4, value.toordinal() - _FIRST_DAY)
            for value in values
        ]
    )


smallints: Final = _column("int2", _pack_smallints)
integers: Final = _column("int4", _pack_integers)
bigints: Final = _column("int8", _pack_bigints)
bigints_or_null: Final = _column("int8", _pack_bigints_or_null, holds_null=True)
words: Final = _column("text", _pack_words)
"""Plain words alone."""
words_or_null: Final = _column("text", _pack_words_or_null, holds_null=True)
names: Final = _column("text", _pack_names)
"""The same, of a column in which most batches have one word for all: kinds, reasons, units."""
texts: Final = _column("text", _pack_texts)
"""What people have written, in any letters."""
blobs: Final = _column("bytea", _pack_blobs)
flags: Final = _column("bool", _pack_flags)
dates: Final = _column("date", _pack_dates)
moments: Final = _column("timestamptz", _pack_moments)
"""Each with its zone."""
dates_or_null: Final = _column("date", _pack_dates_or_null, holds_null=True)
