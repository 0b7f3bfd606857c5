"""Sheets of vouchers and cards as a PDF: so many on an A4 page, crop marks between, a QR code each.

A layout is a row. What is printed is measured before: a code stands whole on its voucher, and a QR
code is no smaller than a phone reads. The Chinese font is embedded, so that what a printer prints
is what was meant; it is looked for where it is installed (FONTS), and none is in our tree. The PDF
is encrypted (AES-256) in memory under the password of who prints.
"""

import importlib.util
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from host.model.secrets import Secret
from host.stock.qr import modules_of

A4_MM: Final = (210.0, 297.0)
QR_MM_MIN: Final = 15.0
"""Smaller is not read by every phone."""
CROP_MM: Final = 3.0
"""How long a crop mark is."""
PADDING_MM: Final = 3.0
FONT: Final = "posswitch-cjk"
FONTS: Final = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
"""Of Debian's packages fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback."""
FONT_PACKAGE: Final = ("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc")
"""The first of them as a wheel."""
SAMPLE: Final = "SAMPLE 样张"


class NoFontError(LookupError):
    """No font with Chinese is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One row: how many on a page, and how large each is, in millimetres."""

    name: str
    columns: int
    rows: int
    width_mm: float
    height_mm: float
    qr_mm: float

    @property
    def on_a_page(self) -> int:
        """How many."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """The lower left corner of the one at a place, from 0 on; all are centred on the page."""
        row, column = divmod(place, self.columns)
        left = (A4_MM[0] - self.columns * self.width_mm) / 2
        bottom = (A4_MM[1] - self.rows * self.height_mm) / 2
        return left + column * self.width_mm, bottom + (self.rows - 1 - row) * self.height_mm


_ROWS: Final = (
    Layout(name="a4-2x5", columns=2, rows=5, width_mm=86, height_mm=54, qr_mm=30),
    Layout(name="a4-2x4", columns=2, rows=4, width_mm=95, height_mm=65, qr_mm=36),
    Layout(name="a4-1x3", columns=1, rows=3, width_mm=180, height_mm=85, qr_mm=50),
)
LAYOUTS: Final[Mapping[str, Layout]] = {row.name: row for row in _ROWS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What stands on one voucher or card."""

    title: str
    worth: str
    number: str
    """In groups, as people read it."""
    secret: str = ""
    """An activation password; a voucher's number is all it has."""
    valid: str = ""
    url: str = ""


def sheets_of(layout: Layout, pieces: Iterable[Piece], password: Secret) -> Secret:
    """The PDF, encrypted under the password.

    Raises:
        NoFontError: no font with Chinese is installed.
    """
    return _encrypted(_drawn(layout, pieces, is_sample=False), password)


def sample_of(layout: Layout, piece: Piece, password: Secret) -> Secret:
    """One page of what it would look like, with no real code on it: SAMPLE stands in its place.

    Raises:
        NoFontError: no font with Chinese is installed.
    """
    sample = Piece(
        title=piece.title,
        worth=piece.worth,
        number="SAMP-LE00-SAMP-LE00-SAMP-LE00",
        secret="SAMP-LE00-SAMP" if piece.secret else "",
        valid=piece.valid,
        url="https://sample.invalid/v/SAMPLE" if piece.url else "",
    )
    return _encrypted(_drawn(layout, [sample] * layout.on_a_page, is_sample=True), password)


def font_path() -> Path:
    """Where the font with Chinese is.

    Raises:
        NoFontError: there is none.
    """
    package, file = FONT_PACKAGE
    spec = importlib.util.find_spec(package)
    places = [Path(one) / file for one in (spec.submodule_search_locations or ())] if spec else []
    for place in (*places, *map(Path, FONTS)):
        if place.is_file():
            return place
    raise NoFontError(FONTS[0])


def begun_canvas(made: io.BytesIO) -> Any:
    """Pages of A4 measured in millimetres, with the font; the same again is the same bytes.

    Raises:
        NoFontError: no font with Chinese is installed.
    """
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont(FONT, str(font_path()), subfontIndex=0))
    canvas = Canvas(made, pagesize=(A4_MM[0] * mm, A4_MM[1] * mm), invariant=True)
    canvas.scale(mm, mm)
    return canvas


def turn_page(canvas: Any) -> None:
    """To the next, measured as the one before."""
    from reportlab.lib.units import mm

    canvas.showPage()
    canvas.scale(mm, mm)


def draw_line(
    canvas: Any,
    text: str,
    at: tuple[float, float],
    size: float,
    room_mm: float,
    *,
    is_right: bool = False,
) -> None:
    """A line of text, smaller where it would not fit: nothing of it is ever cut off."""
    if text:
        size *= min(1.0, room_mm / canvas.stringWidth(text, FONT, size))
        canvas.setFont(FONT, size)
        if is_right:
            canvas.drawRightString(at[0] + room_mm, at[1], text)
        else:
            canvas.drawString(*at, text)


def _drawn(layout: Layout, pieces: Iterable[Piece], *, is_sample: bool) -> bytes:
    made = io.BytesIO()
    canvas = begun_canvas(made)
    for number, piece in enumerate(pieces):
        place = number % layout.on_a_page
        if number and place == 0:
            turn_page(canvas)
        left, bottom = layout.corner(place)
        _draw_crop_marks(canvas, layout, left, bottom)
        _draw_piece(canvas, layout, piece, (left, bottom))
        if is_sample:
            _draw_sample(canvas, layout, left, bottom)
    canvas.save()
    return made.getvalue()


def _draw_piece(canvas: Any, layout: Layout, piece: Piece, corner: tuple[float, float]) -> None:
    left, bottom = corner[0] + PADDING_MM, corner[1] + PADDING_MM
    right, top = corner[0] + layout.width_mm - PADDING_MM, corner[1] + layout.height_mm - PADDING_MM
    room = right - left
    draw_line(canvas, piece.title, (left, top - 4.5), 4.5, room)
    draw_line(canvas, piece.worth, (left, top - 12), 6, room - layout.qr_mm - 2)
    draw_line(canvas, piece.valid, (left, top - 17), 2.8, room - layout.qr_mm - 2)
    draw_line(canvas, piece.secret, (left, bottom + 6), 3.6, room - layout.qr_mm - 2)
    draw_line(canvas, piece.number, (left, bottom), 3.6, room)
    if piece.url:
        _draw_qr(canvas, piece.url, (right - layout.qr_mm, top - 6 - layout.qr_mm), layout.qr_mm)


def _draw_qr(canvas: Any, url: str, at: tuple[float, float], size_mm: float) -> None:
    modules = modules_of(url)
    side = size_mm / len(modules)
    path = canvas.beginPath()
    for row, line in enumerate(modules):
        for column, is_dark in enumerate(line):
            if is_dark:
                path.rect(at[0] + column * side, at[1] + size_mm - (row + 1) * side, side, side)
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_crop_marks(canvas: Any, layout: Layout, left: float, bottom: float) -> None:
    """At each corner, outside of what stays."""
    canvas.setLineWidth(0.1)
    for x in (left, left + layout.width_mm):
        for y in (bottom, bottom + layout.height_mm):
            canvas.line(x - CROP_MM / 2, y, x + CROP_MM / 2, y)
            canvas.line(x, y - CROP_MM / 2, x, y + CROP_MM / 2)


def _draw_sample(canvas: Any, layout: Layout, left: float, bottom: float) -> None:
    canvas.saveState()
    canvas.translate(left + layout.width_mm / 2, bottom + layout.height_mm / 2)
    canvas.rotate(25)
    canvas.setFillGray(0.75)
    canvas.setFont(FONT, 12)
    canvas.drawCentredString(0, 0, SAMPLE)
    canvas.restoreState()


def _encrypted(clear: bytes, password: Secret) -> Secret:
    from pypdf import PdfReader, PdfWriter

    sealed = io.BytesIO()
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(clear)))
    writer.encrypt(password.reveal().decode(), algorithm="AES-256")
    writer.write(sealed)
    return Secret(sealed.getvalue())
