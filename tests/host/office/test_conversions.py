"""Points of one programme become points of another at the rate that was shown, and never more."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from clearing.verify import audit
from host.model.office import Refused
from host.rules.conversions import made_of
from tests.host.conftest import CardPool, Till, asking_of
from tests.host.office.conftest import Bureau, opened_bureau


@pytest.fixture
def office(till: Till) -> Iterator[Bureau]:
    """On the database that the till trades with."""
    yield from opened_bureau(till.dsns)


@given(st.integers(1, 10**9), st.integers(1, 9_999), st.integers(1, 9_999))
def test_no_conversion_makes_points_and_what_would_make_a_part_of_one_stays(
    points: int, times: int, per: int
) -> None:
    """S4-43."""
    taken, made = made_of(points, times, per)
    assert 0 <= taken <= points
    assert made * per <= taken * times
    assert made == taken * times // per
    assert made == points * times // per, "all that is asked for is made of what is taken"


class Desk:
    """An issuer with a second programme, a rate between the two, and a card with points."""

    def __init__(self, till: Till, office: Bureau, card: int) -> None:
        self.till, self.office, self.card = till, office, card
        self.second = office.person("platform_admin")
        self.service = office.person("service", "platform")
        office.done_by_two(
            office.admin, self.second, "programme.revise", programme="GREEN", issuer="48882900",
            name="Green points", earn_points=0, earn_per_minor=1_000, redemption_points_min=1,
            lot_life="never",
        )  # fmt: skip
        self.say_rate("3/2")

    def say_rate(self, rate: str, **more: Any) -> None:
        asked = {"from_programme": "CITY", "to_programme": "GREEN", "rate": rate, **more}
        self.office.done_by_two(self.office.admin, self.second, "rate.save", **asked)

    def rate_refused(self, **asked: Any) -> str:
        told = self.office.with_code(self.office.admin, "rate.save", **asked)
        assert isinstance(told, Refused), told
        return told.code

    async def convert(self, points: int, rate: str) -> tuple[str, str]:
        told = self.office.done(
            self.service, "points.convert", card=self.card, from_programme="CITY",
            to_programme="GREEN", points=points, rate=rate,
        )  # fmt: skip
        return await self.ended(told.told["job"])

    async def ended(self, job: int) -> tuple[str, str]:
        await trio.to_thread.run_sync(self.office.do_jobs)
        [(state, error)] = self.office.sql("SELECT state, error FROM job WHERE id = %s", job)
        return state, error

    def refused(self, points: int, rate: str) -> str:
        return self.office.refused(
            self.service, "points.convert", card=self.card, from_programme="CITY",
            to_programme="GREEN", points=points, rate=rate,
        )  # fmt: skip

    def has(self) -> dict[str, int]:
        rows = self.till.sql(
            "SELECT substr(unit, 3), posted_minor FROM purse"
            " WHERE card_id = %s AND unit LIKE 'P:%%'", self.card,
        )  # fmt: skip
        return {str(code): int(points) for code, points in rows}


@pytest.fixture
async def desk(till: Till, pool: CardPool, office: Bureau) -> Desk:
    card = pool.city()
    await till.buy(card, 40_000)
    office.office = replace(office.office, ask=asking_of(till).ask_from_thread)
    return Desk(till, office, card)


async def test_points_are_converted_at_the_rate_that_was_shown(desk: Desk) -> None:
    """S4-40, S4-43: each unit balances by itself, which the audit behind this till's day holds."""
    assert await desk.convert(301, "3/2") == ("done", "")
    assert desk.has() == {"CITY": 99, "GREEN": 451}
    rows = desk.till.sql(
        "SELECT e.unit, sum(CASE WHEN a.chart = 'conversion' AND a.id = e.credit_account"
        " THEN e.amount_minor ELSE -e.amount_minor END) FROM entry AS e JOIN account AS a"
        " ON a.id IN (e.debit_account, e.credit_account) AND a.chart = 'conversion'"
        " GROUP BY e.unit ORDER BY e.unit"
    )
    assert rows == [("P:CITY", 301), ("P:GREEN", -451)]
    lots = desk.office.rows(desk.service, "points", card=str(desk.card))
    told = [(one["programme"], one["source"], one["remaining"], one["expires"]) for one in lots]
    assert told == [
        ("CITY", "purchase", 99, "2028-11-30"), ("GREEN", "points_conversion", 451, "never"),
    ]  # fmt: skip
    assert (lots[0]["spendable"], lots[0]["pending"]) == (99, 0)


async def test_a_rate_that_has_changed_is_told_and_nothing_is_converted(desk: Desk) -> None:
    desk.say_rate("7/5")
    assert desk.refused(100, "3/2") == "E-RATE"
    assert await desk.convert(100, "7/5") == ("done", "")
    assert desk.has() == {"CITY": 300, "GREEN": 140}
    rates = desk.office.rows(desk.office.admin, "rates")
    assert [(one["rate"], one["in_force"]) for one in rates] == [("7/5", True), ("3/2", False)]


async def test_a_rate_that_jumps_has_to_be_meant(desk: Desk) -> None:
    asked = {"from_programme": "CITY", "to_programme": "GREEN", "rate": "15"}
    assert desk.rate_refused(**asked) == "E-JUMP"
    desk.say_rate("15", is_confirmed=True, points_min=50)
    assert desk.refused(49, "15") == "E-THRESHOLD"
    same = {"from_programme": "CITY", "to_programme": "CITY", "rate": "1"}
    assert desk.rate_refused(**same) == "E-FIELD"


async def test_what_the_card_has_not_is_not_converted(desk: Desk) -> None:
    state, why = await desk.convert(401, "3/2")
    assert (state, why.split(":")[0]) == ("failed", "E-NEGATIVE")
    assert desk.has() == {"CITY": 400}


async def test_points_are_given_and_taken_by_two_and_never_below_what_there_is(
    desk: Desk,
) -> None:
    """S4-12, S4-56."""
    manager = desk.office.person("issuer_manager")
    asked: dict[str, Any] = {
        "card": desk.card, "programme": "CITY", "why": "goodwill", "note": "waited long",
    }  # fmt: skip
    for direction, points, expected in (
        ("credit", 50, "done"), ("debit", 449, "done"), ("debit", 2, "failed"),
    ):  # fmt: skip
        told = desk.office.done_by_two(
            desk.service, manager, "points.adjust", direction=direction, points=points, **asked
        )
        job = told.told["outcome"]["told"]["job"]
        assert (await desk.ended(job))[0] == expected
    assert desk.has() == {"CITY": 1}


async def test_a_conversion_that_its_rate_does_not_tie_is_named(desk: Desk) -> None:
    await desk.convert(100, "3/2")
    desk.say_rate("7/5")
    for wrong in ("rate_id = 2", "rate_id = 9"):
        desk.till.sql(f"UPDATE conversion SET {wrong}")
        with psycopg.connect(desk.till.dsns.owner, autocommit=True) as connection:
            found = [str(one) for one in audit(connection)]
        assert any("converted 100 points into 150" in one for one in found), (wrong, found)
        desk.till.sql("UPDATE conversion SET rate_id = 1")
