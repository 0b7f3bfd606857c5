"""A party's file in another form says what the CSV says, read by programs that are not ours."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from clearing.files import csv_line
from clearing.fixed import BLANK, BY_NAME, RIGHT, ZERO, Width
from clearing.forms import FORMS, make_form, name_in
from clearing.handout import MANIFEST, manifest_of
from clearing.layout import LAYOUT, Total
from clearing.night import ClearingError
from clearing.run import Summary, run_clearing
from host.office.tables import ACTIONS
from tests.commands import run_command

FILE = "merchant-888290054110001.csv"
LONG = "X" * 80
NOTHING = dict.fromkeys(LAYOUT.header, "")


@pytest.fixture(scope="module")
def cleared(
    module_day: Any, module_database: Any, tmp_path_factory: pytest.TempPathFactory
) -> Summary:
    assert module_day.date
    with psycopg.connect(module_database.night) as night:
        return run_clearing(night, tmp_path_factory.mktemp("files"))


def _as_documented() -> dict[str, list[tuple[str, int, int, str]]]:
    """The places of columns as docs/files.md tells them: its tables, and nothing of the code."""
    text = Path("docs/files.md").read_text("utf-8")
    layouts = {}
    for name in ("detail", "summary"):
        block = text.split(f"<!-- written: files.fixed_{name} -->")[1].split("<!-- end -->")[0]
        rows = [line.strip("| ").split(" | ") for line in block.strip().splitlines()[2:]]
        layouts[name] = [_place(*row) for row in rows]
    return layouts


def _place(
    column: str, places: str, _characters: str, _side: str, filler: str
) -> tuple[str, int, int, str]:
    first, last = map(int, places.split("-"))
    return column.strip("`"), first, last, filler


def _read(record: str, layout: list[tuple[str, int, int, str]]) -> dict[str, str]:
    """As somebody reads it who has the document alone."""
    read = {}
    for name, first, last, filler in layout:
        text = record[first - 1 : last].strip(" ")
        read[name] = (text.lstrip("0") or "0") if text and filler == "zeros" else text
    return read


def _csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


@pytest.mark.parametrize(("form", "layout"), [("fixed", "detail"), ("fixed_summary", "summary")])
def test_a_file_in_fixed_width_is_read_back_by_its_document_alone(
    cleared: Summary, tmp_path: Path, form: str, layout: str
) -> None:
    """S4-79, S3-29: each record as long as the others, each value as the CSV has it."""
    documented = _as_documented()[layout]
    for file in cleared.files:
        source = cleared.files_dir / file.name
        target = tmp_path / name_in(FORMS[form], file.name)
        made = make_form(FORMS[form], source, target)
        content = target.read_bytes()
        assert made.size_bytes == len(content)
        records = content.decode("ascii").split("\r\n")
        assert records.pop() == ""
        assert {len(record) for record in records} == {documented[-1][2]}
        wanted = [
            {name: row[name] for name, *_ in documented}
            for row in _csv(source)
            if layout == "detail" or row["record"] != "DETAIL"
        ]
        assert [_read(record, documented) for record in records] == wanted
        assert wanted[-1]["record"] == "END"


def test_a_workbook_has_what_moved_and_what_it_comes_to_with_amounts_as_numbers(
    cleared: Summary, tmp_path: Path
) -> None:
    source, target = cleared.files_dir / FILE, tmp_path / "m.xlsx"
    make_form(FORMS["xlsx"], source, target)
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["detail", "summary"]
    rows = [
        dict(zip(LAYOUT.header, row, strict=True))
        for sheet in book
        for row in sheet.iter_rows(min_row=2, values_only=True)
    ]
    wanted = _csv(source)
    assert len(rows) == len(wanted) == 10
    for row, told in zip(rows, wanted, strict=True):
        for name, text in told.items():
            cell = row[name]
            if text and name in {"amount", "fee", "points_earned", "rows"}:
                assert Decimal(str(cell)) == Decimal(text)
            else:
                assert (cell or "") == text


@pytest.mark.parametrize("form", FORMS)
def test_a_form_made_again_is_the_same_bytes(cleared: Summary, tmp_path: Path, form: str) -> None:
    made = {
        make_form(FORMS[form], cleared.files_dir / FILE, tmp_path / f"{at}").sha256
        for at in range(2)
    }
    assert len(made) == 1
    if form == "csv":
        assert (tmp_path / "0").read_bytes() == (cleared.files_dir / FILE).read_bytes()


@pytest.mark.parametrize("name", LAYOUT.header)
@pytest.mark.parametrize("value", [LONG, "文字"])
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, value: str
) -> None:
    source, target = tmp_path / "m.csv", tmp_path / "m.txt"
    row = NOTHING | {name: value}
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([LAYOUT.header, row.values(), LAYOUT.trailer_row(Total(1))])
    with pytest.raises(ClearingError, match=f"line 2 of the CSV has no place: {name} '{value}'"):
        make_form(FORMS["fixed"], source, target)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


@pytest.mark.parametrize("value", [" 1", "1 ", "\t", "a\nb"])
def test_a_value_that_would_not_be_read_back_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"blank|printable"):
        Width(name="card", characters=9).text(value)


@pytest.mark.parametrize("value", ["-1", "1.5", "x"])
def test_what_zeros_fill_is_digits(value: str) -> None:
    column = Width(name="rows", characters=4, side=RIGHT, filler=ZERO)
    assert (column.text("12"), column.text("")) == ("0012", BLANK * 4)
    with pytest.raises(ValueError, match="more than digits"):
        column.text(value)


@pytest.mark.parametrize(
    ("terminal", "batch", "trace"),
    [
        ("80010001", "000012", "000001"),
        ("80030001", "20261128", "000000000069"),
        ("", "voucher.redeem", "job-9223372036854775807"),
        ("", "move.9223372036854775807", "job-9223372036854775807-fee"),
        ("", "card.activate", "f" * 32),
        *(("", action, "job-1") for action in sorted(ACTIONS)),
    ],
)
def test_what_tills_of_every_kind_and_people_trade_has_its_place(
    terminal: str, batch: str, trace: str
) -> None:
    """A till of a merchant's system has dates for batches; what people do is named by action."""
    told = {"record": "DETAIL", "terminal_id": terminal, "batch": batch, "trace": trace}
    [record] = BY_NAME["detail"].records(iter([NOTHING | told]))
    read = _read(record.decode("ascii"), _as_documented()["detail"])
    assert {name: read[name] for name in told} == told


def test_columns_of_fixed_width_are_columns_of_the_csv() -> None:
    for layout in BY_NAME.values():
        assert {column.name for column in layout.columns} <= set(LAYOUT.header)
    assert {column.name for column in BY_NAME["detail"].columns} == set(LAYOUT.header)


def test_more_rows_than_a_sheet_takes_are_refused(
    cleared: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearing.forms.ROWS_OF_SHEET_MAX", 3)
    with pytest.raises(ClearingError, match="take the file as csv or fixed"):
        make_form(FORMS["xlsx"], cleared.files_dir / FILE, tmp_path / "m.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_laid_out_only_as_the_manifest_beside_it_says(
    cleared: Summary, tmp_path: Path
) -> None:
    [file] = [one for one in cleared.files if one.name == FILE]
    source, out = tmp_path / FILE, tmp_path / "m.txt"
    source.write_bytes((cleared.files_dir / FILE).read_bytes())
    (tmp_path / MANIFEST).write_bytes(manifest_of([file]))
    typed = ("clearing", "lay-out", str(source), "--out", str(out))
    assert "m.txt" in run_command(*typed).stdout
    assert out.read_bytes().startswith(b"DETAIL2026-09-30")
    again = run_command(*typed)
    assert (again.returncode, "is there already" in again.stderr) == (3, True)
    out.unlink()
    source.write_bytes(source.read_bytes() + csv_line(["END"]))
    other = run_command(*typed)
    assert (other.returncode, "not as the manifest" in other.stderr) == (3, True)
    assert not out.exists()
