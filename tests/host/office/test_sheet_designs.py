"""Sheets of vouchers as people design them: kept in versions, printed as they were asked for."""

from typing import Any

import pytest

from host.model.office import Done, Refused, Waiting
from host.model.sheets import LAYOUTS, PARTS, Fault, Part, as_design, shipped
from tests.host.office.conftest import HOME, Bureau
from tests.host.office.test_stock import Issuer
from tests.host.office.test_voucher_prints import PASSWORD, made, printed, taken, text_of


@pytest.fixture
def issuer(bureau: Bureau) -> Issuer:
    return Issuer(bureau)


def begun(issuer: Issuer, layout: str = "a4-3x8", **more: Any) -> int:
    """A sheet as it is shipped, but for what is told."""
    told = {"issuer": HOME["issuer"], "name": "Autumn", "layout": layout, **more}
    return int(issuer.bureau.done(issuer.maker, "sheet.save", **told).subject)


def columns(layout: str, **moved: tuple[float, float, float, float]) -> dict[str, Any]:
    """The four numbers of each part as they are typed; some of them moved."""
    places = shipped(LAYOUTS[layout]).places
    rows = [moved.get(part.name.lower(), places[part]) for part in PARTS]
    names = ("lefts", "tops", "widths", "sizes")
    return {
        name: [f"{row[at]:g}" for row in rows] for at, name in enumerate(names)
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["a4-3x8", "a4-2x5", "single"])
def test_a_sheet_begins_as_it_is_shipped(issuer: Issuer, layout: str) -> None:
    """S3-24."""
    sheet = begun(issuer, layout)
    [row] = issuer.bureau.rows(issuer.maker, "sheets", sheet=str(sheet))
    assert (row["version"], row["layout"], row["state"]) == (1, layout, "active")
    assert as_design(row) == shipped(LAYOUTS[layout])


def test_a_part_that_is_moved_is_a_version_and_another_layout_begins_anew(issuer: Issuer) -> None:
    bureau, sheet = issuer.bureau, begun(issuer)
    told = columns("a4-3x8", title=(5, 4.5, 30, 3), run=(0, 0, 0, 0))
    bureau.done(issuer.maker, "sheet.save", sheet=sheet, **told, text_colour="#203040")
    [row] = bureau.rows(issuer.maker, "sheets")
    assert (row["version"], row["text_colour"]) == (2, "#203040")
    assert as_design(row).places[Part.TITLE] == (5, 4.5, 30, 3)
    bureau.done(issuer.maker, "sheet.save", sheet=sheet, layout="single", error_level="H")
    [row] = bureau.rows(issuer.maker, "sheets")
    assert as_design(row).places == shipped(LAYOUTS["single"]).places
    assert (row["text_colour"], row["error_level"]) == ("#203040", "H")


def test_what_is_no_sheet_says_why(issuer: Issuer) -> None:
    bureau, sheet = issuer.bureau, begun(issuer)
    wrong: dict[str, dict[str, Any]] = {
        "lefts": {"sheet": sheet, "lefts": ["1"] * (len(PARTS) - 1)},
        "layout": {"issuer": HOME["issuer"], "name": "Another"},
        "issuer": {"sheet": sheet, "issuer": HOME["issuer"]},
        "name": {"issuer": HOME["issuer"], "name": "Autumn", "layout": "single"},
    }
    for field, values in wrong.items():
        told = bureau.do(issuer.maker, "sheet.save", **values)
        assert isinstance(told, Refused), values
        assert told.field == field
    told = bureau.do(issuer.maker, "sheet.save", sheet=sheet, tops=["4,5"] * len(PARTS))
    assert isinstance(told, Refused)
    assert "it is millimetres, as 4.5" in told.en


def test_vouchers_are_printed_as_the_sheet_was_when_they_were_asked_for(issuer: Issuer) -> None:
    """S3-23: a part that is not printed is on no voucher, whatever is designed later."""
    bureau, (batch, codes) = issuer.bureau, made(issuer, 3)
    sheet = begun(issuer)
    [name] = [row["name"] for row in bureau.rows(issuer.maker, "voucher_batches")]
    bureau.done(
        issuer.maker, "sheet.save", sheet=sheet, **columns("a4-3x8", title=(0, 0, 0, 0))
    )  # fmt: skip
    told = printed(issuer, batch, sheet=sheet)
    bureau.done(issuer.maker, "sheet.save", sheet=sheet, **columns("a4-3x8"))
    text = text_of(taken(issuer, told))
    assert [text.count(code) for code in codes] == [1] * len(codes)
    assert name not in text
    assert text.count(batch) == len(codes), "the print run"
    assert name in text_of(taken(issuer, printed(issuer, batch, sheet=sheet)))


def test_who_releases_sheets_is_told_how_many_and_what_is_wrong_with_them(issuer: Issuer) -> None:
    """S3-23: pages, seconds and warnings stand in the rehearsal and before who decides."""
    bureau, (batch, _codes) = issuer.bureau, made(issuer, 30)
    sheet = begun(issuer, **columns("a4-3x8", qr=(50, 3, 12, 12)))
    asked = {
        "batch": batch, "sheet": sheet, "recipient": "Heng Bao", "note": "autumn",
        "workbook_password": PASSWORD,
    }  # fmt: skip
    told = bureau.do(issuer.maker, "voucher_batch.print", _is_dry_run=True, **asked)
    assert isinstance(told, Done), told
    assert told.told["pages"] == 2
    assert told.told["about_seconds"] == 1
    assert told.told["sheet_warnings"] == [Fault.QR_SMALL]
    waiting = bureau.do(issuer.maker, "voucher_batch.print", **asked)
    assert isinstance(waiting, Waiting)
    [row] = bureau.rows(issuer.owner, "approvals", to_decide="true")
    assert row["foretold"]["sheet_warnings"] == [Fault.QR_SMALL]


def test_nothing_is_printed_with_a_sheet_that_was_taken_out_or_is_anothers(issuer: Issuer) -> None:
    bureau, (batch, _codes) = issuer.bureau, made(issuer, 2)
    sheet = begun(issuer)
    bureau.done(issuer.maker, "sheet.withdraw", sheet=sheet, note="the wrong season")
    told = printed(issuer, batch, sheet=sheet)
    assert isinstance(told, Refused)
    assert told.code == "E-STATE"
    [(other,)] = bureau.sql(
        "SELECT institution_id FROM issuer WHERE institution_id <> %s AND is_active"
        " ORDER BY id LIMIT 1", HOME["issuer"],
    )  # fmt: skip
    stranger = bureau.person("issuer_manager", "issuer", other)
    theirs = bureau.done(stranger, "sheet.save", issuer=other, name="Theirs", layout="single")
    told = printed(issuer, batch, sheet=int(theirs.subject))
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"
    bureau.done(issuer.maker, "sheet.save", sheet=sheet, text_colour="#101010")
    assert isinstance(printed(issuer, batch, sheet=sheet), Done), "saved again, it is back"
