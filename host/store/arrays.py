"""Array literals built by join: what a batch hands to PostgreSQL.

psycopg can adapt Python lists, at three to five times the client CPU; a literal is one string.
The words that go in unquoted (slots, kinds, reasons, units, terminal ids) have been checked to
hold no character that is special in an array literal.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

Column = Callable[[Iterable[Any]], str]
"""One of the functions below: the values of a column to its literal."""

PLAIN_WORD: Final = re.compile(r"[0-9A-Za-z_/:.-]+")
"""What may stand unquoted in an array literal; the poster refuses keys of anything else."""


def columns(kinds: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Rows, at least one, as one literal a column."""
    return [column(values) for column, values in zip(kinds, zip(*rows, strict=True), strict=True)]


def numbers(values: Iterable[int]) -> str:
    """An array of integers."""
    return "{" + ",".join(map(str, values)) + "}"


def numbers_or_null(values: Iterable[int | None]) -> str:
    """An array of integers; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def words(values: Iterable[str]) -> str:
    """An array of plain words, unquoted."""
    return "{" + ",".join(values) + "}"


def blobs(values: Iterable[bytes]) -> str:
    """An array of bytea in hexadecimal form; its backslash is doubled."""
    return "{" + ",".join(["\\\\x" + value.hex() for value in values]) + "}"


def flags(values: Iterable[bool]) -> str:
    """An array of booleans."""
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"
