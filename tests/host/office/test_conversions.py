"""Points of one programme become points of another at the rate that was shown, and never more."""

import signal
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from clearing.verify import audit
from config.run.database import Dsns
from config.tasks.earned import points_told
from host.model.money import Money
from host.model.numbers import rrn_of
from host.model.office import Refused
from host.model.origins import Origin
from host.model.own import AtRate, OwnKey, OwnRequest
from host.model.requests import Kind, Original, Response
from host.model.responses import Reason
from host.rules.conversions import made_of
from host.store.trace import trace
from host.store.trace_told import Trace
from tests.host.conftest import CardPool, Till, asking_of, audit_ledger, card_at, trading
from tests.host.mortal import let_it_die
from tests.host.office.conftest import Bureau, opened_bureau
from tests.host.test_moves import lots


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
        return had(self.till, self.card)


def had(till: Till, card: int) -> dict[str, int]:
    """What a card has in each programme."""
    rows = till.sql(
        "SELECT substr(unit, 3), posted_minor FROM purse"
        " WHERE card_id = %s AND unit LIKE 'P:%%'", card,
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


async def test_the_rate_at_which_points_were_converted_is_told_with_it(desk: Desk) -> None:
    """S4-43."""
    await desk.convert(301, "3/2")
    desk.say_rate("7/5")
    [(number,)] = desk.till.sql("SELECT journal_id FROM conversion")
    found = traced(desk.till, rrn_of(number))
    assert found.rate is not None
    assert (str(found.rate.gives), str(found.rate.takes)) == ("3 points GREEN", "2 points CITY")
    [(label, told)] = points_told(found)
    assert (label, told.split(",")[0]) == ("rate", "3 points GREEN for 2 points CITY")


def traced(till: Till, rrn: str) -> Trace:
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        return trace(connection, rrn)


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
    """S4-12, S4-56, S4-58."""
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


def converting(till: Till, card: int, points: int = 301, form: str = "mortal") -> OwnRequest:
    """As the office asks it, at its first rate: three for two."""
    return OwnRequest(
        kind=Kind.POINTS_CONVERSION,
        key=OwnKey(Origin.OFFICE, "service", "points.convert", form),
        card=card_at(till, card),
        amount=Money.points("CITY", points),
        at_rate=AtRate(1, "P:GREEN", 3, 2),
    )


async def converted(till: Till, card: int) -> Response:
    """What is asked of a host until it is killed, and again."""
    return await asking_of(till).ask(converting(till, card))


POINTS = ("mid_batch", "before_commit", "after_commit_before_reply")
"""Where a host may die, in the one posting that a conversion is."""


@pytest.mark.parametrize("point", POINTS)
async def test_a_host_killed_at_any_step_of_a_conversion_converts_once(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    """S4-43: both purses are as before, or both as after; whoever asks again hears the same."""
    card = pool.with_points()
    async with trading(estate_database) as till:
        for office in opened_bureau(till.dsns):
            Desk(till, office, card)
    await trio.to_thread.run_sync(_let_it_die, estate_database, point, card)
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        has = {"CITY": 1_699, "GREEN": 451} if point == POINTS[-1] else {"CITY": 2_000}
        assert had(till, card) == has
        answers = [await converted(till, card) for _ in range(2)]
        assert [(one.reason, one.points_used) for one in answers] == [(Reason.APPROVED, 301)] * 2
        assert answers[0] == answers[1]
        assert had(till, card) == {"CITY": 1_699, "GREEN": 451}
    audit_ledger(estate_database)


def _let_it_die(dsns: Dsns, point: str, card: int) -> None:
    died = let_it_die(dsns, point, converted, card)
    assert died.returncode == -signal.SIGKILL, died.stderr


@pytest.mark.parametrize("kind", [Kind.VOID, Kind.REFUND])
async def test_no_till_undoes_a_conversion_and_both_purses_stay_as_they_are(
    desk: Desk, kind: Kind
) -> None:
    """S4-43: it is final, as what was told at its rate; the way back is another, at that rate."""
    till = desk.till
    told = await asking_of(till).ask(converting(till, desk.card))
    before = (desk.has(), lots(till, desk.card))
    for unit, points in (("P:", 301), ("P:CITY", 301), ("P:GREEN", 451), ("CNY", 301)):
        original = Original(rrn=told.rrn, auth_code=told.auth_code)
        asked = till.request(kind, desk.card, points, unit=unit, original=original)
        answer = await till.ask(asked)
        assert not answer.is_approved
        assert answer.reason in {
            Reason.INVALID_TRANSACTION, Reason.ORIGINAL_NOT_FOUND, Reason.ORIGINAL_MISMATCH,
        }  # fmt: skip
    assert (desk.has(), lots(till, desk.card)) == before


async def test_points_are_converted_back_at_the_rate_of_the_other_way(desk: Desk) -> None:
    """What no till undoes is undone so: never more comes back than went."""
    asked = {"from_programme": "GREEN", "to_programme": "CITY", "rate": "2/3"}
    desk.office.done_by_two(desk.office.admin, desk.second, "rate.save", **asked)
    await desk.convert(301, "3/2")
    told = desk.office.done(
        desk.service, "points.convert", card=desk.card, from_programme="GREEN",
        to_programme="CITY", points=451, rate="2/3",
    )  # fmt: skip
    assert await desk.ended(told.told["job"]) == ("done", "")
    assert desk.has() == {"CITY": 399, "GREEN": 1}, "450 make 300 again, and one point makes none"


async def test_a_sale_is_refunded_though_the_points_it_earned_were_converted(
    desk: Desk, pool: CardPool
) -> None:
    """They are a debt in the programme that they were earned in, and nothing of the other's."""
    till, card = desk.till, pool.city()
    _sale, told = await till.sell(Kind.PURCHASE, card, 40_000, pin="123456")
    assert (await asking_of(till).ask(converting(till, card, 400, "all"))).is_approved
    original = Original(rrn=told.rrn)
    back = till.request(Kind.REFUND, card, 40_000, original=original)
    assert (await till.ask(back)).is_approved
    assert had(till, card) == {"CITY": -400, "GREEN": 600}
