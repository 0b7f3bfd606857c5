"""What points pay beside money is said by two people, and holds from the next message on."""

import datetime as dt
from typing import Any

from host.model.office import Refused
from host.model.requests import Besides, Kind
from tests.host.conftest import CardPool, Till
from tests.host.office.conftest import Bureau, Person

TODAY = dt.date(2026, 11, 22)
CITY = {"programme": "CITY", "points": 100}


def say(office: Bureau, second: Person, **asked: Any) -> None:
    office.done_by_two(office.admin, second, "points_price.save", **CITY, **asked)


def refused(office: Bureau, **asked: Any) -> str:
    told = office.with_code(office.admin, "points_price.save", **{**CITY, **asked})
    assert isinstance(told, Refused), told
    return told.code


async def paid_by_points(till: Till, card: int) -> int:
    """What 2,000 points pay of 100.00."""
    _sale, answer = await till.sell(
        Kind.COMBINED_PURCHASE, card, 10_000, pin="123456", besides=Besides()
    )
    assert answer.besides is not None
    return answer.besides.points_worth_minor


async def test_a_price_is_in_force_from_its_day_on(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S1-45, S4-57."""
    second = office.person("platform_admin")
    assert await paid_by_points(till, pool.with_points()) == 2_000
    say(office, second, worth_minor=110)
    say(office, second, worth_minor=120, since=TODAY + dt.timedelta(days=1))
    assert await paid_by_points(till, pool.with_points()) == 2_200
    [row] = office.rows(office.admin, "programmes", programme="CITY")
    assert (row["price_points"], row["price_minor"]) == (100, 110)
    till.turn_the_date(TODAY + dt.timedelta(days=1))
    assert await paid_by_points(till, pool.with_points()) == 2_400


async def test_a_price_that_jumps_has_to_be_meant_and_none_begins_yesterday(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    second = office.person("platform_admin")
    assert refused(office, worth_minor=10_000) == "E-JUMP"
    assert refused(office, worth_minor=100, since=TODAY - dt.timedelta(days=1)) == "E-FIELD"
    assert await paid_by_points(till, pool.with_points()) == 2_000
    say(office, second, worth_minor=200, is_confirmed=True)
    assert await paid_by_points(till, pool.with_points()) == 4_000
