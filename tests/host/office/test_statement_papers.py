"""A statement on paper, in a workbook and for programs has the same figures, those of the night."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
import trio
from pypdf import PdfReader
from pypdf.generic import ContentStream

from clearing.run import run_clearing
from host.model.money import Money
from host.office.report_books import EXACT_MAX, xlsx_of
from host.office.report_papers import pdf_of
from host.office.reports import STATEMENT, Section, is_amount
from host.office.rows.reports import PRINT
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_clearing import DAY

ASKED = {"date": DAY.isoformat(), "number": 1}
NUMBER = f"{DAY:%Y%m%d}-1"
AMOUNTS = (12_300, 45, 12_345)
BOLD = "<b>=1+1"
PAGE = {"en": "page {} of {}", "zh": "第 {} 页，共 {} 页"}
BLUE = [round(int(part, 16) / 255, 6) for part in ("2f", "6f", "de")]


@pytest.fixture
async def cleared(till: Till, pool: CardPool, office: Bureau, tmp_path: Path) -> Bureau:
    """Sales at one merchant, and their night."""
    for amount in AMOUNTS:
        await till.buy(pool.city(), amount)

    def clear() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            run_clearing(night, tmp_path, DAY)

    await trio.to_thread.run_sync(clear)
    return office


def made(office: Bureau, who: Person, form: str, **more: str) -> bytes:
    told = office.done(who, PRINT, **ASKED, format=form, **more)
    return base64.b64decode(told.shown_once["content"])


def text_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def has_row(text: str, cells: Sequence[str]) -> bool:
    """Whether the cells stand one after the other."""
    return re.search(r"\s*".join(map(re.escape, cells)), text) is not None


def bars_in(pdf: bytes) -> int:
    """How many boxes the colour of a chart fills."""
    reader, bars = PdfReader(io.BytesIO(pdf)), 0
    for page in reader.pages:
        colour: list[float] = []
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator == b"rg":
                colour = [float(one) for one in operands]
            bars += operator == b"re" and colour == pytest.approx(BLUE, abs=1e-3)
    return bars


def assert_same(sheet: Any, section: dict[str, Any]) -> None:
    """A sheet has the section's figures: amounts with two decimals, names and ids as text."""
    heads, *rows = sheet.iter_rows()
    has_units = any("unit" in row for row in section["rows"])
    assert len(heads) == len(section["columns"]) + has_units
    assert len(rows) == len(section["rows"])
    for cells, told in zip(rows, section["rows"], strict=True):
        for cell, column in zip(cells, section["columns"], strict=False):
            value, unit = told[column], told.get("unit", "")
            if not isinstance(value, int):
                assert cell.data_type == "s"
            elif is_amount(column) and unit and not Money(value, unit).is_counted:
                assert cell.number_format == "#,##0.00"
                assert round(Decimal(str(cell.value)) * 100) == value
            else:
                assert (cell.value, cell.number_format) == (value, "#,##0")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_paper_workbook_and_program_are_told_the_same_twice_over(
    cleared: Bureau, till: Till, language: str
) -> None:
    """S3-28, S3-29: read back, cell by cell; made again, it is the same bytes."""
    owner = cleared.person("merchant_owner", "merchant", MERCHANT_OF[till.terminal_id])
    issuer = cleared.person("issuer_manager")
    told = json.loads(made(cleared, owner, "json", language=language))
    assert (told["business_date"], told["settlement"]) == (DAY.isoformat(), NUMBER)
    sections = told["sections"]
    figures = {row["report_figure"]: row["amount_minor"] for row in sections["figures"]["rows"]}
    assert figures["turnover_minor"] == figures["payable_minor"] == sum(AMOUNTS)
    assert figures["transactions"] == len(AMOUNTS)
    for name in ("sold", "stores"):
        rows = [row for row in sections[name]["rows"] if row["unit"] == "CNY"]
        assert sum(row["net_minor"] for row in rows) == figures["payable_minor"], name
    numbers = [row["number"] for row in sections["parties"]["rows"]]
    assert numbers[0] == MERCHANT_OF[till.terminal_id]

    pdf = made(cleared, owner, "pdf", language=language)
    [page] = text_of(pdf)
    for name, section in sections.items():
        for cells in section["shown"]:
            assert has_row(page, cells), (name, cells)
    assert PAGE[language].format(1, 1) in page
    assert DAY.isoformat() in page
    assert bars_in(pdf) == 1
    assert b"/FontFile2" in pdf

    xlsx = made(cleared, owner, "xlsx", language=language)
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    for sheet, section in zip(book.worksheets, sections.values(), strict=True):
        assert_same(sheet, section)

    for form, first in (("pdf", pdf), ("xlsx", xlsx)):
        assert made(cleared, issuer, form, language=language) == first, form


async def test_it_is_made_for_its_own_two_and_the_platform_alone(
    cleared: Bureau, till: Till
) -> None:
    """S3-28."""
    assert made(cleared, cleared.person("finance"), "json")
    others = {*MERCHANT_OF.values()} - {MERCHANT_OF[till.terminal_id]}
    stranger = cleared.person("merchant_owner", "merchant", min(others))
    assert cleared.refused(stranger, PRINT, **ASKED) == "E-NOT-FOUND"
    assert cleared.refused(cleared.person("store_manager"), PRINT, **ASKED) == "E-NOT-YOUR-ROLE"


def long_report(stores: int) -> list[Section]:
    rows: list[dict[str, Any]] = [
        {
            "store": f"{number:04d}", "kind": "purchase", "transactions": number,
            "net_minor": -number if number % 2 else EXACT_MAX + number, "merchant_fee_minor": 0,
            "unit": "CNY",
        }
        for number in range(stores)
    ]  # fmt: skip
    named: list[dict[str, Any]] = [{"side": "merchant", "number": "0" * 15, "name": BOLD}]
    told: dict[str, list[dict[str, Any]]] = {"stores": rows, "parties": named}
    return [Section(row=row, rows=told.get(row.name, [])) for row in STATEMENT]


def test_a_long_one_goes_on_under_its_heads_and_every_page_says_how_many_there_are() -> None:
    sections = long_report(150)
    pages = text_of(pdf_of("Settlement statement", sections, DAY, "en"))
    assert len(pages) == 4
    [stores] = [section for section in sections if section.row.name == "stores"]
    for number, page in enumerate(pages, 1):
        assert f"page {number} of 4" in page
    for page in pages[1:]:
        assert has_row(page, stores.heads("en"))
    on = [
        [number for number, page in enumerate(pages) if has_row(page, cells)]
        for cells in stores.cells("en")
    ]
    assert all(len(pages_of) == 1 for pages_of in on)
    assert on == sorted(on)


def test_what_would_be_a_formula_or_a_number_that_a_sheet_cannot_keep_is_text() -> None:
    content = xlsx_of("Settlement statement", long_report(4), DAY, "en")
    book = openpyxl.load_workbook(io.BytesIO(content))
    parties, stores = book.worksheets[0], book.worksheets[3]
    assert [(cell.value, cell.data_type) for cell in parties[2]][1:] == [
        ("0" * 15, "s"),
        (BOLD, "s"),
    ]
    assert [stores.cell(row, 4).value for row in (2, 3, 5)] == [
        str(Money(EXACT_MAX, "CNY")),
        -0.01,
        -0.03,
    ]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert {one.date_time[0] for one in packed.infolist()} == {1980}
        assert DAY.isoformat().encode() in packed.read("docProps/core.xml")
