"""Whose list the demo sends in: a day is drawn, and need not have sold anything anywhere."""

import csv
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clearing.files import ClearingFile
from clearing.run import Summary
from config.screen import amount
from config.tasks import demo_recon
from config.tasks.demo_recon import leave_difference, reconcile_night
from host.model.money import HOUSE_CURRENCY

DAY = dt.date(2026, 11, 22)
SOLD = (HOUSE_CURRENCY, "12.00")
ODD = {"nothing": [], "a refund": [(HOUSE_CURRENCY, "-5.00")], "points": [("PTS", "30")]}


class Staff:
    """Notes what is sent in, and by whom it is answered."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def done(self, _role: str, action: str, values: dict[str, Any]) -> Any:
        if action == "recon.import":
            self.sent.append(values["merchant"])
        return SimpleNamespace(told={"file": 1})

    def agreed(self, *_words: object, **_more: object) -> None:
        """As is asked."""

    def person(self, role: str) -> Any:
        return SimpleNamespace(login=role)


def night(home: Path, of: dict[str, list[tuple[str, str]]]) -> Summary:
    """A night with these merchants' files, by unit and amount of each line."""
    files = []
    for merchant, rows in of.items():
        name = f"merchant-{merchant}.csv"
        with (home / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["record", "rrn", "unit", "amount"])
            writer.writeheader()
            for number, (unit, told) in enumerate(rows):
                row = {"rrn": f"{number:012d}", "unit": unit, "amount": told}
                writer.writerow({"record": "DETAIL", **row})
        files.append(
            ClearingFile(name=name, side="merchant", party=merchant, items=len(rows), sha256=b"")
        )
    summary: Any = SimpleNamespace(files=tuple(files), files_dir=home, business_date=DAY)
    return cast("Summary", summary)


@pytest.fixture(autouse=True)
def matched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_recon, "_waited_for", lambda *_asked: (1, 1))


@pytest.mark.parametrize("odd", ODD)
def test_a_day_on_which_nobody_sold_for_money_has_no_such_tale(tmp_path: Path, odd: str) -> None:
    staff: Any = Staff()
    for of in ({}, {"A": ODD[odd]}):
        summary = night(tmp_path, of)
        assert reconcile_night(staff, cast("Any", None), summary) is None
        leave_difference(staff, summary)
    assert staff.sent == []


@pytest.mark.parametrize("odd", ODD)
def test_who_sends_a_list_has_sold_for_money_and_the_next_is_another(
    tmp_path: Path, odd: str
) -> None:
    staff: Any = Staff()
    of = {"A": [*ODD[odd] * 5], "B": [*ODD[odd], SOLD, SOLD], "C": [*ODD[odd], SOLD]}
    summary = night(tmp_path, of)
    tale = reconcile_night(staff, cast("Any", None), summary)
    assert tale is not None
    assert (tale.merchant, tale.ours_minor, tale.rrn) == ("B", 1_200, f"{len(ODD[odd]):012d}")
    assert amount(tale.theirs_minor, HOUSE_CURRENCY) in tale.told()[1]
    leave_difference(staff, summary)
    assert staff.sent == ["B", "C"]


def test_each_merchants_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    details = demo_recon._details

    def counted(path: Path) -> list[demo_recon.Row]:
        read.append(path.name)
        return details(path)

    monkeypatch.setattr(demo_recon, "_details", counted)
    summary = night(tmp_path, {"one": [SOLD], "other": [SOLD, SOLD]})
    reconcile_night(cast("Any", Staff()), cast("Any", None), summary)
    assert sorted(read) == ["merchant-one.csv", "merchant-other.csv"]
