"""A report says the same in every format, and what the ledger says."""

import base64
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.run import run_clearing
from host.model.money import Money
from host.model.office import Done, Refused
from host.office.report_pages import html_page
from host.office.reports import DAY as SECTIONS
from host.office.reports import REPORTS, Section
from tests.host.conftest import NOW, CardPool, Till, audit_ledger
from tests.host.office.conftest import Bureau, Person, opened_bureau
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


@pytest.fixture
def bureau(till: Till) -> Iterator[Bureau]:
    """On the database that the till trades with."""
    yield from opened_bureau(till.dsns)


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
    html, content = Tables(), html_page(sections, DAY, NOW, "en")
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
    assert shared_bureau.refused(owner, "report.run", **asked) == "E-NOT-YOUR-ROLE"
    assert isinstance(shared_bureau.do(finance, "session.sign_out"), Done)
    assert set(REPORTS) == {"day", "statement"}
