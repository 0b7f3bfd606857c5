"""A list as a file: RFC 4180, page after page, by the same filter as it was shown.

Words, days and moments stand there as on the page, and numbers as who reckons with them needs them:
amounts with a point and two digits, in the unit beside them or, without one, in that of their head.
"""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import msgspec
import trio

from host.model.catalogue import ViewTold
from host.model.money import HOUSE_CURRENCY
from host.model.office import ROWS_MAX, Page, Refused, Show
from host.office.sheets import plain
from switch.web.desk import Desk
from terminals.web import cells
from terminals.web.texts import Language

PAUSE_SECONDS: Final = 0.25
TOO_MANY: Final = "E-TOO-MANY"
WHOLE: Final = "whole"
BYTE_ORDER_MARK: Final = "\ufeff"
"""So that spreadsheets read it as UTF-8."""


async def lines_of(
    desk: Desk, view: ViewTold, first: Page, asked: Show, rows_max: int, language: Language
) -> AsyncIterator[str]:
    """The file, in pieces; it says in its last line where it is cut."""
    heads = {one.name: one.zh if language == "zh" else one.en for one in view.columns}
    in_head = "" if cells.UNIT in first.columns else f" ({HOUSE_CURRENCY})"
    amounts = {one.name for one in view.columns if one.kind == WHOLE and cells.is_money(one.name)}
    named = [heads.get(name, name) + in_head * (name in amounts) for name in first.columns]
    yield BYTE_ORDER_MARK + _written([named])
    async with aclosing(pages_of(desk, first, asked, rows_max)) as pages:
        async for rows, is_cut in pages:
            yield _written([_row(first.columns, row, language) for row in rows])
            if is_cut:
                yield _written([[f"... {rows_max}+"]])


async def pages_of(
    desk: Desk, first: Page, asked: Show, rows_max: int
) -> AsyncGenerator[tuple[list[list[Any]], bool], None]:
    """Rows, page after page, `rows_max` at most; whether the list goes on behind them untold.

    Raises:
        ExportBrokenError: the rest cannot be had.
    """
    page, count = first, 0
    while True:
        rows = page.rows[: rows_max - count]
        count += len(rows)
        is_last = not page.next or count >= rows_max
        yield rows, is_last and bool(page.next)
        if is_last:
            return
        page = await _next(desk, msgspec.structs.replace(asked, after=page.next))


async def _next(desk: Desk, asked: Show) -> Page:
    asked = msgspec.structs.replace(asked, rows_max=ROWS_MAX)
    while True:
        told = await desk.ask(asked)
        if isinstance(told, Page):
            return told
        if not isinstance(told, Refused) or told.code != TOO_MANY:
            raise ExportBrokenError
        await trio.sleep(PAUSE_SECONDS)


class ExportBrokenError(Exception):
    """The list ended before its end: the connection is cut, so that nobody takes it for whole."""


def _row(columns: list[str], row: list[Any], language: Language) -> list[str]:
    unit = dict(zip(columns, row, strict=True)).get(cells.UNIT)
    return [
        _cell(value, cells.reckoned(name, value, language, unit))
        for name, value in zip(columns, row, strict=True)
    ]


def _cell(value: Any, text: str) -> str:
    """What is no number is no formula either, of what sort it may be."""
    return text if isinstance(value, int | float) else str(plain(text))


def _written(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
