"""Rows as a file that people open: CSV, or an XLSX workbook under a password.

A workbook is built and encrypted (ECMA-376 Agile, AES-256 and SHA-512) in memory: the library's
mode of constant memory would write the rows into clear files beside it. What a program for tables
would take for a formula is text: in CSV it is led by an apostrophe, in a workbook it is told so.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from host.model.secrets import Secret

ROWS_MAX: Final = 100_000
"""Of one file: built in memory it takes about 2 kB a row and 30 us."""
CSV_ROWS_MAX: Final = 50_000
"""Of one CSV, which nothing packs: as text in base64 it is to fit into a frame of the link."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDTH_CHARACTERS: Final = 22
PLAIN: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
"""What a workbook is begun with: in memory, and text is text."""

Cell = str | int


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Secret:
    """UTF-8 with a mark at its beginning, by which Excel knows it; lines end as RFC 4180 says."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([plain(head) for head in heads])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return Secret(text.getvalue().encode("utf-8-sig"))


def workbook_of(heads: Sequence[str], rows: Iterable[Sequence[Cell]], password: Secret) -> Secret:
    """One sheet, encrypted under the password."""
    from msoffcrypto.format.ooxml import OOXMLFile
    from xlsxwriter import Workbook

    clear, sealed = io.BytesIO(), io.BytesIO()
    with Workbook(clear, dict(PLAIN)) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(heads) - 1, _WIDTH_CHARACTERS)
        for at, row in enumerate((heads, *rows)):
            _write(sheet, at, row)
    OOXMLFile(clear).encrypt(password.reveal().decode(), sealed)
    return Secret(sealed.getvalue())


def plain(cell: Cell) -> Cell:
    """A cell that no program takes for a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _write(sheet: object, at: int, row: Sequence[Cell]) -> None:
    write_string, write_number = sheet.write_string, sheet.write_number  # type: ignore[attr-defined]
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            write_string(at, column, cell)
        else:
            write_number(at, column, cell)
