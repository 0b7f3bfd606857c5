"""SHEET: a sheet of vouchers as it is designed: its numbers, a preview, what to look at first.

The preview is drawn out of the sheet's own numbers, and its code is a sample: nothing of a real
voucher is asked for here, only what a batch is called, is worth, and where it is taken.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from host.model.sheets import (
    A4_MM,
    DESCENT_EM,
    NUMBERS,
    PARTS,
    QR_MM_MIN,
    SAMPLE_CODE,
    SAMPLE_URL,
    SECONDS_A_VOUCHER,
    Design,
    Part,
    as_design,
    fitted_mm,
    warnings_of,
)
from terminals.web import cells
from terminals.web import screen as screens
from terminals.web.qr import QUIET, Qr, qr_of
from terminals.web.reader import Reader
from terminals.web.screen import Given, Parts, Screen
from terminals.web.texts import said

SAMPLES: Final[Mapping[Part, str]] = {
    Part.TITLE: "sample_title",
    Part.WORTH: "sample_worth",
    Part.VALID: "sample_valid",
    Part.STORES: "sample_stores",
}
"""Texts of ours, where there is no batch."""
SAMPLE_PLACE: Final = "1-17"
SAMPLE_RUN: Final = "VB-0000-0000"
MARK_MM: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One part as it stands on the preview, in millimetres."""

    part: Part
    label: str
    place: Any
    text: str
    line_mm: float
    """Where its letters stand."""
    text_mm: float
    """How high its letters are, once it fits."""
    is_wrong: bool
    typed: Mapping[str, str]
    """Its numbers by their fields, as they would be typed."""


def _arranged(reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    sheet = parts["sheet"].first
    assert sheet is not None, "it is what the page is about"
    design = as_design(sheet.values)
    batch = parts["batch"].first if "batch" in parts else None
    qr = qr_of(SAMPLE_URL, design.error_level)
    texts = _texts(reader, batch.values if batch is not None else {})
    told = warnings_of(design, texts, qr.modules - 2 * QUIET)
    wrong = {one.part for one in told}
    vouchers = _vouchers(given, batch.values["cards"] if batch is not None else 0)
    return {
        "sheet": sheet,
        "design": design,
        "drawn": [_drawn(reader, sheet.values, design, part, texts, wrong) for part in PARTS],
        "qr": _box(qr),
        "numbers": [(name, cells.word(name, reader.language)) for name in NUMBERS],
        "warnings": [
            ": ".join(cells.word(word, reader.language) for word in (one.part, one.fault) if word)
            for one in told
        ],
        "corners": _corners(design),
        "a4": A4_MM,
        "mark_mm": MARK_MM,
        "qr_mm_min": QR_MM_MIN,
        "batch": batch,
        "vouchers": vouchers,
        "pages": design.layout.pages(vouchers),
        "seconds": math.ceil(vouchers * SECONDS_A_VOUCHER),
    }


def _texts(reader: Reader, batch: Mapping[str, Any]) -> dict[Part, str]:
    """What would stand there: of a batch what all its vouchers say; the rest is a sample."""

    def sample(part: Part) -> str:
        return said(SAMPLES[part], reader.language)

    worth = cells.shown("face_minor", batch.get("face_minor"), reader.language, batch.get("unit"))
    return {
        Part.TITLE: batch.get("name") or sample(Part.TITLE),
        Part.WORTH: worth if batch else sample(Part.WORTH),
        Part.CODE: SAMPLE_CODE,
        Part.VALID: sample(Part.VALID),
        Part.STORES: batch.get("in_stores", "") if batch else sample(Part.STORES),
        Part.PLACE: SAMPLE_PLACE,
        Part.RUN: batch.get("batch") or SAMPLE_RUN,
    }


def _drawn(
    reader: Reader,
    row: Mapping[str, Any],
    design: Design,
    part: Part,
    texts: Mapping[Part, str],
    wrong: set[Part | None],
) -> Drawn:
    place, text = design.places[part], texts.get(part, "")
    at = PARTS.index(part)
    return Drawn(
        part=part,
        label=cells.word(part, reader.language),
        place=place,
        text=text,
        line_mm=round(place.top_mm + place.size_mm * (1 - DESCENT_EM), 2),
        text_mm=round(fitted_mm(text, place), 2),
        is_wrong=part in wrong,
        typed={name: f"{float(row[name][at]):g}" for name in NUMBERS},
    )


def _box(qr: Qr) -> Mapping[str, Any]:
    """The picture without its quiet border, which the design leaves."""
    side = qr.modules - 2 * QUIET
    return {"path": qr.path, "box": f"{QUIET} {QUIET} {side} {side}"}


def _corners(design: Design) -> list[tuple[float, float]]:
    """Upper left corners of all on a page."""
    layout = design.layout
    lower = (layout.corner(place) for place in range(layout.on_a_page))
    return [(left, A4_MM[1] - bottom - layout.height_mm) for left, bottom in lower]


def _vouchers(given: Given, cards: int) -> int:
    """How many are meant: of a batch those between two places, or all."""
    first, last = (_whole(given.get(name, "")) for name in ("first", "last"))
    return max(0, min(last or cards, cards) - (first or 1) + 1)


def _whole(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() else 0


SHEET: Final = Screen(
    id="sheet",
    path="/sheets/{sheet}",
    en="Sheet of vouchers",
    zh="券面",
    template="sheet.html",
    is_about="sheet",
    parts={
        "sheet": screens.Part(view="sheets", filters={"sheet": "{sheet}"}),
        "batch": screens.Part(
            view="voucher_batches", filters={"batch": "{batch}"}, needs=frozenset({"batch"})
        ),
    },
    asks=("batch", "first", "last"),
    arrange=_arranged,
)
