"""Reversals, voids and what comes between: whatever the order, the net effect is right."""

import random
from itertools import product
from types import SimpleNamespace

import msgspec
import pytest

from config.run.database import Dsns
from host.hsm.vault import Vault
from host.model.money import Money
from host.model.requests import KINDS, Kind, Original, Request, Response
from host.model.responses import Reason
from host.shards import home_of, shard_of
from tests.host.conftest import (
    CARDS,
    FIRST,
    LMK,
    MERCHANT_OF,
    TERMINALS,
    CardPool,
    Till,
    trading,
)

SHARDS = 64
SOME = 8
"""Shards of either writer."""
VAULT = Vault(LMK)


def switch_reversal(request: Request) -> Request:
    """What the switch sends when an answer came too late: the terminal's own key, no card."""
    return Request(
        kind=Kind.REVERSAL,
        key=request.key.of_family(KINDS[Kind.REVERSAL].family),
        merchant_id=request.merchant_id,
        amount=request.amount,
        entry_mode="021",
        original=Original(key=request.key, kind=request.kind),
        issued_by_switch=True,
    )


def terminal_reversal(till: Till, request: Request, answer: Response | None = None) -> Request:
    """The terminal's 0400, with all that it may know."""
    return msgspec.structs.replace(
        till.reversal(request),
        pan=request.pan,
        goods="Coffee",
        original=Original(
            key=request.key,
            kind=request.kind,
            rrn=answer.rrn if answer else None,
            auth_code=answer.auth_code if answer else None,
        ),
    )


@pytest.mark.parametrize(
    ("kind", "amount"),
    [(Kind.PURCHASE, 12_300), (Kind.CASH_LOAD, 5_000), (Kind.POINTS_REDEMPTION, 500)],
)
async def test_a_reversal_undoes_all_once(
    shared: Till, pool: CardPool, kind: Kind, amount: int
) -> None:
    card = pool.with_points()
    before = shared.balances(card)
    sale, answer = await shared.sell(kind, card, amount)
    assert shared.balances(card) != before
    first = await shared.ask(terminal_reversal(shared, sale, answer))
    assert first.is_approved
    assert shared.balances(card) == before
    assert await shared.ask(switch_reversal(sale)) == first
    assert await shared.ask(terminal_reversal(shared, sale)) == first
    assert shared.balances(card) == before


async def test_a_void_that_names_its_sale_by_reference_alone_finds_it_on_any_shard(
    shared: Till, pool: CardPool
) -> None:
    for card in (pool.city() for _ in range(2 * SOME)):
        _, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
        void = shared.request(Kind.VOID, amount=1_000, original=Original(rrn=answer.rrn))
        first = await shared.ask(void)
        assert (first.reason, shared.balances(card)[0]) == (Reason.APPROVED, 100_000)
        assert await shared.ask(void) == first


async def test_a_reversal_that_comes_first_blocks_its_original_for_ever(
    audited_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(audited_estate) as till:
        sale = till.request(Kind.PURCHASE, card, 100, pin="123456")
        early = await till.ask(switch_reversal(sale))
        assert early.reason is Reason.ORIGINAL_NOT_FOUND
        late = await till.ask(sale)
        assert late.reason is Reason.DUPLICATE
        assert await till.ask(sale) == late
    async with trading(audited_estate) as till:
        assert await till.ask(sale) == late
        assert await till.ask(terminal_reversal(till, sale)) == early
        assert till.balances(card) == (100_000, 0)
        assert till.journals(sale) == 0


async def test_a_reversal_of_what_was_declined_has_nothing_to_undo(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = shared.request(Kind.PURCHASE, card, 100_001, pin="123456")
    assert (await shared.ask(sale)).reason is Reason.INSUFFICIENT_FUNDS
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert shared.balances(card) == (100_000, 0)


async def test_a_reversal_whose_codes_could_not_be_read_is_done_by_its_key_and_amount(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = shared.request(Kind.PURCHASE, card, 1_000, pin="123456")
    assert (await shared.ask(sale)).is_approved
    undone = shared.reversal(sale)
    nameless = msgspec.structs.replace(undone, original=Original(key=sale.key))
    other = msgspec.structs.replace(nameless, amount=Money(999, "CNY"))
    assert (await shared.ask(nameless)).is_approved
    assert shared.balances(card)[0] == 100_000
    assert (await shared.ask(other)).reason is Reason.DUPLICATE


async def test_a_reversal_without_a_card_number_finds_the_card_on_any_shard(
    audited_estate: Dsns, pool: CardPool
) -> None:
    """Homes and shards of both writers, each with each, and so both ways."""
    homes = {home_of(terminal, SHARDS) % 4: terminal for terminal in [*TERMINALS][:32]}
    cards: dict[int, int] = {}
    while len(cards) < SOME:
        card = pool.city()
        cards[shard_of(VAULT.pan_hash(CARDS[card].pan), SHARDS) % SOME] = card
    async with trading(audited_estate) as till:
        sales = [
            till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=terminal)
            for terminal, card in product(homes.values(), cards.values())
        ]
        assert all(one.is_approved for one in await till.ask_all(sales))
        reversed_ = await till.ask_all([switch_reversal(sale) for sale in sales])
        assert all(one.is_approved for one in reversed_)
        assert [till.balances(card) for card in cards.values()] == [(100_000, 0)] * SOME


async def test_a_void_without_a_card_number_finds_its_sale_on_any_shard(
    shared: Till, pool: CardPool
) -> None:
    for card in (pool.city() for _ in range(8)):
        sale, answer = await shared.sell(Kind.PURCHASE, card, 100)
        void = shared.request(Kind.VOID, amount=100, original=shared.original(sale, answer))
        voided = await shared.ask(void)
        assert voided.balance == Money(100_000, "CNY")
        assert (await shared.ask(switch_reversal(void))).is_approved
        assert shared.balances(card) == (99_900, 1)


async def test_a_void_that_was_reversed_may_be_done_again(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 10_000)
    after_sale = shared.balances(card)
    for _ in range(3):
        original = shared.original(sale, answer)
        void, _ = await shared.sell(Kind.VOID, card, 10_000, original=original)
        assert shared.balances(card) == (100_000, 0)
        assert (await shared.ask(shared.reversal(void))).is_approved
        assert shared.balances(card) == after_sale
    await shared.sell(Kind.REFUND, card, 10_000, original=Original(rrn=answer.rrn))
    assert shared.balances(card) == (100_000, 0)


async def test_the_reversal_of_a_voided_sale_finds_nothing_left(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 10_000)
    await shared.sell(Kind.VOID, card, 10_000, original=shared.original(sale, answer))
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert shared.balances(card) == (100_000, 0)


async def test_a_sale_that_was_voided_and_then_reversed_does_not_stand_again(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 10_000)
    void, _ = await shared.sell(Kind.VOID, card, 10_000, original=shared.original(sale, answer))
    told = await shared.ask(shared.reversal(sale))
    assert told.is_approved
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert shared.balances(card) == (100_000, 0)
    assert await shared.ask(shared.reversal(sale)) == told
    for over in (sale, void):
        assert (await shared.ask(over)).reason is Reason.DUPLICATE
    assert shared.balances(card) == (100_000, 0)


async def test_a_load_that_was_spent_is_not_reversed_and_its_merchant_still_owes_the_cash(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    elsewhere = next(one for one in MERCHANT_OF if MERCHANT_OF[one] != MERCHANT_OF[FIRST])
    load, _ = await shared.sell(Kind.CASH_LOAD, card, 400_000)
    await shared.sell(Kind.PURCHASE, card, 400_000, terminal_id=elsewhere)
    owed = moved(shared, card, "load_agent_receivable")
    refused = await shared.ask(shared.reversal(load))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS, "3,000.00 short of it, and none is taken"
    assert shared.balances(card)[0] == 100_000
    assert (moved(shared, card, "load_agent_receivable"), owed) == (-400_000, -400_000)
    assert moved(shared, card, "suspense") == 0
    await shared.sell(Kind.CASH_LOAD, card, 300_000)
    assert await shared.ask(shared.reversal(load)) == refused, "refused once, refused for good"


async def test_a_void_whose_money_was_spent_is_not_reversed(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 100_000)
    void, _ = await shared.sell(Kind.VOID, card, 100_000, original=shared.original(sale, answer))
    await shared.sell(Kind.PURCHASE, card, 60_000)
    assert (await shared.ask(shared.reversal(void))).reason is Reason.INSUFFICIENT_FUNDS
    assert shared.balances(card)[0] == 40_000
    assert moved(shared, card, "merchant_payable") == 60_000, "for what stands, once"
    assert moved(shared, card, "suspense") == 0


async def test_a_voided_redemption_whose_points_were_spent_is_not_put_back(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear_with_points()
    sale, answer = await shared.sell(Kind.POINTS_REDEMPTION, card, 2_000)
    void, _ = await shared.sell(
        Kind.VOID, card, 2_000, unit="P:", original=shared.original(sale, answer)
    )
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_500)
    assert (await shared.ask(shared.reversal(void))).reason is Reason.INSUFFICIENT_FUNDS
    assert shared.balances(card)[1] == 500
    assert moved(shared, card, "merchant_points") == 1_500


async def test_an_earning_whose_points_were_spent_is_not_reversed(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear()
    earning, told = await shared.sell(Kind.POINTS_EARN, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, told.points_earned)
    assert (await shared.ask(shared.reversal(earning))).reason is Reason.INSUFFICIENT_FUNDS
    assert moved(shared, card, "points_issued") == -told.points_earned


async def test_points_of_a_reversed_sale_that_were_spent_are_owed_by_who_sold(
    shared: Till, pool: CardPool
) -> None:
    """Where no debt of points is allowed. The card has its money back, the issuer bears nothing."""
    card = pool.pear()
    sale, _ = await shared.sell(Kind.PURCHASE, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, 700)
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert shared.balances(card) == (100_000, 0)
    assert moved(shared, card, "merchant_points") == 700 - 700
    assert moved(shared, card, "points_issued") == 0
    assert moved(shared, card, "suspense") == 0


async def test_points_that_were_spent_become_a_debt_where_it_is_allowed(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, 400)
    await shared.sell(Kind.VOID, card, 50_000, original=shared.original(sale, answer))
    assert shared.balances(card) == (100_000, -400)
    assert moved(shared, card, "suspense") == 0
    await shared.sell(Kind.PURCHASE, card, 45_000)
    assert shared.balances(card) == (55_000, 50)
    declined = await shared.ask(shared.request(Kind.POINTS_REDEMPTION, card, 100))
    assert declined.reason is Reason.INSUFFICIENT_FUNDS


async def test_voids_and_reversals_of_redemptions_never_overfill_a_lot(
    shared: Till, pool: CardPool
) -> None:
    """The lot that a void filled is emptied by another redemption before the void is reversed."""
    points = 2_000
    for card in (pool.pear_with_points(), pool.with_points()):
        await shared.sell(Kind.PURCHASE, card, 100_000)
        before = shared.balances(card)
        first, first_answer = await shared.sell(Kind.POINTS_REDEMPTION, card, points)
        void, _ = await shared.sell(
            Kind.VOID, card, points, unit="P:", original=shared.original(first, first_answer)
        )
        second, second_answer = await shared.sell(Kind.POINTS_REDEMPTION, card, points)
        assert (await shared.ask(shared.reversal(void))).is_approved
        for sale, answer in ((first, first_answer), (second, second_answer)):
            await shared.sell(
                Kind.VOID, card, points, unit="P:", original=shared.original(sale, answer)
            )
        assert shared.balances(card) == before
        lots = "SELECT 1 FROM lot WHERE remaining <> points AND account_id ="
        whose = " (SELECT account_id FROM purse WHERE card_id = %s AND unit <> 'CNY')"
        assert shared.sql(lots + whose, card) == []


@pytest.mark.counted
async def test_whatever_the_order_a_purchase_and_its_reversals_leave_nothing(
    shared: Till, pool: CardPool, counts: SimpleNamespace
) -> None:
    """Copies of a purchase, of the switch's reversal and of the terminal's, shuffled, on
    terminals whose cards are the same few."""
    dice = random.Random(counts.seed)
    terminals = [terminal for terminal in TERMINALS if terminal < "80010033"]
    cards = [pool.city() for _ in range(10)]
    asked: list[Request] = []
    for number in range(counts.orders):
        terminal = terminals[number % len(terminals)]
        sale = shared.request(
            Kind.PURCHASE, dice.choice(cards), dice.randint(1, 9_000), pin="123456",
            terminal_id=terminal,
        )  # fmt: skip
        family = [sale] * dice.randint(1, 3)
        family += [switch_reversal(sale)] * dice.randint(0, 2)
        family += [terminal_reversal(shared, sale)] * dice.randint(1, 2)
        dice.shuffle(family)
        asked += family
    undone = 0
    for start in range(0, len(asked), 60):
        batch = asked[start : start + 60]
        for request, answer in zip(batch, await shared.ask_all(batch), strict=True):
            if request.kind is Kind.REVERSAL:
                assert answer.reason in {Reason.APPROVED, Reason.ORIGINAL_NOT_FOUND}
                undone += answer.is_approved
            else:
                assert answer.reason in {Reason.APPROVED, Reason.DUPLICATE}
    assert undone
    assert [shared.balances(card) for card in cards] == [(100_000, 0)] * len(cards)


async def test_a_reversal_right_behind_its_original_finds_it(shared: Till, pool: CardPool) -> None:
    """Both are taken before either is posted; the terminal's line keeps them in order."""
    cards = [pool.city() for _ in range(8)]
    sales = [
        shared.request(Kind.PURCHASE, card, 500, pin="123456", terminal_id=f"{80_010_001 + place}")
        for place, card in enumerate(cards)
    ]
    answers = await shared.ask_all([*sales, *map(switch_reversal, sales)])
    assert all(answer.is_approved for answer in answers)
    assert [shared.balances(card) for card in cards] == [(100_000, 0)] * len(cards)


def moved(till: Till, card: int, chart: str) -> int:
    """Credits less debits of accounts of this kind by trade of this card."""
    rows = till.sql(
        "SELECT coalesce(sum(m.amount_minor), 0) FROM movement AS m"
        " JOIN ledger_account AS a ON a.id = m.account_id"
        " JOIN journal AS j ON j.shard = m.shard AND j.id = m.journal_id"
        " WHERE j.card_id = %s AND a.chart = %s AND j.kind <> 'opening'",
        card,
        chart,
    )
    return int(rows[0][0])
