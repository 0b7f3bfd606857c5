"""A report for programs for tables: a workbook, or CSV, amounts as numbers, names and ids as text.

A workbook has a sheet for each section; CSV has them one after the other, each under its title.

Nothing in it is of the moment at which it was made: the same report is the same bytes.
"""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from host.model.money import Money
from host.model.secrets import Secret
from host.office.reports import UNIT, Section, cell_text, is_amount, unit_text
from host.office.sheets import PLAIN, plain
from host.office.words import word_of

SHEET_NAME_CHARACTERS_MAX: Final = 31
MONEY, WHOLE = "#,##0.00", "#,##0"
EXACT_MAX: Final = 10**15
"""A program for tables keeps 15 digits of a number; what has more is text."""
_WIDTH_CHARACTERS: Final = 24


def xlsx_of(title: str, sections: Sequence[Section], date: dt.date, language: str) -> bytes:
    """The workbook; its own date is the report's."""
    from xlsxwriter import Workbook

    made = io.BytesIO()
    with Workbook(made, dict(PLAIN)) as workbook:
        created = dt.datetime.combine(date, dt.time())
        workbook.set_properties({"title": title, "created": created})
        forms = {form: workbook.add_format({"num_format": form}) for form in (MONEY, WHOLE)}
        head = workbook.add_format({"bold": True, "bottom": 1})
        for section in sections:
            sheet = workbook.add_worksheet(section.title(language)[:SHEET_NAME_CHARACTERS_MAX])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(section.row.columns), _WIDTH_CHARACTERS)
            for column, text in enumerate([*section.heads(language), *_of_unit(section, language)]):
                sheet.write_string(0, column, text, head)
            for at, row in enumerate(section.rows, 1):
                _write(sheet, at, _cells(section, row, language), forms)
    return made.getvalue()


def report_csv(sections: Sequence[Section], language: str) -> Secret:
    """As `host.office.sheets.csv_of` writes it; between sections is a line without a cell."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    for place, section in enumerate(sections):
        writer.writerows([[]] if place else [])
        writer.writerow([section.title(language)])
        writer.writerow([*section.heads(language), *_of_unit(section, language)])
        for row in section.rows:
            cells = _cells(section, row, language)
            writer.writerow([plain(cell) if isinstance(cell, str) else cell for cell, _ in cells])
    return Secret(made.getvalue().encode("utf-8-sig"))


def _of_unit(section: Section, language: str) -> list[str]:
    """The head of the column of units, where there are units: a number says none."""
    return [getattr(word_of(UNIT), language)] if any(UNIT in row for row in section.rows) else []


def _cells(
    section: Section, row: Mapping[str, Any], language: str
) -> list[tuple[str | Decimal, str]]:
    """What stands in a row, each with its form."""
    told = [_cell(column, row, language) for column in section.row.columns]
    if UNIT in row:
        told.append((unit_text(row[UNIT], language) if row[UNIT] else "", ""))
    return told


def _cell(column: str, row: Mapping[str, Any], language: str) -> tuple[str | Decimal, str]:
    value = row[column]
    if not isinstance(value, int) or abs(value) >= EXACT_MAX:
        return cell_text(value, column, row, language), ""
    unit = row.get(UNIT, "")
    if is_amount(column) and unit and not Money(value, unit).is_counted:
        return Decimal(value).scaleb(-2), MONEY
    return Decimal(value), WHOLE


def _write(
    sheet: Any, at: int, cells: Sequence[tuple[str | Decimal, str]], forms: Mapping[str, object]
) -> None:
    for column, (cell, form) in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(at, column, cell)
        else:
            sheet.write_number(at, column, cell, forms[form])
