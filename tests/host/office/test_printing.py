"""Sheets: what is printed is what was meant, Chinese too, cut where the marks are."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from host.model.secrets import Secret
from host.model.voucher_codes import grouped
from host.office.printing import (
    A4_MM,
    LAYOUTS,
    PADDING_MM,
    QR_MM_MIN,
    Piece,
    sample_of,
    sheets_of,
)
from host.stock.voucher_codes import new_voucher_codes

PASSWORD = Secret(b"a long password")


def piece(number: str = "0C4F-0C4F-0C4F-0C4F-0C4F-0C4F") -> Piece:
    return Piece(
        title="中秋月饼提货券",
        worth="200.00 CNY",
        number=number,
        valid="2026-12-01 至 2027-12-01",
        url="https://shop.example/v/" + "x" * 60,
    )


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_fits_its_page_and_its_qr_codes_are_large_enough(layout):
    assert layout.columns * layout.width_mm <= A4_MM[0]
    assert layout.rows * layout.height_mm <= A4_MM[1]
    assert QR_MM_MIN <= layout.qr_mm <= layout.height_mm - 2 * PADDING_MM - 6 - 4
    corners = {layout.corner(place) for place in range(layout.on_a_page)}
    assert len(corners) == layout.on_a_page
    assert min(x for x, _ in corners) >= 0
    assert max(y for _, y in corners) + layout.height_mm <= A4_MM[1]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_each_code_is_on_a_sheet_once_under_the_password_with_its_font_embedded(layout):
    """S3-23."""
    codes = [grouped(code.reveal()) for code in new_voucher_codes(layout.on_a_page + 1)]
    made = sheets_of(layout, map(piece, codes), PASSWORD).reveal()
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
        reader = PdfReader(io.BytesIO(sample_of(layout, real, PASSWORD).reveal()))
        assert reader.decrypt(PASSWORD.reveal().decode())
        text = "".join(page.extract_text() for page in reader.pages)
        assert "REAL" not in text
        assert text.count("SAMP-LE00-SAMP-LE00-SAMP-LE00") == layout.on_a_page
        assert "样张" in text


def _objects(reader: PdfReader) -> Iterator[Any]:
    for number in range(1, len(reader.xref[0]) + 1 if reader.xref else 0):
        yield reader.get_object(number)
