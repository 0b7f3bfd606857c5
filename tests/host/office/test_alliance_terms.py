"""What an alliance's points cost and bring is said by two people, in rows that stay."""

import datetime as dt
from typing import Any

import pytest

from host.model.office import Refused
from tests.host.office.conftest import HOME, Bureau, Person

TODAY = dt.date(2026, 11, 22)
SAVE = "alliance_terms.save"
TERMS = {
    "programme": "CIRCLE",
    "settled": "at_issue",
    "per_points": 100,
    "issued_minor": 100,
    "redeemed_minor": 80,
    "percent": "2.5%",
    "share": "40%",
}


@pytest.fixture
def second(bureau: Bureau) -> Person:
    """Beside an alliance with a programme, which nobody is in yet."""
    second = bureau.person("platform_admin")
    bureau.done_by_two(bureau.admin, second, "alliance.save", alliance="HARBOUR", name="Harbour")
    bureau.done_by_two(
        bureau.admin, second, "programme.revise", programme="CIRCLE", alliance="HARBOUR", name="C",
        earn_points=1, earn_per_minor=100, redemption_points_min=1, lot_life="months", lot_count=12,
    )  # fmt: skip
    return second


def refused(bureau: Bureau, **asked: Any) -> tuple[str, str | None]:
    told = bureau.with_code(bureau.admin, SAVE, **{**TERMS, **asked})
    assert isinstance(told, Refused), told
    return told.code, told.field


def test_terms_are_said_by_two_and_seen_with_their_percents(bureau: Bureau, second: Person) -> None:
    """S4-70: at what price points are issued and redeemed, with what fee and share."""
    bureau.done_by_two(bureau.admin, second, SAVE, **TERMS)
    later = TODAY + dt.timedelta(days=1)
    bureau.done_by_two(bureau.admin, second, SAVE, **TERMS | {"since": later, "issued_minor": 90})
    manager = bureau.person("alliance_manager", key="HARBOUR")
    rows = bureau.rows(manager, "alliance_terms")
    assert [(row["since"], row["issued_minor"]) for row in rows] == [
        (TODAY.isoformat(), 100),
        (later.isoformat(), 90),
    ]
    assert (rows[0]["percent"], rows[0]["share"]) == ("2.5%", "40%")


def test_a_member_has_terms_of_its_own_and_nobody_else(bureau: Bureau, second: Person) -> None:
    merchant = HOME["merchant"]
    assert refused(bureau, merchant=merchant) == ("E-FIELD", "merchant")
    owner = bureau.person("merchant_owner", "merchant", merchant)
    bureau.done_by_two(
        bureau.admin, owner, "alliance.invite", alliance="HARBOUR", merchant=merchant, since=TODAY
    )
    bureau.done_by_two(bureau.admin, second, SAVE, **TERMS | {"merchant": merchant})
    [row] = bureau.rows(bureau.admin, "alliance_terms", programme="CIRCLE")
    assert row["merchant"] == merchant


@pytest.mark.usefixtures("second")
def test_terms_are_of_an_alliance_and_of_no_day_that_is_past(bureau: Bureau) -> None:
    assert refused(bureau, programme="CITY") == ("E-FIELD", "programme")
    assert refused(bureau, since=TODAY - dt.timedelta(days=1)) == ("E-FIELD", "since")


def test_the_same_is_not_said_twice(bureau: Bureau, second: Person) -> None:
    bureau.done_by_two(bureau.admin, second, SAVE, **TERMS)
    assert refused(bureau) == ("E-FIELD", "since")
