"""Earn rules on their own: which of them decides, and what it gives."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.earn_rules import EarnRule, Sale, in_force
from host.rules.points import points_to_take_back

DAY = dt.date(2026, 11, 22)
MERCHANT, STORE, PRODUCT = 7, 70, 700


def rule(**more: Any) -> EarnRule:
    words: dict[str, Any] = {"code": "R", "since": DAY}
    return EarnRule(**{**words, **more})


def sale(**more: Any) -> Sale:
    words: dict[str, Any] = {
        "merchant": MERCHANT, "store": STORE, "category": "tea", "goods": "OOLONG",
        "product": PRODUCT, "amount_minor": 5_000, "day": DAY, "weekday": 7, "clock": "1430",
    }  # fmt: skip
    return Sale(**{**words, **more})


IT, ANOTHER = True, False


@pytest.mark.parametrize(
    ("said", "applies"),
    [
        ({}, IT),
        ({"merchants": frozenset({MERCHANT})}, IT),
        ({"merchants": frozenset({8})}, ANOTHER),
        ({"stores": frozenset({STORE, 71})}, IT),
        ({"stores": frozenset({71})}, ANOTHER),
        ({"categories": frozenset({"tea"})}, IT),
        ({"categories": frozenset({"books"})}, ANOTHER),
        ({"goods": frozenset({"OOLONG"})}, IT),
        ({"goods": frozenset({"CAKE"})}, ANOTHER),
        ({"products": frozenset({PRODUCT})}, IT),
        ({"products": frozenset({701})}, ANOTHER),
        ({"weekdays": frozenset({6, 7})}, IT),
        ({"weekdays": frozenset({1})}, ANOTHER),
        ({"time_from": "1430", "time_until": "1430"}, IT),
        ({"time_from": "1431"}, ANOTHER),
        ({"time_until": "1429"}, ANOTHER),
        ({"time_from": "2200", "time_until": "1500"}, IT),
        ({"time_from": "2200", "time_until": "0600"}, ANOTHER),
        ({"amount_min_minor": 5_000, "amount_max_minor": 5_000}, IT),
        ({"amount_min_minor": 5_001}, ANOTHER),
        ({"amount_max_minor": 4_999}, ANOTHER),
    ],
)
def test_a_rule_applies_where_all_that_it_names_is_so(said: dict[str, Any], applies: bool) -> None:
    """S4-56."""
    assert rule(**said).is_of(sale()) is applies


def test_the_latest_row_that_has_begun_stands_until_its_last_day() -> None:
    first = rule(times=2)
    later = rule(since=DAY + dt.timedelta(days=5), until=DAY + dt.timedelta(days=6), times=3)
    other = rule(code="A", priority=1)
    days = [in_force((first, later, other), DAY + dt.timedelta(days=n)) for n in (-1, 0, 5, 6, 7)]
    assert days == [(), (other, first), (other, later), (other, later), (other,)]


amounts, fractions = st.integers(1, 10**9), st.integers(1, 1_000)


@given(amounts, st.integers(0, 1_000), fractions, st.integers(0, 5_000))
def test_a_rule_gives_whole_points_and_never_rounds_up(
    amount: int, times: int, per: int, bonus: int
) -> None:
    earned = rule(times=times, per=per, bonus=bonus).points(amount, 3, 700) - bonus
    assert earned * 700 * per <= amount * 3 * times < (earned + 1) * 700 * per


@given(amounts, fractions, st.integers(0, 10**6))
def test_no_sale_earns_more_than_its_cap(amount: int, times: int, cap: int) -> None:
    assert rule(times=times, bonus=50, points_max=cap).points(amount, 1, 100) <= cap


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=6), fractions, st.integers(0, 900))
def test_parts_that_are_refunded_take_back_what_a_rule_gave_to_the_point(
    parts: list[int], times: int, bonus: int
) -> None:
    """S4-56: a bonus and a cap go back in proportion too, and all of it in the end."""
    whole = sum(parts)
    earned = rule(times=times, per=7, bonus=bonus, points_max=40_000).points(whole, 1, 100)
    before, taken = 0, []
    for part in parts:
        taken.append(points_to_take_back(earned, whole, before, before + part))
        before += part
    assert (sum(taken), min(taken) >= 0) == (earned, True)
