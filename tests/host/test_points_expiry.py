"""What has expired is not told as left, and is written off by a posting, once."""

import pytest

from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till


def expire(till: Till, card: int, points: int | None = None) -> None:
    """Today is the last day of the card's lots, of those of so many points; and today ends."""
    till.sql(
        "UPDATE lot SET expires_on = (SELECT business_date FROM business_day WHERE state = 'open')"
        " WHERE account_id = (SELECT points_account FROM card WHERE id = %s)"
        " AND points = coalesce(%s, points)",
        card,
        points,
    )
    turn_the_date(till)


def turn_the_date(till: Till) -> None:
    till.sql("UPDATE business_day SET state = 'closed', closed_at = now() WHERE state = 'open'")
    till.sql(
        "INSERT INTO business_day (business_date, state, opened_at)"
        " SELECT max(business_date) + 1, 'open', now() FROM business_day"
    )


async def test_points_that_have_expired_are_told_as_left_by_nothing(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    expire(till, card)
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert (inquiry.reason, inquiry.points_balance) == (Reason.APPROVED, 0)
    refused = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, 500))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    bought = await till.buy(card, 12_000)
    assert (bought.points_earned, bought.points_balance) == (120, 120)
    spent = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, 120))
    assert (spent.points_used, spent.points_balance) == (120, 0)


async def test_a_debt_of_points_is_told_as_nothing_left(till: Till, pool: CardPool) -> None:
    """And never with a sign, which a field of digits has no place for."""
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 50_000)
    await till.sell(Kind.POINTS_REDEMPTION, card, 400)
    void, told = await till.sell(Kind.VOID, card, 50_000, original=till.original(sale, answer))
    assert till.balances(card) == (100_000, -400)
    assert told.points_balance == 0
    assert (await till.ask(void)).points_balance == 0


@pytest.mark.parametrize("kind", [Kind.BALANCE_INQUIRY, Kind.CASH_LOAD, Kind.LOAD_VERIFICATION])
async def test_whatever_tells_points_tells_those_that_can_be_spent(
    till: Till, pool: CardPool, kind: Kind
) -> None:
    card = pool.with_points()
    await till.buy(card, 700)
    expire(till, card, 2_000)
    amount = 100 if kind is Kind.CASH_LOAD else None
    answer = await till.ask(till.request(kind, card, amount, pin="123456"))
    assert (answer.reason, answer.points_balance) == (Reason.APPROVED, 7)
