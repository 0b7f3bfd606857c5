"""Sheets: what is printed is what was meant, Chinese too, cut where the marks are."""

import dataclasses
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from host.model.secrets import Secret
from host.model.sheets import (
    A4_MM,
    LAYOUTS,
    QR_MM_MIN,
    SAMPLE_CODE,
    SAMPLE_URL,
    Fault,
    Part,
    Place,
    shipped,
    warnings_of,
)
from host.model.voucher_codes import grouped
from host.office.printing import Piece, sample_of, sheets_of
from host.stock.qr import modules_of
from host.stock.voucher_codes import new_voucher_codes

PASSWORD = Secret(b"a long password")


TEXTS = {
    Part.TITLE: "中秋月饼提货券",
    Part.WORTH: "200.00 CNY",
    Part.VALID: "2026-12-01 至 2027-12-01",
    Part.PLACE: "1-17",
    Part.RUN: "VB-2026-0001",
    Part.STORES: "上海旗舰店",
}


def piece(number: str = "0C4F-0C4F-0C4F-0C4F-0C4F-0C4F") -> Piece:
    return Piece(texts={**TEXTS, Part.CODE: number}, url="https://shop.example/v/" + "x" * 60)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_fits_its_page_and_its_qr_codes_are_large_enough(layout):
    assert layout.columns * layout.width_mm <= A4_MM[0]
    assert layout.rows * layout.height_mm <= A4_MM[1]
    assert layout.qr_mm >= QR_MM_MIN
    corners = {layout.corner(place) for place in range(layout.on_a_page)}
    assert len(corners) == layout.on_a_page
    assert min(x for x, _ in corners) >= 0
    assert max(y for _, y in corners) + layout.height_mm <= A4_MM[1]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_each_code_is_on_a_sheet_once_under_the_password_with_its_font_embedded(layout):
    """S3-23."""
    codes = [grouped(code.reveal()) for code in new_voucher_codes(layout.on_a_page + 1)]
    made = sheets_of(shipped(layout), map(piece, codes), PASSWORD).reveal()
    assert all(code.encode() not in made for code in codes)
    reader = PdfReader(io.BytesIO(made))
    assert reader.is_encrypted
    assert not reader.decrypt("another password")
    assert reader.decrypt(PASSWORD.reveal().decode())
    assert len(reader.pages) == 2
    text = [page.extract_text() for page in reader.pages]
    assert [sum(page.count(code) for page in text) for code in codes] == [1] * len(codes)
    assert text[1].count("中秋月饼提货券") == 1
    assert any("/FontFile2" in str(one.get_object()) for one in _objects(reader))


def test_a_sample_has_no_real_code():
    real = piece("REAL-REAL-REAL-REAL-REAL-REAL")
    for layout in LAYOUTS.values():
        reader = PdfReader(io.BytesIO(sample_of(shipped(layout), real, PASSWORD).reveal()))
        assert reader.decrypt(PASSWORD.reveal().decode())
        text = "".join(page.extract_text() for page in reader.pages)
        assert "REAL" not in text
        assert text.count("SAMP-LE00-SAMP-LE00-SAMP-LE00") == layout.on_a_page
        assert "样张" in text


def _objects(reader: PdfReader) -> Iterator[Any]:
    for number in range(1, len(reader.xref[0]) + 1 if reader.xref else 0):
        yield reader.get_object(number)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_shipped_sheet_has_nothing_to_warn_of(layout):
    """S3-23, S3-24."""
    design = shipped(layout)
    modules = len(modules_of(SAMPLE_URL, design.error_level))
    assert warnings_of(design, {**TEXTS, Part.CODE: SAMPLE_CODE}, modules) == []


@pytest.mark.parametrize(
    ("part", "place", "fault"),
    [
        (Part.QR, Place(49, 3, 14.9, 14.9), Fault.QR_SMALL),
        (Part.QR, Place(49, 3, 22, 22), Fault.OUTSIDE),
        (Part.TITLE, Place(3, 3, 47, 3.6), Fault.QR_COVERED),
        (Part.TITLE, Place(3, 3, 10, 3.6), Fault.TOO_LONG),
        (Part.RUN, Place(3, 36, 30, 2), Fault.OUTSIDE),
    ],
)
def test_what_is_wrong_with_a_sheet_is_told_before_it_is_printed(part, place, fault):
    design = shipped(LAYOUTS["a4-3x8"])
    moved = dataclasses.replace(design, places={**design.places, part: place})
    told = warnings_of(moved, {**TEXTS, Part.CODE: SAMPLE_CODE}, 45)
    assert [(one.fault, one.part) for one in told] == [(fault, part)]


def test_a_faint_colour_and_a_fine_code_are_told():
    design = shipped(LAYOUTS["a4-3x8"])
    faint = dataclasses.replace(design, text_colour="#999999")
    assert [one.fault for one in warnings_of(faint, {}, 45)] == [Fault.CONTRAST]
    assert [one.fault for one in warnings_of(design, {}, 77)] == [Fault.QR_FINE]


def test_nothing_stands_where_its_size_is_none():
    design = shipped(LAYOUTS["single"])
    without = {**design.places, Part.TITLE: Place(0, 0, 0, 0)}
    made = sheets_of(dataclasses.replace(design, places=without), [piece()], PASSWORD).reveal()
    reader = PdfReader(io.BytesIO(made))
    reader.decrypt(PASSWORD.reveal().decode())
    text = reader.pages[0].extract_text()
    assert "中秋月饼提货券" not in text
    assert "上海旗舰店" in text
