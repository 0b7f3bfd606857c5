"""A list as Parquet says what it says as CSV, in types of its own, and is never held whole."""

import csv
import datetime as dt
import io
import json
from typing import Any, cast

import pytest
import trio

from host.model.catalogue import ColumnTold, Look, ViewTold
from host.model.office import Page, Refused, Show
from host.model.secrets import Secret
from host.office.catalogue import read_catalogue
from host.office.looking import read_view
from host.office.tables import VIEWS
from switch.web import parquet
from switch.web.desk import Desk
from switch.web.exported import ExportBrokenError
from terminals.web import cells, links
from tests.host.office.conftest import Bureau
from tests.switch.web.conftest import Open
from tests.switch.web.test_pages import _as as as_person

pa = pytest.importorskip("pyarrow", reason="requirements/parquet.txt is not installed")
pq = pytest.importorskip("pyarrow.parquet")
ASKED = Show(session=Secret(b"x"), view="loads", filters={})
VIEW = ViewTold(
    id="loads",
    en="Loads",
    zh="充值",
    columns=[
        ColumnTold(name="id", en="id", zh="编号", kind="whole"),
        ColumnTold(name="amount_minor", en="amount", zh="金额", kind="whole"),
        ColumnTold(name="name", en="name", zh="名称"),
        ColumnTold(name="at", en="at", zh="时间", kind="moment"),
        ColumnTold(name="day", en="day", zh="日", kind="day"),
        ColumnTold(name="is_open", en="open", zh="未结", kind="yes_no"),
        ColumnTold(name="more", en="more", zh="更多"),
    ],
    filters=[],
)
COLUMNS = [one.name for one in VIEW.columns]
TOO_BIG_FOR_A_FLOAT = 2**53 + 1


def row(number: int) -> list[Any]:
    moment = dt.datetime(2026, 11, 22, 23, 59, 59, 999_999, dt.UTC) + dt.timedelta(hours=number)
    return [
        number, TOO_BIG_FOR_A_FLOAT - number, "=1+1" if number % 2 else None, moment.isoformat(),
        None if number % 3 else "2026-02-28", number % 2 == 0, {"a": [number, "茶"]},
    ]  # fmt: skip


class Pages:
    """A desk that has a list of so many rows, page by page."""

    def __init__(self, rows: int, page_rows: int = 50, breaks_at: int | None = None) -> None:
        self.rows, self.page_rows, self.breaks_at = rows, page_rows, breaks_at

    def page(self, start: int) -> Page:
        end = min(start + self.page_rows, self.rows)
        following = [str(end)] if end < self.rows else []
        return Page(columns=COLUMNS, rows=[row(each) for each in range(start, end)], next=following)

    async def ask(self, asked: Show) -> Page | Refused:
        start = int(asked.after[0])
        if self.breaks_at is not None and start >= self.breaks_at:
            return Refused(code="E-SIGNED-OUT", en="", zh="")
        return self.page(start)


def pieces_of(desk: Pages, rows_max: int = 10**6) -> list[bytes]:
    async def gathered() -> list[bytes]:
        told = parquet.groups_of(cast("Desk", desk), VIEW, desk.page(0), ASKED, rows_max)
        return [piece async for piece in told]

    return trio.run(gathered)


def read(pieces: list[bytes]) -> Any:
    return pq.ParquetFile(io.BytesIO(b"".join(pieces)))


def test_every_value_comes_back_as_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """S2-58: no amount is a float, and nothing is read as a formula."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    file = read(pieces_of(Pages(230)))
    assert [file.schema_arrow.field(name).type for name in COLUMNS] == [
        pa.int64(), pa.int64(), pa.string(), pa.timestamp("us", tz="UTC"), pa.date32(), pa.bool_(),
        pa.string(),
    ]  # fmt: skip
    assert file.schema_arrow.field("amount_minor").metadata == {
        b"en": b"amount",
        b"zh": "金额".encode(),
    }
    assert [file.metadata.row_group(at).num_rows for at in range(3)] == [100, 100, 30]
    assert file.metadata.metadata[parquet.CUT] == b"false"
    for number, found in enumerate(file.read().to_pylist()):
        told = row(number)
        assert [found[name] for name in COLUMNS] == [
            *told[:3], dt.datetime.fromisoformat(told[3]),
            told[4] and dt.date.fromisoformat(told[4]), told[5],
            f'{{"a": [{number}, "茶"]}}',
        ]  # fmt: skip


def test_a_list_that_is_cut_says_so_and_an_empty_one_has_its_columns() -> None:
    """S2-58."""
    file = read(pieces_of(Pages(300), rows_max=120))
    assert (file.metadata.num_rows, file.metadata.metadata[parquet.CUT]) == (120, b"true")
    file = read(pieces_of(Pages(120), rows_max=120))
    assert (file.metadata.num_rows, file.metadata.metadata[parquet.CUT]) == (120, b"false")
    assert read(pieces_of(Pages(0))).schema_arrow.names == COLUMNS


def test_a_list_that_breaks_off_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """S2-58: what came of it opens nowhere."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 50)
    found: list[bytes] = []

    async def keeping() -> None:
        desk = Pages(300, breaks_at=200)
        async for piece in parquet.groups_of(cast("Desk", desk), VIEW, desk.page(0), ASKED, 10**6):
            found.append(piece)  # noqa: PERF401 - what came before the end is kept

    with pytest.raises(ExportBrokenError):
        trio.run(keeping)
    assert len(found) == 4
    with pytest.raises(pa.ArrowInvalid):
        read(found)


def test_no_more_is_held_than_a_row_group() -> None:
    """S2-58: what leaves is let go of."""
    view = ViewTold(id="x", en="x", zh="x", columns=VIEW.columns[:2], filters=[])
    writing = parquet.Writing(view, COLUMNS[:2])
    before = pa.total_allocated_bytes()
    sizes = [
        len(writing.add([[each, start] for each in range(start, start + 10_000)]))
        for start in range(0, 500_000, 10_000)
    ]
    held = pa.total_allocated_bytes() - before
    writing.end(is_cut=False)
    assert sum(sizes) > 2_000_000
    assert held < 1_000_000


def test_every_column_of_every_view_has_a_type_and_amounts_are_whole(bureau: Bureau) -> None:
    """S2-58: by what its row says it is."""
    told = read_catalogue(bureau.office, bureau.connection, Look(session=bureau.admin.session))
    assert not isinstance(told, Refused)
    for view in told.views:
        shown = Show(session=bureau.admin.session, view=view.id, filters={})
        page = read_view(bureau.office, bureau.connection, shown)
        columns = [one.name for one in view.columns]
        writing = parquet.Writing(view, page.columns if isinstance(page, Page) else columns)
        if isinstance(page, Page) and page.rows:
            writing.add(page.rows)
        for field in writing.schema:
            assert not pa.types.is_floating(field.type), (view.id, field.name)
            if field.name.endswith("_minor"):
                assert field.type == pa.int64(), (view.id, field.name)


@pytest.mark.parametrize(
    "view", ["merchants", "audit", "people", "grants", "settings", "business_days"]
)
def test_the_file_has_what_the_csv_of_the_same_list_has(
    front: Open, bureau: Bureau, view: str
) -> None:
    """S2-58: row by row, cell by cell, as a page says it."""
    browser = as_person(front, bureau.admin)
    page = browser.get(f"/show/{view}").text
    assert f'href="/parquet/{view}' in page
    lines = list(csv.reader(io.StringIO(browser.get(f"/export/{view}").text.lstrip("\ufeff"))))
    answer = browser.get(f"/parquet/{view}")
    assert answer.headers["content-type"] == parquet.MEDIA_TYPE
    assert answer.headers["content-disposition"] == f'attachment; filename="{view}.parquet"'
    table = pq.read_table(io.BytesIO(answer.content))
    heads = [field.metadata[b"zh"].decode() for field in table.schema]
    assert [head.removesuffix(" (CNY)") for head in lines[0]] == heads
    rows = table.to_pylist()
    assert rows
    assert len(rows) == len(lines) - 1
    kinds = {one.name: one.kind for one in VIEWS[view].columns}
    for found, line in zip(rows, lines[1:], strict=True):
        for (name, value), text in zip(found.items(), line, strict=True):
            assert as_shown(kinds[name], name, value, found.get("unit")) == text.removeprefix("'")


def as_shown(kind: type, name: str, value: Any, unit: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is not None and kind in {list, dict}:
        value = json.loads(value)
    return cells.reckoned(name, value, "zh", unit)


def test_it_is_offered_where_it_is_installed_alone(
    front: Open, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_person(front, bureau.admin)
    monkeypatch.setattr(links, "HAS_PARQUET", False)
    page = browser.get("/show/merchants").text
    assert "/export/merchants" in page
    assert "/parquet/" not in page
    assert browser.get("/parquet/merchants").status_code == 404
