"""A purse of points is emptied lot by lot: nothing is lost, doubled, or taken past its last day."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from host.rules.points import empty_a_lot, spendable
from host.rules.state import Lot, Purse

TODAY = dt.date(2026, 11, 22)
DAYS = st.integers(-2, 3).map(lambda days: TODAY + dt.timedelta(days=days))
LOTS = st.lists(st.tuples(DAYS, st.integers(-50, 100)), max_size=8)


def purse_of(lots: list[tuple[dt.date, int]]) -> Purse:
    """With what expired counted, as it is loaded."""
    held = [Lot(1, number, day, points) for number, (day, points) in enumerate(lots, 1)]
    expired = sum(max(points, 0) for day, points in lots if day < TODAY)
    return Purse(1, "P:CITY", sum(points for _, points in lots), lots=held, expired=expired)


@given(LOTS)
def test_what_can_be_spent_leaves_with_its_last_days_and_nothing_else_does(
    lots: list[tuple[dt.date, int]],
) -> None:
    """S4-75."""
    purse = purse_of(lots)
    free, moved = max(spendable(purse, TODAY), 0), []
    for _ in range(len(lots) + 1):
        points, lot, uses = empty_a_lot(purse, TODAY)
        assert sum(use.points for use in uses) == points
        purse.change -= points
        if lot is None:
            break
        assert lot.expires_on >= TODAY
        moved.append((lot.expires_on, points))
    assert sum(points for _, points in moved) == free
    assert [day for day, _ in moved] == sorted(day for day, _ in moved)
    assert spendable(purse, TODAY) <= 0
    assert purse.posted + purse.change == sum(lot.left for lot in purse.lots)
    for lot in purse.lots:
        assert lot.left <= max(lot.remaining, 0), "no lot has more than it had, and debts are paid"
