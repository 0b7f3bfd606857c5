"""Points for what was paid elsewhere, points inquiries and load verifications."""

import pytest

from host.model.money import Money
from host.model.requests import Kind, Response
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till


async def earn(till: Till, card: int, amount: int = 9_950) -> tuple[object, Response]:
    return await till.sell(Kind.POINTS_EARN, card, amount)


def lots(till: Till, card: int) -> list[tuple[object, ...]]:
    return till.sql(
        "SELECT l.points, l.remaining FROM lot l JOIN purse p ON p.account_id = l.account_id"
        " WHERE p.card_id = %s ORDER BY l.id",
        card,
    )


async def test_points_are_earned_in_a_lot_of_their_own_and_no_money_moves(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    request, answer = await shared.sell(Kind.POINTS_EARN, card, 9_950)
    assert (answer.points_earned, answer.points_balance) == (99, 99)
    assert answer.auth_code is not None
    assert shared.balances(card) == (100_000, 99)
    assert lots(shared, card) == [(99, 99)]
    assert await shared.ask(request) == answer
    assert shared.balances(card) == (100_000, 99)
    rows = shared.sql(
        "SELECT j.amount_minor, j.unit, d.chart, c.chart FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = debit_account"
        " JOIN ledger_account c ON c.id = credit_account"
        " WHERE j.slot = %s",
        request.key.text,
    )
    assert rows == [(99, "P:CITY", "points_issued", "card_points")]


@pytest.mark.parametrize("amount", [Money(9_950, "CNY"), Money(99, "P:"), Money(99, "P:CITY")])
async def test_an_earning_is_voided_by_what_was_paid_or_by_its_points(
    shared: Till, pool: CardPool, amount: Money
) -> None:
    card = pool.city()
    request, answer = await shared.sell(Kind.POINTS_EARN, card, 9_950)
    void = shared.request(
        Kind.VOID, None, amount.amount_minor, unit=amount.unit,
        original=shared.original(request, answer),
    )  # fmt: skip
    voided = await shared.ask(void)
    assert voided.is_approved
    assert shared.balances(card) == (100_000, 0)
    assert lots(shared, card) == [(99, 0)]
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert shared.balances(card) == (100_000, 99)


async def test_an_earning_whose_answer_was_lost_is_reversed_by_what_was_paid(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    request, _ = await shared.sell(Kind.POINTS_EARN, card, 9_950)
    reversal = shared.reversal(request)
    assert (await shared.ask(reversal)).is_approved
    assert (await shared.ask(reversal)).is_approved
    assert shared.balances(card) == (100_000, 0)
    assert (await shared.ask(request)).reason is Reason.DUPLICATE


async def test_an_earning_and_its_reversal_together_leave_nothing(
    shared: Till, pool: CardPool
) -> None:
    """One batch may hold both: what was paid is known before it is stored."""
    card = pool.city()
    request = shared.request(Kind.POINTS_EARN, card, 9_950)
    answers = await shared.ask_all([request, shared.reversal(request)])
    assert [answer.reason for answer in answers] == [Reason.APPROVED, Reason.APPROVED]
    assert shared.balances(card) == (100_000, 0)


async def test_earned_points_can_be_spent(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    await earn(shared, card, 100_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_000)
    assert shared.balances(card) == (100_000, 0)


async def test_a_points_inquiry_tells_and_moves_nothing(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    request = shared.request(Kind.POINTS_INQUIRY, card)
    answer = await shared.ask(request)
    assert (answer.points_balance, answer.auth_code) == (2_000, None)
    assert shared.journals(request) == 0
    assert (await shared.ask(shared.request(Kind.POINTS_INQUIRY, card, pin="123456"))).is_approved


async def test_a_load_verification_tells_how_much_the_card_can_take(
    shared: Till, pool: CardPool
) -> None:
    """At once no more than a transaction may be, in all no more than a card may hold."""
    card = pool.city()
    request = shared.request(Kind.LOAD_VERIFICATION, card)
    assert (await shared.ask(request)).load_max_minor == 500_000
    assert shared.journals(request) == 0
    for amount, left in ((500_000, 400_000), (399_999, 1), (1, 0)):
        await shared.sell(Kind.CASH_LOAD, card, amount)
        answer = await shared.ask(shared.request(Kind.LOAD_VERIFICATION, card))
        assert (answer.reason, answer.load_max_minor) == (Reason.APPROVED, left)
    assert (await shared.load(card, 1)).reason is Reason.AMOUNT_LIMIT
