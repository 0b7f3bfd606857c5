"""The points rules on their own: nothing lost to rounding, lots that always sum to the balance."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.programmes import NEVER, Life, LotLife, Programme
from host.rules.points import (
    give_back,
    points_earned,
    points_to_take_back,
    spend,
    spendable,
    take_again,
    take_back,
)
from host.rules.state import Lot, LotUse, Purse

TODAY = dt.date(2026, 11, 22)
ACCOUNT = 7
DATES = st.dates(dt.date(2026, 11, 1), dt.date(2027, 3, 31))
LOTS = st.lists(st.tuples(st.integers(0, 500), DATES), max_size=6)
amounts = st.integers(1, 10**12)


def programme(points: int, per_minor: int) -> Programme:
    return Programme(
        code="T",
        unit="P:T",
        earn_points=points,
        earn_per_minor=per_minor,
        redemption_points_min=0,
        lives=(),
        debt_is_allowed=False,
    )


def purse_of(lots: list[tuple[int, dt.date]]) -> Purse:
    return Purse(
        ACCOUNT,
        "P:T",
        sum(points for points, _ in lots),
        lots=[Lot(ACCOUNT, number, day, points) for number, (points, day) in enumerate(lots)],
        expired=sum(points for points, day in lots if day < TODAY),
    )


def left(purse: Purse) -> list[int]:
    return [lot.left for lot in purse.lots]


def used(uses: list[LotUse]) -> int:
    return sum(use.points for use in uses)


@given(amounts, st.integers(0, 1_000), st.integers(1, 10_000))
def test_points_are_never_rounded_up(amount: int, points: int, per_minor: int) -> None:
    earned = points_earned(programme(points, per_minor), amount)
    assert earned * per_minor <= amount * points < (earned + 1) * per_minor


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.integers(0, 10**7))
def test_partial_refunds_take_back_exactly_what_was_earned(parts: list[int], earned: int) -> None:
    amount, before, taken = sum(parts), 0, []
    for part in parts:
        taken.append(points_to_take_back(earned, amount, before, before + part))
        before += part
    assert sum(taken) == earned
    assert min(taken) >= 0


@pytest.mark.parametrize(
    ("earned_on", "life", "expires_on"),
    [
        (dt.date(2026, 11, 22), (LotLife.MONTHS, 24), dt.date(2028, 11, 30)),
        (dt.date(2026, 12, 31), (LotLife.MONTHS, 2), dt.date(2027, 2, 28)),
        (dt.date(2027, 12, 1), (LotLife.MONTHS, 2), dt.date(2028, 2, 29)),
        (dt.date(2026, 1, 31), (LotLife.MONTHS, 12), dt.date(2027, 1, 31)),
        (dt.date(2026, 11, 22), (LotLife.MONTHS, 1), dt.date(2026, 12, 31)),
        (dt.date(2026, 11, 22), (LotLife.NEVER,), NEVER),
        (dt.date(2026, 12, 31), (LotLife.DAYS, 1), dt.date(2027, 1, 1)),
        (dt.date(2028, 2, 28), (LotLife.DAYS, 30), dt.date(2028, 3, 29)),
        (dt.date(2028, 2, 3), (LotLife.MONTH_END,), dt.date(2028, 2, 29)),
        (dt.date(2026, 12, 31), (LotLife.MONTH_END,), dt.date(2026, 12, 31)),
        (dt.date(2026, 1, 1), (LotLife.YEAR_END,), dt.date(2026, 12, 31)),
    ],
)
def test_how_long_a_lot_lasts_is_said_by_its_programme(
    earned_on: dt.date, life: tuple[Any, ...], expires_on: dt.date
) -> None:
    """S4-56."""
    assert Life(TODAY, *life).days_of(earned_on) == (expires_on, None)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2090, 1, 1)), st.integers(1, 366), st.data())
def test_what_is_pending_first_is_good_for_as_long_from_then_on(
    earned_on: dt.date, days: int, data: st.DataObject
) -> None:
    life = data.draw(st.sampled_from(LotLife))
    count = data.draw(st.integers(1, 120)) if life in {LotLife.DAYS, LotLife.MONTHS} else 0
    last, first = Life(TODAY, life, count, days).days_of(earned_on)
    assert first == earned_on + dt.timedelta(days=days)
    assert last == Life(TODAY, life, count).days_of(first)[0] >= first


def test_the_row_that_is_in_force_is_the_last_that_has_begun() -> None:
    """S4-56: what was given keeps its days, for they are written into its lot."""
    later = Life(TODAY + dt.timedelta(days=2), LotLife.NEVER)
    lives = (later, Life(TODAY, LotLife.YEAR_END))
    found = dataclasses.replace(programme(1, 1), lives=lives)
    days = [found.days_of_lot(TODAY + dt.timedelta(days=n))[0] for n in (-5, 0, 1, 2, 300)]
    assert days == [dt.date(2026, 12, 31)] * 3 + [NEVER] * 2
    assert programme(1, 1).days_of_lot(TODAY) == (NEVER, None), "a programme that does not say"


@given(LOTS, st.data())
def test_what_is_spent_comes_out_of_the_lots_that_expire_first(
    lots: list[tuple[int, dt.date]], data: st.DataObject
) -> None:
    purse = purse_of(lots)
    points = data.draw(st.integers(0, spendable(purse, TODAY)))
    uses = spend(purse, points, TODAY)
    assert used(uses) == points
    assert min(left(purse), default=0) >= 0
    touched = {use.lot for use in uses}
    assert all(purse.lots[number].expires_on >= TODAY for number in touched)
    if touched:
        last = max(purse.lots[number].expires_on for number in touched)
        earlier = (lot for lot in purse.lots if TODAY <= lot.expires_on < last)
        assert all(lot.left == 0 for lot in earlier)


@given(LOTS, st.data())
def test_giving_back_fills_the_very_lots_and_taking_again_empties_them(
    lots: list[tuple[int, dt.date]], data: st.DataObject
) -> None:
    purse = purse_of(lots)
    full = left(purse)
    uses = spend(purse, data.draw(st.integers(0, spendable(purse, TODAY))), TODAY)
    spent = left(purse)
    given_back = give_back(purse, tuple(uses))
    assert left(purse) == full
    assert used(given_back) == -used(uses)
    again = take_again(purse, tuple(given_back), used(uses))
    assert left(purse) == spent
    assert again == uses


@given(LOTS.filter(bool), st.integers(0, 3_000), st.data())
def test_taking_back_uses_what_is_there_before_it_owes(
    lots: list[tuple[int, dt.date]], points: int, data: st.DataObject
) -> None:
    purse = purse_of(lots)
    source = data.draw(st.sampled_from(purse.lots)).id
    total = sum(left(purse))
    uses = take_back(purse, source, points, may_owe=True)
    assert used(uses) == points
    assert sum(left(purse)) == total - points
    assert len({use.lot for use in uses}) == len(uses)
    assert all(use.points > 0 for use in uses)
    if points <= total:
        assert min(left(purse)) >= 0
    else:
        assert sum(1 for one in left(purse) if one < 0) == 1
        assert purse.lots[source].left == total - points


@given(LOTS.filter(bool), st.integers(1, 100), st.integers(0, 500), st.integers(1, 900))
def test_a_debt_grows_only_when_every_lot_is_empty(
    lots: list[tuple[int, dt.date]], debt: int, earned: int, points: int
) -> None:
    purse = purse_of(lots)
    take_back(purse, 0, sum(left(purse)) + debt, may_owe=True)
    purse.lots.append(Lot(ACCOUNT, 99, dt.date(2028, 1, 31), earned))
    take_back(purse, 99, points, may_owe=True)
    assert sum(left(purse)) == earned - debt - points
    assert sum(max(one, 0) for one in left(purse)) == max(earned - points, 0)


@given(LOTS.filter(bool), st.data())
def test_a_debt_is_paid_before_anything_can_be_spent(
    lots: list[tuple[int, dt.date]], data: st.DataObject
) -> None:
    purse = purse_of(lots)
    debt = data.draw(st.integers(1, 100))
    total = sum(left(purse))
    take_back(purse, 0, total + debt, may_owe=True)
    purse.change -= total + debt
    assert spendable(purse, TODAY) <= 0
    purse.lots.append(Lot(ACCOUNT, 99, dt.date(2028, 1, 31), 150))
    purse.change += 150
    room = spendable(purse, TODAY)
    assert room == 150 - debt
    spend(purse, room, TODAY)
    assert sum(left(purse)) == 0
