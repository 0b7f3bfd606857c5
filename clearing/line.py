"""One line of a clearing file: which one has an RRN, and what stands in it."""

import csv
import mmap
from pathlib import Path

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A DETAIL row and where it stands, the header being line 1."""

    number: int
    amount: str
    """As it is written: positive is what the issuer owes the merchant."""
    unit: str


def lines_of(file: Path, rrn: str) -> list[Line]:
    """The rows of a file that have this RRN, one a unit; a file that is not there has none.

    Its own first line names its columns, for files of earlier dates have fewer.
    Only the pages that are looked through are read, and no row but those found is kept.
    """
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as text:
            return _found(text, f",{rrn},".encode())
    except (FileNotFoundError, ValueError):  # a file without a byte cannot be mapped
        return []


def _found(text: mmap.mmap, wanted: bytes) -> list[Line]:
    lines: list[Line] = []
    header = _row(text, 0, text.find(b"\n"))
    number, counted, place = 1, 0, text.find(wanted)
    while place >= 0:
        start, end = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place)
        number, counted = number + text[counted:start].count(b"\n"), start
        row = dict(zip(header, _row(text, start, end), strict=True))
        if row["rrn"].encode() == wanted.strip(b","):
            lines.append(Line(number=number, amount=row["amount"], unit=row["unit"]))
        place = text.find(wanted, end)
    return lines


def _row(text: mmap.mmap, start: int, end: int) -> list[str]:
    return next(csv.reader([text[start:end].decode()]))
