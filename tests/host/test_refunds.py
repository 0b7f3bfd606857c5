"""Refunds in parts and whole, and the points that go back with them."""

import dataclasses
import datetime as dt

import pytest

from host.estate.plan import LONG_AGO
from host.model.money import Money
from host.model.requests import Kind, Original
from host.model.responses import Reason
from host.programmes import Life, LotLife
from tests.host.conftest import CardPool, Till

ELSEWHERE = "80010009"
"""Another terminal of the same merchant: a refund may be given there."""


@pytest.mark.parametrize(
    "parts", [(12_345,), (1, 12_344), (33, 67, 12_245), (4_115,) * 3, (99,) * 3]
)
async def test_refunds_in_parts_take_back_what_one_whole_refund_would(
    shared: Till, pool: CardPool, parts: tuple[int, ...]
) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 12_345)
    assert shared.balances(card) == (87_655, 123)
    for part in parts:
        await shared.sell(
            Kind.REFUND, card, part, terminal_id=ELSEWHERE, original=Original(rrn=answer.rrn)
        )
    refunded = sum(parts)
    assert shared.balances(card) == (87_655 + refunded, 123 - 123 * refunded // 12_345)
    again = shared.request(Kind.REFUND, card, 12_346 - refunded, original=Original(rrn=answer.rrn))
    assert (await shared.ask(again)).reason is Reason.AMOUNT_LIMIT
    void = shared.request(Kind.VOID, card, 12_345, original=shared.original(sale, answer))
    assert (await shared.ask(void)).reason is Reason.ORIGINAL_VOIDED


async def test_two_refunds_at_once_never_pay_more_than_the_sale(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
    refunds = [
        shared.request(
            Kind.REFUND, card, 400, terminal_id=terminal, original=Original(rrn=answer.rrn)
        )
        for terminal in [f"{80_010_001 + place}" for place in range(8)]
    ]
    answers = await shared.ask_all(refunds)
    assert sum(one.is_approved for one in answers) == 2
    assert shared.balances(card) == (99_800, 2)


async def test_a_void_and_a_refund_at_once_give_the_money_back_once(
    shared: Till, pool: CardPool
) -> None:
    for _ in range(4):
        card = pool.city()
        sale, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
        void = shared.request(Kind.VOID, card, 1_000, original=shared.original(sale, answer))
        refund = shared.request(
            Kind.REFUND, card, 1_000, terminal_id=ELSEWHERE, original=Original(rrn=answer.rrn)
        )
        answers = await shared.ask_all([refund, void])
        assert sum(one.is_approved for one in answers) == 1
        assert shared.balances(card) == (100_000, 0)


async def test_a_refund_takes_points_into_debt_where_the_programme_allows_it(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, answer = await shared.sell(Kind.PURCHASE, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, 450)
    original = Original(rrn=answer.rrn)
    await shared.sell(Kind.REFUND, card, 5_000, original=original)
    assert shared.balances(card) == (55_000, 0)
    await shared.sell(Kind.REFUND, card, 45_000, original=original)
    assert shared.balances(card) == (100_000, -450)
    assert shared.sql("SELECT 1 FROM entry e JOIN account a ON a.id = debit_account"
                      " WHERE chart = 'suspense'") == []  # fmt: skip


async def test_a_refund_is_refused_where_spent_points_may_not_be_owed(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear()
    _, answer = await shared.sell(Kind.PURCHASE, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, 800)
    original = Original(rrn=answer.rrn)
    await shared.sell(Kind.REFUND, card, 10_000, original=original)
    assert shared.balances(card) == (60_000, 0)
    over = shared.request(Kind.REFUND, card, 50, original=original)
    assert (await shared.ask(over)).reason is Reason.INSUFFICIENT_FUNDS
    free = shared.request(Kind.REFUND, card, 49, original=original)
    assert (await shared.ask(free)).is_approved
    assert shared.balances(card) == (60_049, 0)


async def test_a_refunded_redemption_fills_the_lots_it_emptied(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    await shared.sell(Kind.PURCHASE, card, 50_000)
    lots = (
        "SELECT id, remaining FROM lot WHERE account_id ="
        " (SELECT account_id FROM purse WHERE card_id = %s AND unit <> 'CNY') ORDER BY id"
    )
    before = shared.sql(lots, card)
    _, answer = await shared.sell(Kind.POINTS_REDEMPTION, card, 2_200)
    assert [left for _, left in shared.sql(lots, card)] == [0, 300]
    refund = shared.request(Kind.REFUND, card, 2_200, unit="P:", original=Original(rrn=answer.rrn))
    refunded = await shared.ask(refund)
    assert (refunded.reason, refunded.points_balance) == (Reason.APPROVED, 2_500)
    assert shared.sql(lots, card) == before
    second = shared.request(Kind.REFUND, card, 2_200, unit="P:", original=Original(rrn=answer.rrn))
    assert (await shared.ask(second)).reason is Reason.AMOUNT_LIMIT


async def test_points_that_expire_first_are_spent_first_and_expired_ones_never(till: Till) -> None:
    issuer = till.poster._book.issuers[1]
    assert issuer.programme is not None
    for amount, months in ((30_000, 7), (20_000, 1), (10_000, 0)):
        programme = dataclasses.replace(
            issuer.programme, lives=(Life(LONG_AGO, LotLife.MONTHS, months),)
        )
        till.poster._book.issuers[1] = dataclasses.replace(issuer, programme=programme)
        await till.sell(Kind.PURCHASE, 2, amount)
    till.turn_the_date(dt.date(2026, 12, 1))
    spent = till.request(Kind.POINTS_REDEMPTION, 2, 501)
    assert (await till.ask(spent)).reason is Reason.INSUFFICIENT_FUNDS
    answer = await till.ask(till.request(Kind.POINTS_REDEMPTION, 2, 250))
    assert (answer.points_used, answer.points_balance) == (250, 250)
    left = till.sql(
        "SELECT points, remaining FROM lot WHERE account_id ="
        " (SELECT account_id FROM purse WHERE card_id = 2 AND unit <> 'CNY') ORDER BY points"
    )
    assert left == [(100, 100), (200, 0), (300, 250)]


async def test_points_earned_in_a_batch_can_be_spent_in_it(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    buy = shared.request(Kind.PURCHASE, card, 50_000, pin="123456")
    redeem = shared.request(Kind.POINTS_REDEMPTION, card, 400, terminal_id=ELSEWHERE)
    blocker = shared.request(Kind.CASH_LOAD, pool.city(), 1, terminal_id="80010010")
    answers = await shared.ask_all([blocker, buy, redeem])
    assert all(answer.is_approved for answer in answers)
    assert answers[2].balance == Money(50_000, "CNY")
    assert shared.balances(card) == (50_000, 100)
