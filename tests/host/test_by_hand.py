"""What people at the office post: adjustments, and what is left of a voided card."""

from collections.abc import Callable
from typing import Any

import pytest

from config.run.database import Dsns
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import (
    Adjustment,
    AdjustmentClass,
    Against,
    CardAt,
    Direction,
    OwnKey,
    OwnRequest,
)
from host.model.requests import KINDS, Kind, Request, Response
from host.model.responses import Reason
from host.rules.own_postings import OWN_LEGS
from host.rules.transactions import TRANSACTIONS
from tests.host.conftest import CardPool, Till, asking_of, audit_ledger, card_at, trading

pytestmark = pytest.mark.usefixtures("sharing")

LIMIT = 1_000_000
"""What a card of the city may hold, and what is on one: 1,000.00."""
HELD = 100_000


async def adjust(
    till: Till,
    card: int,
    amount: int,
    direction: Direction = Direction.CREDIT,
    against: Against = Against.ISSUER_FUNDS,
    name: str = "1",
    unit: str = "CNY",
) -> Response:
    told = Adjustment(direction=direction, why=AdjustmentClass.ERROR, against=against)
    return await asking_of(till).ask(
        OwnRequest(
            kind=Kind.ADJUSTMENT,
            key=OwnKey(Origin.OFFICE, "li.wei", "card.adjust", f"{card}-{name}"),
            card=card_at(till, card),
            amount=Money(amount, unit),
            adjustment=told,
        )
    )


async def void(till: Till, card: int, name: str = "1") -> Response:
    key = OwnKey(Origin.OFFICE, "li.wei", "card.void", f"{card}-{name}")
    return await asking_of(till).ask(
        OwnRequest(kind=Kind.CARD_VOID, key=key, card=card_at(till, card))
    )


def put(till: Till, card: int, status: str) -> None:
    """As the office does; the next batch knows."""
    till.sql("UPDATE card SET status = %s WHERE id = %s", status, card)


def legs(till: Till, kind: Kind, card: int) -> list[tuple[Any, ...]]:
    return till.sql(
        "SELECT d.chart, c.chart, e.amount_minor, e.unit FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = e.debit_account"
        " JOIN ledger_account c ON c.id = e.credit_account"
        " WHERE j.kind = %s AND j.card_id = %s ORDER BY j.id, e.leg",
        kind,
        card,
    )


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("against", Against)
async def test_an_adjustment_moves_value_between_card_and_who_bears_it(
    till: Till, pool: CardPool, against: Against
) -> None:
    card = pool.city()
    given = await adjust(till, card, 700, against=against)
    taken = await adjust(till, card, 200, Direction.DEBIT, against, name="2")
    assert (given.reason, given.balance) == (Reason.APPROVED, Money(HELD + 700, "CNY"))
    assert (taken.reason, taken.balance) == (Reason.APPROVED, Money(HELD + 500, "CNY"))
    assert legs(till, Kind.ADJUSTMENT, card) == [
        (against, "card_value", 700, "CNY"),
        ("card_value", against, 200, "CNY"),
    ]
    why = till.sql(
        "SELECT a.why, a.about_rrn, j.made_by, j.origin FROM adjustment AS a"
        " JOIN journal AS j ON j.shard = a.shard AND j.id = a.journal_id ORDER BY j.id"
    )
    assert why == [("error", None, "li.wei", "office")] * 2


async def test_an_adjustment_is_posted_once_a_key_whatever_is_asked_again(
    estate_database: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(estate_database) as till:
        first = await adjust(till, card, 700)
        assert await adjust(till, card, 700) == first
    async with trading(estate_database) as till:
        assert await adjust(till, card, 700) == first
        other = await adjust(till, card, 701)
        turned = await adjust(till, card, 700, Direction.DEBIT)
        assert {other.reason, turned.reason} == {Reason.DUPLICATE}
        assert till.balances(card) == (HELD + 700, 0)
    audit_ledger(estate_database)


Prepare = Callable[[Till, int], None]


def nothing(_till: Till, _card: int) -> None:
    """The card is as it was."""


def gone(status: str) -> Prepare:
    return lambda till, card: put(till, card, status)


DECLINES: list[tuple[Reason, Prepare, dict[str, Any]]] = [
    (Reason.INVALID_AMOUNT, nothing, {"amount": 0}),
    (Reason.INVALID_AMOUNT, nothing, {"amount": 1, "unit": "USD"}),
    (Reason.NOT_PERMITTED_TO_CARD, gone("voided"), {"amount": 1}),
    (Reason.NOT_PERMITTED_TO_CARD, gone("replaced"), {"amount": 1}),
    (Reason.INSUFFICIENT_FUNDS, nothing, {"amount": HELD + 1, "direction": Direction.DEBIT}),
    (Reason.AMOUNT_LIMIT, nothing, {"amount": LIMIT}),
]


@pytest.mark.parametrize(("reason", "prepare", "how"), DECLINES)
async def test_an_adjustment_is_declined_and_stays_so(
    till: Till, pool: CardPool, reason: Reason, prepare: Prepare, how: dict[str, Any]
) -> None:
    card = pool.city()
    prepare(till, card)
    answer = await adjust(till, card, **how)
    assert (answer.reason, answer.is_approved) == (reason, False)
    put(till, card, "active")
    assert await adjust(till, card, **how) == answer
    assert till.balances(card) == (HELD, 0)


async def test_a_card_that_is_not_there_is_neither_adjusted_nor_voided(till: Till) -> None:
    nowhere = CardAt(0, b"nothing has this")
    for kind, told in (
        (Kind.ADJUSTMENT, {"amount": Money(1, "CNY")}),
        (Kind.CARD_VOID, {}),
        (Kind.CARD_OPENING, {"amount": Money(1, "CNY")}),
    ):
        key = OwnKey(Origin.OFFICE, "li", "nowhere", kind.value)
        own = OwnRequest(kind=kind, key=key, card=nowhere, **told)  # type: ignore[arg-type]
        assert (await asking_of(till).ask(own)).reason is Reason.CARD_NOT_FOUND


async def test_what_is_left_of_a_voided_card_goes_to_issuer_and_programme(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    await till.buy(card, 700)
    put(till, card, "voided")
    answer = await void(till, card)
    assert (answer.reason, answer.balance) == (Reason.APPROVED, Money(0, "CNY"))
    unit = till.sql("SELECT unit FROM purse WHERE card_id = %s AND starts_with(unit, 'P:')", card)
    assert legs(till, Kind.CARD_VOID, card) == [
        ("card_value", "issuer_funds", HELD - 700, "CNY"),
        ("card_points", "breakage", 2_007, unit[0][0]),
    ]
    assert till.balances(card) == (0, 0)
    assert await void(till, card) == answer
    again = await void(till, card, "2")
    assert again.is_approved
    assert len(legs(till, Kind.CARD_VOID, card)) == 2


async def test_a_debt_of_points_is_not_written_off_with_the_card(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 50_000)
    await till.sell(Kind.POINTS_REDEMPTION, card, 400)
    await till.sell(Kind.VOID, card, 50_000, original=till.original(sale, answer))
    put(till, card, "voided")
    assert (await void(till, card)).is_approved
    assert till.balances(card) == (0, -400)


async def test_more_lots_than_are_read_at_first_are_all_written_off(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    for _ in range(3):
        sales = [
            till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + n}")
            for n in range(25)
        ]
        assert {one.reason for one in await till.ask_all(sales)} == {Reason.APPROVED}
    put(till, card, "voided")
    assert (await void(till, card)).is_approved
    assert till.balances(card) == (0, 0)


async def test_a_card_that_may_still_be_loaded_is_not_written_off(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    assert (await void(till, card)).reason is Reason.NOT_PERMITTED_TO_CARD
    assert till.balances(card) == (HELD, 0)


async def held(till: Till, card: int, amount: int) -> Request:
    """A merchant is promised so much of it."""
    asked = till.request(Kind.PREAUTH, card, amount, pin="123456")
    assert (await till.ask(asked)).is_approved
    return asked


async def test_what_is_held_of_a_voided_card_is_written_off_once_it_is_free(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked = await held(till, card, 60_000)
    put(till, card, "voided")
    assert (await void(till, card)).is_approved
    assert till.balances(card) == (60_000, 0)
    assert (await till.ask(till.reversal(asked))).is_approved
    assert (await void(till, card, "2")).is_approved
    assert till.balances(card) == (0, 0)


async def test_what_is_held_is_not_taken_by_hand(till: Till, pool: CardPool) -> None:
    card = pool.city()
    await held(till, card, 60_000)
    taken = await adjust(till, card, amount=HELD, direction=Direction.DEBIT)
    assert (taken.reason, taken.is_approved) == (Reason.VALUE_HELD, False)
    assert till.balances(card) == (HELD, 0)


def test_every_kind_that_no_terminal_asks_has_its_accounts_and_a_test_of_each_decline() -> None:
    own = {kind for kind, row in KINDS.items() if Origin.TERMINAL not in row.asked_by}
    assert own == OWN_LEGS.keys()
    asked = {reason for reason, _, _ in DECLINES} | {Reason.CARD_NOT_FOUND, Reason.VALUE_HELD}
    assert TRANSACTIONS[Kind.ADJUSTMENT].declines == asked
    assert TRANSACTIONS[Kind.CARD_VOID].declines == {
        Reason.CARD_NOT_FOUND,
        Reason.NOT_PERMITTED_TO_CARD,
    }


async def opening(
    till: Till, card: int, minor: int, points: int, *, unit: str = "CNY", name: str = "1"
) -> Response:
    key = OwnKey(Origin.OFFICE, "li.wei", "card.import", f"{card}-{name}")
    return await asking_of(till).ask(
        OwnRequest(
            kind=Kind.CARD_OPENING,
            key=key,
            card=card_at(till, card),
            amount=Money(minor, unit),
            points=points,
        )
    )


async def test_a_card_of_elsewhere_opens_with_its_money_and_its_points_once(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    before = till.balances(card)
    answer = await opening(till, card, 1_500, 70)
    assert answer.is_approved
    assert await opening(till, card, 1_500, 70) == answer
    unit = till.sql("SELECT unit FROM purse WHERE card_id = %s AND starts_with(unit, 'P:')", card)
    assert legs(till, Kind.CARD_OPENING, card) == [
        ("issuer_funds", "card_value", 1_500, "CNY"),
        ("points_issued", "card_points", 70, unit[0][0]),
    ]
    assert till.balances(card) == (before[0] + 1_500, before[1] + 70)
    other = await opening(till, card, 0, 5, name="2")
    assert other.is_approved
    assert till.balances(card) == (before[0] + 1_500, before[1] + 75)
    assert (await opening(till, card, 1_500, 71)).reason is Reason.DUPLICATE


@pytest.mark.parametrize(
    ("told", "status", "reason"),
    [
        ({"minor": 0, "points": 0}, "active", Reason.INVALID_AMOUNT),
        ({"minor": -5, "points": 10}, "active", Reason.INVALID_AMOUNT),
        ({"minor": 5, "points": -1}, "active", Reason.INVALID_AMOUNT),
        ({"minor": 5, "points": 0, "unit": "USD"}, "active", Reason.INVALID_AMOUNT),
        ({"minor": 10**11, "points": 0}, "active", Reason.AMOUNT_LIMIT),
        ({"minor": 5, "points": 0}, "voided", Reason.NOT_PERMITTED_TO_CARD),
    ],
)
async def test_what_cannot_open_is_declined_and_stays_so(
    till: Till, pool: CardPool, told: dict[str, Any], status: str, reason: Reason
) -> None:
    card = pool.with_points()
    before = till.balances(card)
    put(till, card, status)
    answer = await opening(till, card, **told)
    assert (answer.reason, answer.is_approved) == (reason, False)
    put(till, card, "active")
    assert await opening(till, card, **told) == answer
    assert till.balances(card) == before
    assert TRANSACTIONS[Kind.CARD_OPENING].declines == {
        Reason.CARD_NOT_FOUND,
        Reason.NOT_PERMITTED_TO_CARD,
        Reason.INVALID_AMOUNT,
        Reason.AMOUNT_LIMIT,
    }
