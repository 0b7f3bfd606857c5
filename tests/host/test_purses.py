"""What a card has in each unit: made when it is first needed, and known until when it holds."""

import datetime as dt

import pytest

from host.estate.demo import ODD_CARDS
from host.model.money import Money
from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till
from tests.host.test_points_expiry import expiry_of

pytestmark = pytest.mark.usefixtures("sharing")

OF_THE_ESTATE = dt.date(2028, 12, 1)
"""The day after the last one of the estate's lots."""
EMPTY = next(number for number, odd in ODD_CARDS.items() if odd.name == "empty")
"""A card in which nothing was ever posted."""


def purses(till: Till, card: int) -> list[tuple[object, ...]]:
    return till.sql(
        "SELECT unit, posted_minor, floor_minor FROM purse WHERE card_id = %s ORDER BY unit", card
    )


def expires_from(till: Till, card: int) -> object:
    rows = till.sql("SELECT expires_from FROM purse WHERE card_id = %s AND unit <> 'CNY'", card)
    return rows[0][0] if rows else "no purse"


def without_points_purse(till: Till, card: int) -> None:
    till.sql("DELETE FROM purse WHERE card_id = %s AND unit <> 'CNY'", card)


@pytest.mark.parametrize("kind", [Kind.PURCHASE, Kind.POINTS_EARN])
async def test_a_purse_of_points_is_made_by_the_posting_that_first_needs_it(
    till: Till, pool: CardPool, kind: Kind
) -> None:
    """S4-12."""
    city, pear = pool.city(), pool.pear()
    for card in (city, pear):
        without_points_purse(till, card)
        _, answer = await till.sell(kind, card, 10_000)
        assert answer.points_balance == answer.points_earned > 0
    spent = 10_000 if kind is Kind.PURCHASE else 0
    assert purses(till, city) == [("CNY", 100_000 - spent, 0), ("P:CITY", 100, -1_000_000_000)]
    assert purses(till, pear) == [("CNY", 100_000 - spent, 0), ("P:PEAR", 200, 0)]
    accounts = till.sql("SELECT account_id FROM purse WHERE card_id = %s ORDER BY unit", city)
    first = (dt.date(2026, 11, 22) - DAY_ZERO).days * NUMBERS_PER_DAY
    assert accounts[1][0] > first > accounts[0][0], "a number of the stock, of no sequence"


async def test_a_purse_of_money_is_made_by_the_first_load(till: Till) -> None:
    till.sql("DELETE FROM purse WHERE card_id = %s", EMPTY)
    inquiry = await till.ask(till.request(Kind.BALANCE_INQUIRY, EMPTY, pin="123456"))
    assert inquiry.balance == Money(0, "CNY")
    sale = till.request(Kind.PURCHASE, EMPTY, 1, pin="123456")
    assert (await till.ask(sale)).reason is Reason.INSUFFICIENT_FUNDS
    assert purses(till, EMPTY) == []
    _, answer = await till.sell(Kind.CASH_LOAD, EMPTY, 5_000)
    assert answer.balance == Money(5_000, "CNY")
    assert purses(till, EMPTY) == [("CNY", 5_000, 0)]


async def test_without_a_purse_there_is_nothing_to_spend(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    without_points_purse(shared, card)
    refused = await shared.ask(shared.request(Kind.POINTS_REDEMPTION, card, 500))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    inquiry = await shared.ask(shared.request(Kind.POINTS_INQUIRY, card))
    assert inquiry.points_balance == 0
    assert expires_from(shared, card) == "no purse"


async def test_several_requests_of_a_batch_make_one_purse(till: Till, pool: CardPool) -> None:
    card = pool.city()
    without_points_purse(till, card)
    sales = [
        till.request(Kind.PURCHASE, card, 1_000, pin="123456", terminal_id=f"{80_010_001 + n}")
        for n in range(8)
    ]
    answers = await till.ask_all([*sales, *map(till.reversal, sales[:3])])
    assert all(answer.is_approved for answer in answers)
    assert purses(till, card) == [("CNY", 95_000, 0), ("P:CITY", 50, -1_000_000_000)]


async def test_what_is_undone_in_the_batch_that_made_a_purse_leaves_it_empty(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    without_points_purse(till, card)
    sale = till.request(Kind.PURCHASE, card, 1_000, pin="123456")
    answers = await till.ask_all([sale, till.reversal(sale)])
    assert all(answer.is_approved for answer in answers)
    assert purses(till, card) == [("CNY", 100_000, 0), ("P:CITY", 0, -1_000_000_000)]


async def test_a_purse_knows_when_the_first_of_its_points_expire(
    till: Till, pool: CardPool
) -> None:
    """Lowered by whoever gives points back, raised by who finds that nothing has expired."""
    card = pool.with_points()
    first, second = dt.date(2028, 11, 30), dt.date(2030, 12, 31)
    assert expires_from(till, card) == first
    sale, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 2_000)
    till.turn_the_date(OF_THE_ESTATE)
    await till.buy(card, 1_000)
    assert expires_from(till, card) == second
    void = till.request(Kind.REFUND, card, 2_000, unit="P:", original=till.original(sale, answer))
    assert (await till.ask(void)).points_balance == 10
    assert expires_from(till, card) == first
    await expiry_of(till).write_off()
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert inquiry.points_balance == 10
    assert expires_from(till, card) == second
