"""FORMS: as what a party takes its file. The CSV is what the night wrote; the others say the same.

They are made of the bytes that were released, and of nothing else: made again they are the same.
"""

import csv
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from clearing.files import FILE_MODE, NEW_FILE, sha256_of
from clearing.fixed import BY_NAME, FixedLayout
from clearing.layout import DETAIL
from clearing.night import ClearingError

Row = dict[str, str]
SHEETS: Final = ("detail", "summary")
ROWS_OF_SHEET_MAX: Final = 1_048_575
"""Below the heads: programs for tables take no more."""
MONEY: Final = "#,##0.00"
NUMBERS: Final = frozenset({"amount", "fee", "points_earned", "rows"})
"""What a workbook has as numbers. Everything else is text."""
CREATED: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zone
"""Whenever it was made: made again it is the same."""
EXACT_CHARACTERS_MAX: Final = 15
"""A program for tables keeps so many digits of a number; what is longer is text."""


class Made(NamedTuple):
    """What was made, durable at its path."""

    size_bytes: int
    sha256: bytes


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form: how its files' names end, and what makes one of a CSV, at a path that is free."""

    name: str
    suffix: str
    meaning: str
    make: Callable[[Path, Path], None]


def make_form(form: Form, source: Path, target: Path) -> Made:
    """Make a file in a form; `source` is the file as it was released.

    Raises:
        ClearingError: the form does not take all that is in it. Nothing is left at `target`.
        OSError: the disk does not take it; nothing is left then, either.
    """
    target.unlink(missing_ok=True)
    try:
        form.make(source, target)
        with target.open("rb") as made:
            os.fsync(made.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Made(target.stat().st_size, sha256_of(target))


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, _new(target) as made:
        shutil.copyfileobj(file, made)


def _fixed(name: str) -> Callable[[Path, Path], None]:
    layout: FixedLayout = BY_NAME[name]

    def make(source: Path, target: Path) -> None:
        with _new(target) as made:
            made.writelines(layout.records(rows_of(source)))

    return make


def _workbook(source: Path, target: Path) -> None:
    """A sheet of what moved, and one of what it comes to; memory does not grow with them."""
    from xlsxwriter import Workbook

    if sum(1 for _row in rows_of(source)) > ROWS_OF_SHEET_MAX:
        message = (
            f"{source.name} has more rows than a workbook takes ({ROWS_OF_SHEET_MAX:,}). Next: "
            "take the file as csv or fixed"
        )
        raise ClearingError(message)
    with _new(target) as made, tempfile.TemporaryDirectory(dir=target.parent) as beside:
        told = {"constant_memory": True, "tmpdir": beside}
        with Workbook(made, told) as workbook:
            workbook.set_properties({"created": CREATED})
            money = workbook.add_format({"num_format": MONEY})
            sheets = {name: workbook.add_worksheet(name) for name in SHEETS}
            at = dict.fromkeys(SHEETS, 0)
            for row in rows_of(source):
                name = SHEETS[row["record"] != DETAIL]
                at[name] += 1
                _write(sheets[name], at[name], row, money)


def _write(sheet: Any, at: int, row: Row, money: object) -> None:
    if at == 1:
        for column, name in enumerate(row):
            sheet.write_string(0, column, name)
    for column, (name, text) in enumerate(row.items()):
        if name in NUMBERS and text and len(text) <= EXACT_CHARACTERS_MAX:
            sheet.write_number(at, column, Decimal(text), *([money] if "." in text else []))
        else:
            sheet.write_string(at, column, text)


def rows_of(source: Path) -> Iterator[Row]:
    """What the CSV says, row after row, each by the names of its columns."""
    with source.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _new(path: Path) -> Any:
    return os.fdopen(os.open(path, NEW_FILE, FILE_MODE), "wb")


FORMS: Final = {
    form.name: form
    for form in (
        Form(name="csv", suffix=".csv", meaning="as the night wrote it", make=_copy),
        Form(
            name="fixed",
            suffix=".txt",
            meaning="every record, in fixed width",
            make=_fixed("detail"),
        ),
        Form(
            name="fixed_summary",
            suffix=".summary.txt",
            meaning="what it comes to, in fixed width",
            make=_fixed("summary"),
        ),
        Form(
            name="xlsx",
            suffix=".xlsx",
            meaning="a workbook: what moved, and what it comes to; amounts are numbers",
            make=_workbook,
        ),
    )
}


def name_in(form: Form, name: str) -> str:
    """How a file of the night is called in a form."""
    return name.removesuffix(FORMS["csv"].suffix) + form.suffix
