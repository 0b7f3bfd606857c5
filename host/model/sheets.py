"""Sheets of vouchers: how many stand on a page, what stands on one, and where.

All of it is geometry in millimetres from the upper left corner of a voucher. What is wrong with a
design is found here before anything is printed, so that a page which draws it and the office that
prints it say the same (ISO/IEC 18004 for the quiet zone of a QR code, WCAG 2.2 for contrast).
"""

import enum
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

A4_MM: Final = (210.0, 297.0)
QR_MM_MIN: Final = 15.0
"""Smaller is not read by every phone."""
MODULE_MM_MIN: Final = 0.25
"""One square of a QR code; what an office printer still keeps apart."""
QUIET_MODULES: Final = 4
"""Around a QR code nothing stands."""
TEXT_MM_MIN: Final = 1.6
"""A smaller letter is not read by everybody."""
CONTRAST_MIN: Final = 4.5
PADDING_MM: Final = 3.0
SAMPLE_CODE: Final = "SAMP-LE00-SAMP-LE00-SAMP-LE00"
SAMPLE_URL: Final = f"https://sample.invalid/v/{'SAMPLE' * 10}"
"""What stands in the place of a real code, and is as long."""
SECONDS_A_VOUCHER: Final = 0.01
"""What one takes with its QR code, measured with a thousand."""
WIDE_EM: Final = 1.0
NARROW_EM: Final = 0.58
"""How wide a letter is at a size of 1; the font of our sheets is not wider."""
DESCENT_EM: Final = 0.14
"""How far one hangs below its line."""
_SCALE_MM: Final = 54.0
"""The height that letters are told for; on a higher or lower voucher they are scaled,"""
_SCALE_MIN, _SCALE_MAX = 0.8, 1.5
"""within these bounds."""
_QUIET_SHARE: Final = 0.13
"""Of a QR code's side, what stays free beside it: four squares of the coarsest that has a token."""


@enum.unique
class Part(enum.StrEnum):
    """What may stand on a voucher."""

    TITLE = "title"
    WORTH = "worth"
    CODE = "voucher_code"
    QR = "qr"
    VALID = "valid"
    STORES = "in_stores"
    PLACE = "place_in_batch"
    RUN = "print_run"


PARTS: Final = tuple(Part)
"""In the order in which numbers of a design are told."""
NUMBERS: Final = ("lefts", "tops", "widths", "sizes")
"""Of each part four numbers, which are told part by part: those of a `Place`."""


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

    def pages(self, vouchers: int) -> int:
        """How many sheets so many take."""
        return -(-vouchers // self.on_a_page)


_LAYOUTS: Final = (
    Layout(name="a4-3x8", columns=3, rows=8, width_mm=70, height_mm=37, qr_mm=18),
    Layout(name="a4-2x5", columns=2, rows=5, width_mm=86, height_mm=54, qr_mm=30),
    Layout(name="a4-2x4", columns=2, rows=4, width_mm=95, height_mm=65, qr_mm=36),
    Layout(name="a4-1x3", columns=1, rows=3, width_mm=180, height_mm=85, qr_mm=50),
    Layout(name="single", columns=1, rows=1, width_mm=180, height_mm=85, qr_mm=50),
)
LAYOUTS: Final[Mapping[str, Layout]] = {row.name: row for row in _LAYOUTS}


class Place(NamedTuple):
    """Where a part stands, from the upper left corner."""

    left_mm: float
    top_mm: float
    width_mm: float
    size_mm: float
    """How high a letter is, or the side of the QR code; 0 where it is not printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What stands where, and how it is printed."""

    layout: Layout
    places: Mapping[Part, Place]
    text_colour: str = "#000000"
    error_level: str = "M"
    """How much of a QR code may be unreadable: L 7 %, M 15 %, Q 25 %, H 30 %."""
    has_cut_marks: bool = True


@enum.unique
class Fault(enum.StrEnum):
    """What whoever prints should look at first."""

    QR_SMALL = "qr_small"
    QR_FINE = "qr_fine"
    QR_COVERED = "qr_covered"
    OUTSIDE = "outside_the_cut"
    TOO_LONG = "text_too_long"
    CONTRAST = "low_contrast"


class Warned(NamedTuple):
    """One of them, and of which part; None: of all texts."""

    fault: Fault
    part: Part | None


def shipped(layout: Layout) -> Design:
    """A design as the house ships it: the QR code on the right, in its quiet zone, texts beside."""
    scale = min(max(layout.height_mm / _SCALE_MM, _SCALE_MIN), _SCALE_MAX)
    left, top = PADDING_MM, PADDING_MM
    room = layout.width_mm - 2 * PADDING_MM
    beside = room - layout.qr_mm * (1 + _QUIET_SHARE)
    right = layout.width_mm - PADDING_MM - layout.qr_mm
    code_mm = 3.6 * scale

    def line(below: float, size: float, share: tuple[float, float] = (0, 1)) -> Place:
        begin, end = share
        return _rounded(
            Place(left + beside * begin, top + below * scale, beside * (end - begin), size * scale)
        )

    return Design(
        layout=layout,
        places={
            Part.TITLE: line(0, 4.5),
            Part.WORTH: line(6, 6),
            Part.CODE: _rounded(
                Place(left, layout.height_mm - PADDING_MM - code_mm, room, code_mm)
            ),
            Part.QR: Place(right, top, layout.qr_mm, layout.qr_mm),
            Part.VALID: line(14.2, 2.8),
            Part.STORES: line(18, 2.4),
            Part.PLACE: line(21.4, 2.2, (0, 1 / 3)),
            Part.RUN: line(21.4, 2.2, (1 / 3, 1)),
        },
    )


def _rounded(place: Place) -> Place:
    """To tenths, as a form has them; never wider than it was."""
    left, top, width, size = (math.floor(one * 10) / 10 for one in place)
    return Place(left, top, width, size)


def as_design(row: Mapping[str, Any]) -> Design:
    """Of what is kept, or told, of a sheet: its layout, and the numbers of each part by NUMBERS."""
    columns = ([float(one) for one in row[name]] for name in NUMBERS)
    return Design(
        layout=LAYOUTS[row["layout"]],
        places={part: Place(*numbers) for part, *numbers in zip(PARTS, *columns, strict=True)},
        text_colour=row["text_colour"],
        error_level=row["error_level"],
        has_cut_marks=row["has_cut_marks"],
    )


def text_mm(text: str, size_mm: float) -> float:
    """How wide a text is, or a little less: Chinese letters are as wide as they are high."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size_mm * (wide * WIDE_EM + (len(text) - wide) * NARROW_EM)


def fitted_mm(text: str, place: Place) -> float:
    """The size at which a text is printed: smaller than asked for where it would not fit."""
    width = text_mm(text, place.size_mm)
    return place.size_mm if width <= place.width_mm else place.size_mm * place.width_mm / width


def warnings_of(design: Design, texts: Mapping[Part, str], modules: int) -> list[Warned]:
    """What is to be looked at before it is printed; `modules` is how many squares a QR has a side.

    Texts are those that would stand there; of a part without one nothing is told but its place.
    """
    shown = {part: place for part, place in design.places.items() if place.size_mm > 0}
    found = [Warned(Fault.OUTSIDE, part) for part, place in shown.items() if _is_out(design, place)]
    found += [
        Warned(Fault.TOO_LONG, part)
        for part, place in shown.items()
        if part is not Part.QR and fitted_mm(texts.get(part, ""), place) < TEXT_MM_MIN
    ]
    if Part.QR in shown:
        found += _of_qr(shown, modules)
    if contrast(design.text_colour) < CONTRAST_MIN:
        found.append(Warned(Fault.CONTRAST, None))
    return found


def _is_out(design: Design, place: Place) -> bool:
    height = place.size_mm
    return (
        place.left_mm + place.width_mm > design.layout.width_mm
        or place.top_mm + height > design.layout.height_mm
    )


def _of_qr(shown: Mapping[Part, Place], modules: int) -> list[Warned]:
    qr = shown[Part.QR]
    module = qr.size_mm / modules
    found = []
    if qr.size_mm < QR_MM_MIN:
        found.append(Warned(Fault.QR_SMALL, Part.QR))
    elif module < MODULE_MM_MIN:
        found.append(Warned(Fault.QR_FINE, Part.QR))
    quiet = QUIET_MODULES * module
    found += [
        Warned(Fault.QR_COVERED, part)
        for part, place in shown.items()
        if part is not Part.QR and _meet(qr, place, quiet)
    ]
    return found


def _meet(qr: Place, text: Place, quiet: float) -> bool:
    return (
        text.left_mm < qr.left_mm + qr.size_mm + quiet
        and qr.left_mm - quiet < text.left_mm + text.width_mm
        and text.top_mm < qr.top_mm + qr.size_mm + quiet
        and qr.top_mm - quiet < text.top_mm + text.size_mm
    )


def contrast(colour: str) -> float:
    """Of a colour as #rrggbb against white paper (WCAG 2.2, 1.4.3): 1 to 21."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
