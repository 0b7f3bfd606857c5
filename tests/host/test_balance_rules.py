"""What may be on a card: every way by which money comes onto one, at the bounds to the fen."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.ruling import LOADS
from host.rules.states import Use
from host.rules.transactions import TRANSACTIONS
from tests.host.conftest import CardPool, Till, asking_of
from tests.host.rule_makers import put_rule, switch_on
from tests.host.stock.conftest import Stock
from tests.host.test_gifts import SENDER, bind, claiming, money, send
from tests.host.test_merging import merge, own_cards
from tests.host.test_moves import drive, states
from tests.host.test_vouchers import load as load_by_code
from tests.host.test_vouchers import made

CITY = 1
ANONYMOUS, REGISTERED = 100_000, 500_000
"""CN-PREPAID, in fen; a card of the pool has 100,000 to begin with."""


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


async def fill(till: Till, card: int, up_to: int) -> None:
    """Exactly so much is on it."""
    [has] = money(till, card)
    if has > up_to:
        assert (await till.buy(card, has - up_to)).is_approved
    while has < up_to:
        step = min(up_to - has, 400_000)
        assert (await till.load(card, step)).is_approved
        has += step


@pytest.mark.parametrize("bound", [ANONYMOUS, REGISTERED])
async def test_cash_comes_to_the_bound_of_the_prepaid_pack_and_not_a_fen_beyond(
    till: Till, pool: CardPool, bound: int
) -> None:
    """S1-07: 1,000.00 CNY on an anonymous card, 5,000.00 on a registered one."""
    card = pool.city()
    await fill(till, card, bound - 100)
    if bound == REGISTERED:
        bind(till, card, SENDER)
    switch_on(till.dsns, "CN-PREPAID", CITY)
    assert (await till.load(card, 101)).reason is Reason.AMOUNT_LIMIT
    assert (await till.load(card, 100)).is_approved
    assert (await till.load(card, 1)).reason is Reason.AMOUNT_LIMIT
    assert money(till, card) == [bound]


@pytest.mark.parametrize("room", [0, -1])
async def test_a_voucher_is_put_onto_a_card_up_to_the_bound(
    till: Till, stock: Stock, room: int
) -> None:
    [code] = made(stock, may_load=True)
    [(card, issuer, face)] = stock.rows(
        "SELECT o.id, b.issuer_id, b.face_minor FROM card AS c"
        " JOIN card_batch_part AS p ON p.id = c.part_id JOIN card_batch AS b ON b.id = p.batch_id"
        " JOIN card AS o ON o.issuer_id = b.issuer_id AND o.part_id IS NULL"
        " WHERE c.pan_masked = %s ORDER BY o.id OFFSET 20 LIMIT 1", code.masked,
    )  # fmt: skip
    [has] = money(till, card)
    put_rule(till.dsns, "balance_max", amount_minor=has + face + room, unit="CNY",
             issuer_id=issuer)  # fmt: skip
    answer = await till.ask(load_by_code(till, card, code))
    assert answer.reason is (Reason.APPROVED if room == 0 else Reason.AMOUNT_LIMIT)
    assert money(till, card) == [has + face if room == 0 else has]


async def test_a_gift_is_claimed_up_to_the_bound_and_waits_where_it_is_too_much(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    [has] = money(till, gift.getter)
    number = put_rule(till.dsns, "balance_max", amount_minor=has + 1, unit="CNY")
    refused = await asking_of(till).ask(claiming(till, gift))
    assert refused.reason is Reason.AMOUNT_LIMIT
    assert till.sql("SELECT rule_id, outcome FROM rule_told") == [(number, "denied")]
    till.sql("UPDATE rule SET amount_minor = 500000 WHERE id = %s", number)
    await till.poster.reload()
    assert (await asking_of(till).ask(claiming(till, gift))).is_approved


async def test_a_merge_above_the_bound_comes_back_where_it_was(till: Till, pool: CardPool) -> None:
    giver, getter = own_cards(till, pool.city)
    put_rule(till.dsns, "balance_max", amount_minor=199_999, unit="CNY")
    merge(till, giver, getter)
    await drive(till)
    assert (money(till, giver, getter), states(till)) == ([100_000, 100_000], ["refused"])


async def test_what_was_the_cards_own_comes_back_whatever_it_has(
    till: Till, pool: CardPool
) -> None:
    """A refund, a void and a reversal are no loads."""
    card = pool.city()
    sales = [await till.sell(Kind.PURCHASE, card, 1_000) for _ in range(3)]
    assert (await till.load(card, 3_000)).is_approved
    switch_on(till.dsns, "CN-PREPAID", CITY)
    for undo, (sale, answer) in zip((Kind.REFUND, Kind.VOID, Kind.REVERSAL), sales, strict=True):
        back: Any = (
            till.reversal(sale)
            if undo is Kind.REVERSAL
            else till.request(undo, card, 1_000, original=till.original(sale, answer))
        )
        assert (await till.ask(back)).is_approved
    assert money(till, card) == [ANONYMOUS + 3_000]
    assert (await till.load(card, 1)).reason is Reason.AMOUNT_LIMIT


async def test_what_is_paid_for_points_is_counted_in_money(till: Till, pool: CardPool) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_500, unit="CNY", period="day",
             kinds=["points_earn"])  # fmt: skip
    card = pool.city()
    earned = [await till.ask(till.request(Kind.POINTS_EARN, card, 1_000)) for _ in range(2)]
    assert [one.reason for one in earned] == [Reason.APPROVED, Reason.AMOUNT_LIMIT]
    assert till.sql("SELECT amount_minor FROM usage_counter") == [(1_000,)]


NO_MONEY = {
    Kind.POINTS_EARN: "points alone",
    Kind.LOAD_VERIFICATION: "moves nothing",
}


def test_every_kind_that_puts_something_onto_a_card_is_known_to_rules_of_the_balance() -> None:
    loading = {
        kind for kind, rule in TRANSACTIONS.items() if rule.use in {Use.LOAD, Use.SELL, Use.BIND}
    }
    assert loading - LOADS.keys() == NO_MONEY.keys()
