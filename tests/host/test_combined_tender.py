"""One purchase by points and money: what each pays, and that it comes back in reverse."""

import datetime as dt
from typing import Any

import pytest

from host.model.requests import Besides, Drawn, Kind, Original, Request, ToldBesides
from host.model.responses import Reason
from tests.host.conftest import CARDS, CardPool, Till

ELSEWHERE = "80010009"


def combined(
    till: Till, card: int, amount: int, *, part: bool = False, most: int | None = None, **more: Any
) -> Request:
    """Points as many as there are, unless there is said how many at most."""
    besides = Besides(takes_part=part, points_max=most)
    more.setdefault("pin", "123456")
    return till.request(Kind.COMBINED_PURCHASE, card, amount, besides=besides, **more)


def legs_of(till: Till, request: Request) -> list[tuple[str, str, int]]:
    return till.sql(
        "SELECT d.chart, c.chart, e.amount_minor FROM journal AS j"
        " JOIN entry AS e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account AS d ON d.id = e.debit_account"
        " JOIN ledger_account AS c ON c.id = e.credit_account"
        " WHERE j.slot = %s ORDER BY e.leg",
        request.key.text,
    )


async def test_points_pay_first_in_whole_steps_and_money_the_rest(
    shared: Till, pool: CardPool
) -> None:
    """S1-45, S3-11, S4-57: 2,000 points are worth 20.00."""
    card = pool.with_points()
    sale = combined(shared, card, 12_345)
    answer = await shared.ask(sale)
    assert answer.reason is Reason.APPROVED
    assert answer.besides == ToldBesides(
        points_worth_minor=2_000, drawn=(Drawn(CARDS[card].pan.masked, 10_345),)
    )
    assert (answer.points_used, answer.self_pay_minor) == (2_000, 0)
    assert legs_of(shared, sale) == [
        ("card_points", "points_issued", 2_000),
        ("issuer_funds", "merchant_payable", 2_000),
        ("card_value", "merchant_payable", 10_345),
        ("points_issued", "card_points", 103),
    ]
    assert shared.balances(card) == (89_655, 103)
    assert await shared.ask(sale) == answer


@pytest.mark.parametrize(
    ("amount", "most", "points"),
    [
        (12_345, 1_950, 1_900),
        (12_345, 0, 0),
        (12_345, 99, 0),
        (199, None, 100),
        (99, None, 0),
        (12_345, 10**9, 2_000),
        (2_000, None, 2_000),
    ],
)
async def test_a_till_says_how_many_points_at_most_and_an_amount_takes_whole_steps(
    shared: Till, pool: CardPool, amount: int, most: int | None, points: int
) -> None:
    card = pool.with_points()
    answer = await shared.ask(combined(shared, card, amount, most=most))
    assert answer.is_approved
    assert answer.points_used == points
    money = amount - points
    assert shared.balances(card) == (100_000 - money, 2_000 - points + money // 100)


async def test_points_of_a_programme_without_a_price_pay_nothing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear_with_points()
    answer = await shared.ask(combined(shared, card, 12_345))
    assert (answer.reason, answer.points_used) == (Reason.APPROVED, 0)
    assert shared.balances(card)[0] == 87_655


async def test_what_both_do_not_cover_is_refused_or_told_as_a_part(
    shared: Till, pool: CardPool
) -> None:
    """S3-11: the rest is told to the till."""
    card = pool.with_points()
    answer = await shared.ask(combined(shared, card, 102_001))
    assert answer.reason is Reason.INSUFFICIENT_FUNDS
    answer = await shared.ask(combined(shared, card, 110_050, part=True))
    assert (answer.reason, answer.part_minor) == (Reason.PARTLY_APPROVED, 102_000)
    assert answer.self_pay_minor == 8_050
    assert answer.besides is not None
    assert answer.besides.points_worth_minor == 2_000
    assert shared.balances(card) == (0, 1_000)


@pytest.mark.parametrize("named", ["asked", "part"])
async def test_a_lost_answer_is_reversed_whole_points_to_their_lots(
    shared: Till, pool: CardPool, named: str
) -> None:
    card = pool.with_points()
    sale = combined(shared, card, 110_050, part=True)
    answer = await shared.ask(sale)
    amount = 110_050 if named == "asked" else answer.part_minor
    reversal = shared.reversal(combined(shared, card, amount, stan=sale.key.stan))
    assert (await shared.ask(reversal)).reason is Reason.APPROVED
    assert shared.balances(card) == (100_000, 2_000)
    assert (await shared.ask(reversal)).reason is Reason.APPROVED
    assert (await shared.ask(sale)).reason is Reason.DUPLICATE
    assert shared.balances(card) == (100_000, 2_000)
    assert (await shared.ask(combined(shared, card, 2_000))).points_used == 2_000


async def test_a_void_gives_all_of_it_back_and_its_reversal_takes_it_again(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    sale, answer = await shared.sell(
        Kind.COMBINED_PURCHASE, card, 12_345, pin="123456", besides=Besides()
    )
    void = shared.request(Kind.VOID, card, 12_345, original=shared.original(sale, answer))
    assert (await shared.ask(void)).is_approved
    assert shared.balances(card) == (100_000, 2_000)
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert shared.balances(card) == (89_655, 103)


async def refund(till: Till, card: int, rrn: str, amount: int) -> Reason:
    asked = till.request(
        Kind.REFUND, card, amount, terminal_id=ELSEWHERE, original=Original(rrn=rrn)
    )
    return (await till.ask(asked)).reason


async def test_refunds_give_money_back_first_then_points(shared: Till, pool: CardPool) -> None:
    """S1-42: the last tender is the first that is given back."""
    card = pool.with_points()
    _, answer = await shared.sell(
        Kind.COMBINED_PURCHASE, card, 12_000, pin="123456", besides=Besides()
    )
    assert shared.balances(card) == (90_000, 100)
    assert await refund(shared, card, answer.rrn, 4_000) is Reason.APPROVED
    assert shared.balances(card) == (94_000, 60)
    assert await refund(shared, card, answer.rrn, 6_500) is Reason.APPROVED
    assert shared.balances(card) == (100_000, 500)
    assert await refund(shared, card, answer.rrn, 1_000) is Reason.APPROVED
    assert await refund(shared, card, answer.rrn, 501) is Reason.AMOUNT_LIMIT
    assert await refund(shared, card, answer.rrn, 500) is Reason.APPROVED
    assert shared.balances(card) == (100_000, 2_000)
    assert (await shared.ask(combined(shared, card, 2_000))).points_used == 2_000


async def test_a_refund_in_one_is_a_refund_in_parts(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    _, answer = await shared.sell(
        Kind.COMBINED_PURCHASE, card, 12_345, pin="123456", besides=Besides()
    )
    assert await refund(shared, card, answer.rrn, 12_345) is Reason.APPROVED
    assert shared.balances(card) == (100_000, 2_000)


async def test_no_half_point_is_given_back(till: Till) -> None:
    """30 points pay 1.00 here: what is given back of that is worth whole points, or refused."""
    till.sql("INSERT INTO points_price VALUES ('CITY', '2026-11-22', 30, 100)")
    await till.poster.reload()
    sale, answer = await till.sell(
        Kind.COMBINED_PURCHASE, 5, 2_000, pin="123456", besides=Besides(points_max=600)
    )
    assert (sale.kind, answer.points_used) == (Kind.COMBINED_PURCHASE, 600)
    assert await refund(till, 5, answer.rrn, 1) is Reason.ORIGINAL_MISMATCH
    assert await refund(till, 5, answer.rrn, 10) is Reason.APPROVED
    assert await refund(till, 5, answer.rrn, 1_990) is Reason.APPROVED


async def test_a_price_is_of_the_day_on_which_something_is_bought(till: Till) -> None:
    till.sql("INSERT INTO points_price VALUES ('CITY', '2026-11-23', 100, 200)")
    await till.poster.reload()
    card = 10
    first = await till.ask(combined(till, card, 100))
    assert first.points_used == 100
    till.turn_the_date(dt.date(2026, 11, 23))
    second = await till.ask(combined(till, card, 200))
    assert second.points_used == 100


async def test_two_at_once_never_spend_a_point_twice(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    sales = [
        combined(shared, card, 1_500, terminal_id=f"{80_010_001 + place}") for place in range(8)
    ]
    answers = await shared.ask_all(sales)
    assert all(one.is_approved for one in answers)
    assert sum(one.points_used for one in answers) >= 2_000
    money = sum(1_500 - (one.besides.points_worth_minor if one.besides else 0) for one in answers)
    assert shared.balances(card)[0] == 100_000 - money


async def test_of_two_terminals_that_redeem_the_same_points_at_once_one_has_them(
    shared: Till, pool: CardPool
) -> None:
    """The other hears that there are too few, now and whenever it asks again."""
    card = pool.with_points()
    asked = [
        shared.request(Kind.POINTS_REDEMPTION, card, 1_500, terminal_id=name)
        for name in ("80010001", "80010009")
    ]
    answers = await shared.ask_all(asked)
    assert sorted(one.reason for one in answers) == [
        Reason.APPROVED, Reason.INSUFFICIENT_FUNDS,
    ]  # fmt: skip
    assert await shared.ask_all(asked) == answers
    assert shared.balances(card)[1] == 500


async def test_points_that_a_sale_earned_and_that_are_spent_are_no_reason_to_keep_its_money(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    sale, _ = await shared.sell(
        Kind.COMBINED_PURCHASE, card, 12_000, pin="123456", besides=Besides()
    )
    await shared.sell(Kind.POINTS_REDEMPTION, card, 100)
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert shared.balances(card) == (100_000, 1_900)


async def test_nor_where_a_card_may_owe_no_points_but_who_sold_owes_them(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear()
    asked = {"pin": "123456", "besides": Besides()}
    sale, told = await shared.sell(Kind.COMBINED_PURCHASE, card, 50_000, **asked)
    assert told.points_earned == 1_000
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_000)
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert shared.balances(card) == (100_000, 0)
    owed = ("merchant_points", "points_issued", 1_000)
    undone = shared.reversal(sale)
    assert owed in legs_of(shared, undone)


async def test_what_only_held_money_would_cover_beside_points_says_that_it_is_held(
    shared: Till, pool: CardPool
) -> None:
    """2,000 points pay 20.00: with what is held, 102,000 would do, and a fen more would not."""
    card = pool.with_points()
    await shared.sell(Kind.PREAUTH, card, 90_000, pin="123456")
    answer = await shared.ask(combined(shared, card, 102_000))
    assert answer.reason is Reason.VALUE_HELD
    answer = await shared.ask(combined(shared, card, 102_001))
    assert answer.reason is Reason.INSUFFICIENT_FUNDS


@pytest.mark.parametrize("kind", [Kind.REVERSAL, Kind.VOID, Kind.REFUND])
async def test_what_a_sale_earned_is_not_taken_from_the_lots_that_its_points_go_back_to(
    shared: Till, pool: CardPool, kind: Kind
) -> None:
    card = pool.with_points()
    before, paid = await shared.sell(Kind.POINTS_REDEMPTION, card, 200)
    sale, answer = await shared.sell(
        Kind.COMBINED_PURCHASE, card, 12_000, pin="123456", besides=Besides()
    )
    assert answer.points_used == 1_800
    await shared.sell(Kind.POINTS_REDEMPTION, card, 102)
    named = shared.original(before, paid)
    back = shared.request(Kind.VOID, card, 200, unit="P:", original=named)
    assert (await shared.ask(back)).is_approved
    undo = shared.reversal(sale)
    if kind is not Kind.REVERSAL:
        named = shared.original(sale, answer) if kind is Kind.VOID else Original(rrn=answer.rrn)
        undo = shared.request(kind, card, 12_000, original=named)
    assert (await shared.ask(undo)).is_approved
    assert shared.balances(card) == (100_000, 1_898)
