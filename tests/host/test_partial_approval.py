"""Approval of a part: posted for what there is; whatever undoes it gives back that, and no more."""

import pytest

from host.model.requests import Besides, Kind, Original, Request
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till
from tests.host.rule_makers import put_rule

TAKES_PART = Besides(takes_part=True)
ELSEWHERE = "80010009"


def asked_for(till: Till, card: int, amount: int, kind: Kind = Kind.PURCHASE) -> Request:
    """By a terminal that takes a part."""
    pin = "123456" if kind is Kind.PURCHASE else None
    return till.request(kind, card, amount, pin=pin, besides=TAKES_PART)


async def test_a_sale_is_posted_for_what_there_is(shared: Till, pool: CardPool) -> None:
    """S3-11: the rest is for another tender."""
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    answer = await shared.ask(sale)
    assert (answer.reason, answer.part_minor) == (Reason.PARTLY_APPROVED, 100_000)
    assert answer.is_approved
    assert answer.auth_code is not None
    assert answer.balance is not None
    assert answer.balance.amount_minor == 0
    assert shared.balances(card) == (0, 1_000)
    assert await shared.ask(sale) == answer


async def test_a_terminal_that_takes_no_part_is_told_that_there_is_too_little(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    for besides in (None, Besides()):
        sale = shared.request(Kind.PURCHASE, card, 123_000, pin="123456", besides=besides)
        assert (await shared.ask(sale)).reason is Reason.INSUFFICIENT_FUNDS
    assert shared.balances(card) == (100_000, 0)


async def test_what_is_covered_is_approved_whole(shared: Till, pool: CardPool) -> None:
    answer = await shared.ask(asked_for(shared, pool.city(), 100_000))
    assert (answer.reason, answer.besides) == (Reason.APPROVED, None)


async def test_of_nothing_there_is_no_part(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    await shared.buy(card, 100_000)
    answer = await shared.ask(asked_for(shared, card, 1))
    assert answer.reason is Reason.INSUFFICIENT_FUNDS


async def test_more_than_one_message_may_ask_for_is_refused_whatever_there_is(
    shared: Till, pool: CardPool
) -> None:
    answer = await shared.ask(asked_for(shared, pool.city(), 500_001))
    assert answer.reason is Reason.AMOUNT_LIMIT


async def test_a_wrong_pin_is_no_part(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    wrong = shared.request(Kind.PURCHASE, card, 123_000, pin="000000", besides=TAKES_PART)
    assert (await shared.ask(wrong)).reason is Reason.WRONG_PIN


async def test_points_are_redeemed_as_far_as_they_go(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    answer = await shared.ask(asked_for(shared, card, 2_500, Kind.POINTS_REDEMPTION))
    assert (answer.reason, answer.part_minor) == (Reason.PARTLY_APPROVED, 2_000)
    assert (answer.points_used, answer.points_balance) == (2_000, 0)
    assert shared.balances(card) == (100_000, 0)


async def test_fewer_points_than_are_redeemed_at_least_are_no_part(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_950)
    answer = await shared.ask(asked_for(shared, card, 100, Kind.POINTS_REDEMPTION))
    assert answer.reason is Reason.INVALID_AMOUNT
    assert shared.balances(card) == (100_000, 50)


@pytest.mark.parametrize("named", [123_000, 100_000])
async def test_a_reversal_names_what_was_asked_or_the_part_and_gives_back_the_part(
    shared: Till, pool: CardPool, named: int
) -> None:
    """A terminal that has heard nothing knows only what it asked."""
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    answer = await shared.ask(sale)
    reversal = shared.reversal(shared.request(Kind.PURCHASE, card, named, stan=sale.key.stan))
    assert (await shared.ask(reversal)).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 0)
    assert (await shared.ask(reversal)).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 0)
    assert (await shared.ask(sale)).reason is Reason.DUPLICATE
    assert answer.part_minor == 100_000


@pytest.mark.parametrize("named", [99_999, 100_001, 123_001, 1])
async def test_a_reversal_of_another_amount_undoes_no_part(
    shared: Till, pool: CardPool, named: int
) -> None:
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    await shared.ask(sale)
    reversal = shared.reversal(shared.request(Kind.PURCHASE, card, named, stan=sale.key.stan))
    assert (await shared.ask(reversal)).reason is Reason.ORIGINAL_NOT_FOUND
    assert shared.balances(card) == (0, 1_000)


async def test_what_was_asked_names_no_sale_that_was_approved_whole(
    shared: Till, pool: CardPool
) -> None:
    """Of a declined one it has nothing to name, either."""
    card = pool.city()
    sale = shared.request(Kind.PURCHASE, card, 123_000, pin="123456")
    await shared.ask(sale)
    assert (await shared.ask(shared.reversal(sale))).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 0)


async def test_a_void_is_of_the_part_for_its_customer_is_told_that(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    answer = await shared.ask(sale)
    original = shared.original(sale, answer)
    whole = shared.request(Kind.VOID, card, 123_000, original=original)
    assert (await shared.ask(whole)).reason is Reason.ORIGINAL_MISMATCH
    part = shared.request(Kind.VOID, card, 100_000, original=original)
    assert (await shared.ask(part)).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 0)
    assert (await shared.ask(shared.reversal(sale))).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 0)


async def test_refunds_give_back_the_part_and_no_more(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    answer = await shared.ask(asked_for(shared, card, 123_000))
    original = Original(rrn=answer.rrn)
    over = shared.request(Kind.REFUND, card, 100_001, terminal_id=ELSEWHERE, original=original)
    assert (await shared.ask(over)).reason is Reason.AMOUNT_LIMIT
    for amount in (40_000, 60_000):
        await shared.sell(
            Kind.REFUND, card, amount, terminal_id=ELSEWHERE, original=original, pin=None
        )
    assert shared.balances(card) == (100_000, 0)
    last = shared.request(Kind.REFUND, card, 1, terminal_id=ELSEWHERE, original=original)
    assert (await shared.ask(last)).reason is Reason.AMOUNT_LIMIT


async def test_points_of_a_part_are_refunded_whole(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    answer = await shared.ask(asked_for(shared, card, 2_500, Kind.POINTS_REDEMPTION))
    for points, reason in ((2_500, Reason.ORIGINAL_MISMATCH), (2_000, Reason.APPROVED)):
        refund = shared.request(
            Kind.REFUND, card, points, unit="P:", original=Original(rrn=answer.rrn)
        )
        assert (await shared.ask(refund)).reason is reason
    assert shared.balances(card) == (100_000, 2_000)


async def test_two_at_once_never_take_more_than_there_is(shared: Till, pool: CardPool) -> None:
    """Each gets what is left when its turn comes: one a part, those behind it nothing."""
    card = pool.city()
    sales = [
        shared.request(
            Kind.PURCHASE,
            card,
            30_000,
            pin="123456",
            besides=TAKES_PART,
            terminal_id=f"{80_010_001 + place}",
        )
        for place in range(8)
    ]
    answers = await shared.ask_all(sales)
    taken = [one.part_minor or 30_000 for one in answers if one.is_approved]
    assert sorted(taken) == [10_000, 30_000, 30_000, 30_000]
    assert shared.balances(card)[0] == 0


async def test_a_terminal_that_says_otherwise_under_the_same_key_is_another_message(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    await shared.ask(sale)
    other = shared.request(Kind.PURCHASE, card, 123_000, pin="123456", stan=sale.key.stan)
    assert (await shared.ask(other)).reason is Reason.DUPLICATE


async def test_a_reversal_that_came_first_leaves_no_part(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    sale = asked_for(shared, card, 123_000)
    assert (await shared.ask(shared.reversal(sale))).reason is Reason.ORIGINAL_NOT_FOUND
    assert (await shared.ask(sale)).reason is Reason.DUPLICATE
    assert shared.balances(card) == (100_000, 0)


async def test_a_part_passes_no_rule_of_the_house_that_the_whole_would_not(till: Till) -> None:
    put_rule(till.dsns, "deny", cards=[1])
    answer = await till.ask(asked_for(till, 1, 123_000))
    assert answer.reason is Reason.NOT_PERMITTED_TO_CARD
    assert till.balances(1)[0] == 100_000


async def test_a_part_counts_where_a_rule_asks_and_its_reversal_gives_it_back(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=1, period="day")
    sale = asked_for(till, 2, 123_000)
    assert (await till.ask(sale)).reason is Reason.PARTLY_APPROVED
    assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(1, 100_000)]
    assert (await till.ask(till.reversal(sale))).reason is Reason.APPROVED
    assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(0, 0)]
