"""Sheets of vouchers and cards as a PDF: so many on an A4 page, crop marks between, a QR code each.

What stands where is a design (`host.model.sheets`), of those that the house ships or that somebody
has made. A text stands whole in its place, smaller if need be. The Chinese font is embedded, so
that what a printer prints is what was meant; it is looked for where it is installed (FONTS), and
none is in our tree. The PDF is encrypted (AES-256) in memory under the password of who prints.
"""

import importlib.util
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from host.model.secrets import Secret
from host.model.sheets import (
    A4_MM,
    DESCENT_EM,
    SAMPLE_CODE,
    SAMPLE_URL,
    Design,
    Layout,
    Part,
    Place,
)
from host.stock.qr import modules_of

CROP_MM: Final = 3.0
"""How long a crop mark is."""
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
class Piece:
    """What stands on one voucher or card."""

    texts: Mapping[Part, str]
    """By where they stand; the number in groups, as people read it."""
    url: str = ""
    """Of the QR code; empty: none."""


def sheets_of(design: Design, pieces: Iterable[Piece], password: Secret) -> Secret:
    """The PDF, encrypted under the password.

    Raises:
        NoFontError: no font with Chinese is installed.
    """
    return _encrypted(_drawn(design, pieces, is_sample=False), password)


def sample_of(design: Design, piece: Piece, password: Secret) -> Secret:
    """One page of what it would look like, with no real code on it: SAMPLE stands in its place.

    Raises:
        NoFontError: no font with Chinese is installed.
    """
    sample = Piece(
        texts={**piece.texts, Part.CODE: SAMPLE_CODE}, url=SAMPLE_URL if piece.url else ""
    )
    return _encrypted(_drawn(design, [sample] * design.layout.on_a_page, is_sample=True), password)


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


def _drawn(design: Design, pieces: Iterable[Piece], *, is_sample: bool) -> bytes:
    made = io.BytesIO()
    canvas = begun_canvas(made)
    layout = design.layout
    for number, piece in enumerate(pieces):
        place = number % layout.on_a_page
        if number and place == 0:
            turn_page(canvas)
        left, bottom = layout.corner(place)
        if design.has_cut_marks:
            _draw_crop_marks(canvas, layout, left, bottom)
        _draw_piece(canvas, design, piece, (left, bottom))
        if is_sample:
            _draw_sample(canvas, layout, left, bottom)
    canvas.save()
    return made.getvalue()


def _draw_piece(canvas: Any, design: Design, piece: Piece, corner: tuple[float, float]) -> None:
    canvas.setFillColor(design.text_colour)
    for part, place in design.places.items():
        if place.size_mm <= 0:
            continue
        at = corner[0] + place.left_mm, corner[1] + _base_mm(design, place)
        if part is not Part.QR:
            line = at[0], at[1] + DESCENT_EM * place.size_mm
            draw_line(canvas, piece.texts.get(part, ""), line, place.size_mm, place.width_mm)
        elif piece.url:
            _draw_qr(canvas, modules_of(piece.url, design.error_level), at, place.size_mm)


def _base_mm(design: Design, place: Place) -> float:
    """The lower edge, from that of the voucher: a page of a PDF is measured from below."""
    return design.layout.height_mm - place.top_mm - place.size_mm


def _draw_qr(
    canvas: Any, modules: Sequence[Sequence[int]], at: tuple[float, float], size_mm: float
) -> None:
    """Always black."""
    canvas.setFillGray(0)
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
