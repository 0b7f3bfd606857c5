"""A report says the same in every format, and what the ledger says."""

import base64
import csv
import io
import json
import re
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import psycopg
import pypdf
import pytest
import trio

from clearing.run import run_clearing
from host.model.money import Money
from host.model.office import Done, Refused
from host.office.report_bars import bars_of
from host.office.report_books import report_csv
from host.office.report_pages import html_page
from host.office.reports import DAY as SECTIONS
from host.office.reports import REPORTS, Period, Section, Told, TooMuchError, cell_text, read_report
from tests.host.conftest import MERCHANT_OF, NOW, CardPool, Till, audit_ledger
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_clearing import CASE, DAY

AMOUNTS = (1_000, 2_000, 30_000)


class Tables(HTMLParser):
    """The cells of every table, by the section around it, and what a file may not have."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: set[str] = set()
        self.charts: dict[str, int] = {}
        self.links: list[str] = []
        self._section, self._is_cell = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.links += [f"{name}={value}" for name, value in attrs if name in {"src", "href"}]
        if tag == "section":
            self._section = told["id"] or ""
            self.tables[self._section] = []
        if tag == "tr":
            self.tables[self._section].append([])
        if tag == "rect":
            self.charts[self._section] = self.charts.get(self._section, 0) + 1
        self._is_cell = tag in {"td", "th"}
        if self._is_cell:
            self.tables[self._section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.tables[self._section][-1][-1] += data


def page(bureau: Bureau, who: Person, form: str, **more: str) -> str:
    asked = {"report": "day", "date": DAY.isoformat(), "format": form, **more}
    told = bureau.done(who, "report.run", **asked)
    return base64.b64decode(told.shown_once["content"]).decode()


def clear(till: Till, files: Path) -> None:
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        run_clearing(night, files, DAY, who="zhang")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_format_has_the_same_figures_and_they_are_the_ledgers(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path, language: str
) -> None:
    """S3-22: the HTML is parsed, cell by cell."""
    for amount in AMOUNTS:
        await till.buy(pool.city(), amount)
    person = bureau.person("finance")
    await trio.to_thread.run_sync(clear, till, tmp_path)
    bureau.sql(CASE, "totals_differ")  # by hand, so it goes again before the audit
    bureau.sql("UPDATE exception_case SET opened_at = %s", bureau.now)
    html, told = Tables(), json.loads(page(bureau, person, "json", language=language))
    html.feed(page(bureau, person, "html", language=language))
    text = page(bureau, person, "text", language=language)
    sections = told["sections"]
    assert list(sections) == list(html.tables) == [section.name for section in SECTIONS]
    for name, section in sections.items():
        heads, *cells = html.tables[name] or [[]]
        assert cells == section["shown"], name
        assert len(heads) == (len(section["columns"]) if cells else 0)
        for row in section["shown"]:
            line = r"\s+".join(map(re.escape, row))
            assert re.search(rf"(?m)^  \s*{line}$", text), row
    changes = {row["report_figure"]: row for row in sections["changes"]["rows"]}
    assert changes["transactions"]["today_minor"] == len(AMOUNTS)
    net = changes["net_minor"]
    assert (net["today_minor"], net["before_minor"], net["change_minor"]) == (
        sum(AMOUNTS), 0, sum(AMOUNTS),
    )  # fmt: skip
    [kind] = [row for row in sections["kinds"]["rows"] if row["unit"] == "CNY"]
    assert (kind["kind"], kind["net_minor"]) == ("purchase", sum(AMOUNTS))
    assert str(Money(sum(AMOUNTS), "CNY")) in text
    [unsettled] = sections["unsettled"]["rows"][-1:]
    assert (unsettled["day_state"], unsettled["payable_minor"]) == ("files_out", sum(AMOUNTS))
    assert [row["cases"] for row in sections["exceptions"]["rows"]] == [1, 0, 0, 0]
    owed = sum(row["outstanding_minor"] for row in sections["liability"]["rows"])
    assert bureau.sql("SELECT sum(posted_minor)::bigint FROM purse") == [(owed,)]
    assert html.charts["kinds"] == 1
    assert html.charts["liability"] >= 1
    bureau.sql("DELETE FROM exception_case")
    audit_ledger(till.dsns)


def test_the_file_needs_nothing_else_and_hides_what_would_be_markup() -> None:
    """S3-22: no script, no link, nothing from elsewhere; bars are of one unit."""
    rows = [
        {"issuer": "<b>&", "month": "2027-01", "cards": 2, "outstanding_minor": 300, "unit": "CNY"},
        {"issuer": "7", "month": "2027-02", "cards": 1, "outstanding_minor": -30, "unit": "CNY"},
        {"issuer": "7", "month": "2027-02", "cards": 1, "outstanding_minor": 9, "unit": "P:CITY"},
    ]
    sections = [Section(row=row, rows=rows if row.name == "liability" else []) for row in SECTIONS]
    html, content = Tables(), html_page("The day", sections, NOW, "en")
    html.feed(content)
    assert html.links == []
    assert not html.tags & {"script", "link", "img", "iframe", "object", "b"}
    assert not re.search(r"https?:|@import|url\(", content)
    assert html.tables["liability"][1] == ["<b>&", "2027-01", "2", "3.00 CNY"]
    assert html.charts == {"liability": 2}


def test_nothing_is_told_of_a_date_that_had_nothing_nor_to_who_may_not_see_it(
    shared_bureau: Bureau,
) -> None:
    finance = shared_bureau.person("finance")
    asked: dict[str, Any] = {"report": "day", "date": "2020-01-01"}
    told = shared_bureau.do(finance, "report.run", **asked)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "date")
    owner = shared_bureau.person("merchant_owner")
    of_all = shared_bureau.do(owner, "report.run", **asked)
    assert isinstance(of_all, Refused)
    assert (of_all.code, "Merchant owner" in of_all.en) == ("E-NOT-YOUR-ROLE", True), of_all.en
    clerk = shared_bureau.person("store_clerk")
    assert shared_bureau.refused(clerk, "report.run", **asked) == "E-NOT-YOUR-ROLE"
    assert isinstance(shared_bureau.do(finance, "session.sign_out"), Done)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_six_formats_of_one_report_have_the_same_cells(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path, language: str
) -> None:
    """S3-22, S3-29, S3-32: by readers that are not ours; amounts are numbers where numbers are."""
    for amount in AMOUNTS:
        await till.buy(pool.city(), amount)
    person = bureau.person("finance")
    await trio.to_thread.run_sync(clear, till, tmp_path)
    for report in ("changes", "unsettled", "liability", "spending"):
        made = {
            form: content(bureau, person, form, report=report, language=language)
            for form in ("text", "json", "csv", "html", "pdf", "xlsx")
        }
        told = json.loads(made["json"])["sections"]
        html = Tables()
        html.feed(made["html"].decode())
        book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
        pages = pypdf.PdfReader(io.BytesIO(made["pdf"])).pages
        letters = re.sub(r"\s", "", "".join(one.extract_text() for one in pages))
        lines = list(csv.reader(io.StringIO(made["csv"].decode("utf-8-sig"), newline="")))
        for (name, section), sheet in zip(told.items(), book, strict=True):
            assert section["shown"] or name == "redeemed", name
            assert (html.tables[name] or [[]])[1:] == section["shown"]
            for row in section["shown"]:
                line = r"\s+".join(map(re.escape, row))
                assert re.search(rf"(?m)^  \s*{line}$", made["text"].decode()), row
                assert all(re.sub(r"\s", "", cell) in letters for cell in row), row
            wanted = figures(section)
            count = len(section["columns"])
            of_book = [
                ["" if cell is None else str(cell) for cell in row[:count]]
                for row in sheet.iter_rows(min_row=2, values_only=True)
            ]
            [at] = [
                place + 2
                for place, line in enumerate(lines)
                if len(line) == 1 and line[0].startswith(sheet.title)
            ]
            for rows in (of_book, [row[:count] for row in lines[at : at + len(wanted)]]):
                assert [[same(cell) for cell in row] for row in rows] == wanted
    spent = json.loads(content(bureau, person, "json", report="spending"))["sections"]["spent"]
    assert [
        (row["transactions"], row["net_minor"], row["mean_minor"]) for row in spent["rows"]
    ] == [(len(AMOUNTS), sum(AMOUNTS), sum(AMOUNTS) // len(AMOUNTS))]


def content(bureau: Bureau, who: Person, form: str, **more: Any) -> bytes:
    asked = {"report": "day", "date": DAY.isoformat(), "format": form, **more}
    told = bureau.done(who, "report.run", **asked)
    return base64.b64decode(told.shown_once["content"])


def figures(section: dict[str, Any]) -> list[list[str]]:
    """What cells say as numbers, of what JSON has as it is."""
    return [
        [
            figure(row, column, shown)
            for column, shown in zip(section["columns"], cells, strict=True)
        ]
        for row, cells in zip(section["rows"], section["shown"], strict=True)
    ]


def figure(row: dict[str, Any], column: str, shown: str) -> str:
    """Of money with its two decimals, of what is counted the count."""
    value = row[column]
    if not isinstance(value, int):
        return same(shown)
    is_money = column.endswith("_minor") or column == "fee_income"
    is_money = is_money and bool(row.get("unit")) and ":" not in row["unit"]
    return same(str(Decimal(value).scaleb(-2) if is_money else value))


def same(cell: str) -> str:
    """A number without what follows its last figure."""
    try:
        return f"{Decimal(cell):.2f}"
    except InvalidOperation:
        return cell


async def test_a_store_has_what_it_took_itself_and_nothing_of_others(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    """S3-31, S3-32, S3-29: nor does a merchant see another, nor the house's own reports."""
    await till.buy(pool.city(), 12_300)
    shop = MERCHANT_OF[till.terminal_id]
    [(store,)] = bureau.sql(
        "SELECT store_id FROM terminal WHERE terminal_id = %s", till.terminal_id
    )
    other = min({*MERCHANT_OF.values()} - {shop})
    [(elsewhere,)] = bureau.sql(
        "SELECT min(s.id) FROM store AS s JOIN merchant AS m ON m.id = s.merchant_id"
        " WHERE m.merchant_id = %s", other,
    )  # fmt: skip
    await trio.to_thread.run_sync(clear, till, tmp_path)
    owner = bureau.person("merchant_owner", "merchant", shop)
    keeper = bureau.person("store_manager", "store", str(store))
    stranger = bureau.person("store_manager", "store", str(elsewhere))
    wanted = [{"merchant": shop, "store": str(store), "kind": "purchase", "transactions": 1,
               "net_minor": 12_300, "mean_minor": 12_300, "unit": "CNY"}]  # fmt: skip
    seen = ((owner, {"merchant": shop}), (owner, {"store": store}), (keeper, {"store": store}))
    for who, named in seen:
        told = json.loads(content(bureau, who, "json", report="spending", **named))
        assert told["sections"]["spent"]["rows"] == wanted
    asked: dict[str, Any] = {"report": "spending", "date": DAY.isoformat()}
    nothing = bureau.do(stranger, "report.run", **asked, store=elsewhere)
    assert isinstance(nothing, Refused)
    assert "nothing of that date" in nothing.en
    for who, named in (
        (stranger, {"store": store}), (keeper, {"merchant": shop}), (owner, {"merchant": other}),
        (owner, {}), (keeper, {}), (owner, {"report": "day", "merchant": shop}),
        (keeper, {"report": "liability", "store": store}),
    ):  # fmt: skip
        assert isinstance(bureau.do(who, "report.run", **asked | named), Refused), named


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"report": "spending", "since": "2020-01-01"}, "E-PERIOD"),
        ({"report": "day", "since": "2026-11-21"}, "E-PERIOD"),
        ({"report": "fee_income", "since": "2026-11-23"}, "E-FIELD"),
    ],
)
def test_a_period_that_is_too_long_or_none_is_refused(
    shared_bureau: Bureau, values: dict[str, str], code: str
) -> None:
    finance = shared_bureau.person("finance")
    asked: dict[str, Any] = {"date": "2026-11-22", **values}
    assert shared_bureau.refused(finance, "report.run", **asked) == code


def test_a_report_that_is_read_whole_is_never_cut(
    shared_bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = msgspec.structs.replace(REPORTS["exceptions"], rows_max=3)
    told = Told(period=Period(first=DAY, last=DAY), now=NOW)
    monkeypatch.setattr("host.office.reports.REPORTS", {"exceptions": row})
    with pytest.raises(TooMuchError):
        read_report(shared_bureau.connection, "exceptions", told)


@pytest.mark.parametrize(
    ("unit", "english", "chinese"),
    [
        ("CNY", "1,500.00 CNY", "1,500.00 CNY"),
        ("P:CITY", "150,000 points CITY", "150,000 积分 CITY"),
        ("G:", "150,000 goods or entries", "150,000 件次"),
        ("S:", "150,000 stamps", "150,000 印花"),
    ],
)
def test_what_an_amount_is_in_is_told_in_the_language_of_the_report(
    unit: str, english: str, chinese: str
) -> None:
    row = {"kind": "redemption", "net_minor": 150_000, "unit": unit}
    for language, told in (("en", english), ("zh", chinese)):
        assert cell_text(row["net_minor"], "net_minor", row, language) == told
        section = Section(row=REPORTS["spending"].sections[0], rows=[_spent(1, unit)])
        lines = report_csv([section], language).reveal().decode("utf-8-sig").splitlines()
        assert lines[2].rsplit(",", 1)[1] == told.partition(" ")[2]


def test_bars_of_what_stores_took_say_which_store() -> None:
    section = Section(row=REPORTS["spending"].sections[0], rows=[_spent(1), _spent(2)])
    assert [bar.label for bar in bars_of(section, "en")] == ["1 purchase", "2 purchase"]


def _spent(store: int, unit: str = "CNY") -> dict[str, Any]:
    told = {"merchant": "888290054110001", "store": str(store), "kind": "purchase", "unit": unit}
    return told | {"transactions": 2, "net_minor": 150_000, "mean_minor": 75_000}
