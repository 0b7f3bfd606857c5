"""A report on paper: a PDF of A4 pages, with Chinese embedded, charts, tables, "page n of m".

What is drawn is laid out first, in pieces of a height, so that each page can say how many there
are. Nothing in it is of the moment at which it was made: the same report is the same bytes.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from host.model.sheets import A4_MM
from host.office.printing import FONT, begun_canvas, draw_line, turn_page
from host.office.report_bars import Bar, bars_of
from host.office.reports import Section, is_number
from host.office.words import word_of

MARGIN_MM: Final = 16.0
ROOM_MM: Final = A4_MM[0] - 2 * MARGIN_MM
TOP_MM: Final = A4_MM[1] - MARGIN_MM
BOTTOM_MM: Final = 22.0
"""Below it is the foot."""
TITLE_MM, HEAD_MM, TEXT_MM, FOOT_MM = 6.0, 4.2, 3.0, 2.6
"""How large letters are."""
ROW_MM, BAR_MM, GAP_MM = 5.6, 6.4, 4.0
BAR_LEFT_MM, BAR_ROOM_MM = 46.0, 90.0
BETWEEN_MM: Final = 3.0
"""From a column to the next."""
_INK, _SOFT, _LINE, _BAR, _DOWN = "#1c2733", "#64748b", "#e2e8f0", "#2f6fde", "#d9534f"
_PAGE: Final = {"en": "page {} of {}", "zh": "第 {} 页，共 {} 页"}
_NOTHING: Final = {"en": "nothing", "zh": "无"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """So much of a page: drawn at its lower edge."""

    height_mm: float
    draw: Callable[[Any, float], None]
    needs_mm: float = 0
    """Of what follows, on the same page."""
    again: "_Piece | None" = None
    """What is drawn above it where it comes first on a page: the heads of its table."""


def pdf_of(title: str, sections: Sequence[Section], date: dt.date, language: str) -> bytes:
    """The pages, of a business date.

    Raises:
        host.office.printing.NoFontError: no font with Chinese is installed.
    """
    made = io.BytesIO()
    canvas = begun_canvas(made)
    canvas.setTitle(title)
    dated = f"{getattr(word_of('business_date'), language)} {date.isoformat()}"
    heads = [_line(title, TITLE_MM, _INK), _line(dated, TEXT_MM, _SOFT)]
    pieces = [*heads, *_pieces(canvas, sections, language)]
    pages = list(_pages(pieces))
    for number, page in enumerate(pages, 1):
        if number > 1:
            turn_page(canvas)
        for bottom, piece in page:
            piece.draw(canvas, bottom)
        canvas.setFillColor(_SOFT)
        foot = (MARGIN_MM, BOTTOM_MM - 8)
        draw_line(canvas, title, foot, FOOT_MM, ROOM_MM / 2)
        told = _PAGE[language].format(number, len(pages))
        draw_line(canvas, told, foot, FOOT_MM, ROOM_MM, is_right=True)
    canvas.save()
    return made.getvalue()


def _pages(pieces: Sequence[_Piece]) -> Iterator[list[tuple[float, _Piece]]]:
    """What stands on each, with the lower edge of each."""
    page: list[tuple[float, _Piece]] = []
    bottom = TOP_MM
    for piece in pieces:
        if page and bottom - piece.height_mm - piece.needs_mm < BOTTOM_MM:
            yield page
            page, bottom = [], TOP_MM
            if piece.again is not None:
                bottom -= piece.again.height_mm
                page.append((bottom, piece.again))
        bottom -= piece.height_mm
        page.append((bottom, piece))
    yield page


def _pieces(canvas: Any, sections: Sequence[Section], language: str) -> Iterator[_Piece]:
    for section in sections:
        yield _Piece(height_mm=GAP_MM, draw=_nothing, needs_mm=HEAD_MM + GAP_MM + 2 * ROW_MM)
        yield _line(section.title(language), HEAD_MM, _INK, needs_mm=2 * ROW_MM)
        if not section.rows:
            yield _line(_NOTHING[language], TEXT_MM, _SOFT)
            continue
        for bar in bars_of(section, language):
            yield _Piece(height_mm=BAR_MM, draw=_drawing_bar(bar))
        yield from _table(canvas, section, language)


def _line(text: str, size: float, colour: str, needs_mm: float = 0) -> _Piece:
    def draw(canvas: Any, bottom: float) -> None:
        canvas.setFillColor(colour)
        draw_line(canvas, text, (MARGIN_MM, bottom + size / 2), size, ROOM_MM)

    return _Piece(height_mm=size + GAP_MM, draw=draw, needs_mm=needs_mm)


def _nothing(_canvas: Any, _bottom: float) -> None:
    """A gap."""


def _table(canvas: Any, section: Section, language: str) -> Iterator[_Piece]:
    """Its heads and its rows: what is a number ends at the right of its column."""
    heads, rows = section.heads(language), section.cells(language)
    widths = _widths(canvas, [heads, *rows])
    is_right = [is_number(column, section.rows) for column in section.row.columns]
    head = _row(heads, widths, is_right, _SOFT, needs_mm=ROW_MM)
    yield head
    for cells in rows:
        yield _row(cells, widths, is_right, _INK, again=head)


def _widths(canvas: Any, rows: Sequence[Sequence[str]]) -> list[float]:
    """Of columns, by their widest cells: together they are as wide as the page."""
    widest = [
        max(canvas.stringWidth(cell, FONT, TEXT_MM) for cell in column) + BETWEEN_MM
        for column in zip(*rows, strict=True)
    ]
    room = ROOM_MM + BETWEEN_MM  # the last one needs none beside it
    missing = room - sum(widest)
    if missing < 0:
        return [width * room / sum(widest) for width in widest]
    return [width + missing / len(widest) for width in widest]


def _row(
    cells: Sequence[str],
    widths: Sequence[float],
    is_right: Sequence[bool],
    colour: str,
    *,
    needs_mm: float = 0,
    again: _Piece | None = None,
) -> _Piece:
    def draw(canvas: Any, bottom: float) -> None:
        canvas.setFillColor(colour)
        left = MARGIN_MM
        for cell, width, right in zip(cells, widths, is_right, strict=True):
            at, room = (left, bottom + 1.6), width - BETWEEN_MM
            draw_line(canvas, cell, at, TEXT_MM, room, is_right=right)
            left += width
        canvas.setStrokeColor(_LINE)
        canvas.setLineWidth(0.2)
        canvas.line(MARGIN_MM, bottom, MARGIN_MM + ROOM_MM, bottom)

    return _Piece(height_mm=ROW_MM, draw=draw, needs_mm=needs_mm, again=again)


def _drawing_bar(bar: Bar) -> Callable[[Any, float], None]:
    def draw(canvas: Any, bottom: float) -> None:
        left, long = MARGIN_MM + BAR_LEFT_MM, max(0.6, abs(bar.share) * BAR_ROOM_MM)
        canvas.setFillColor(_SOFT)
        draw_line(canvas, bar.label, (MARGIN_MM, bottom + 1.9), TEXT_MM, BAR_LEFT_MM - 2)
        room = ROOM_MM - BAR_LEFT_MM - long - 2
        draw_line(canvas, bar.value, (left + long + 2, bottom + 1.9), TEXT_MM, room)
        canvas.setFillColor(_BAR if bar.share >= 0 else _DOWN)
        canvas.rect(left, bottom + 0.8, long, BAR_MM - 2, stroke=0, fill=1)

    return draw
