"""A member pays by a code that a till reads in place of a card: once, soon, out of all cards."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.model.money import Money
from host.model.pay_codes import CODE_USE, new_code
from host.model.requests import Besides, Drawn, Kind, Request, Response
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.moves import Moves
from host.payers import Owned, Plan, plan_of
from host.paying import Paying
from host.rules.guesses import WRONG_MAX
from tests.host.conftest import (
    CARDS,
    FIRST,
    NOW,
    CardPool,
    Till,
    asking_of,
    audit_ledger,
    trading,
)
from tests.host.stock.conftest import HSM
from tests.host.test_gifts import SENDER, bind, money
from tests.host.test_moves import Ask, two

MINUTE = dt.timedelta(minutes=1)
OTHER = "80010009"
"""A terminal of another store of the same merchant."""
SOON, LATER, LAST = "2027-01-31", "2028-01-31", "2029-01-31"


@pytest.fixture(scope="session")
def estate_template(module_template: str) -> str:
    """Cards of one shard are sought among many."""
    return module_template


@asynccontextmanager
async def paying_at(till: Till, ask: Ask | None = None) -> AsyncIterator[Paying]:
    """Payments by code are looked after there; a test may stand in the way of what moves ask."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    moves = Moves(connect, ask or asking_of(till).ask, lambda: NOW)
    paying = Paying(connect, till.poster.book, lambda: NOW, till.poster.pass_on)
    paying.drive = moves.drive_one
    till.poster.paying = paying
    async with trio.open_nursery() as nursery:
        nursery.start_soon(paying.run)
        yield paying
        nursery.cancel_scope.cancel()
    moves.shut()
    paying.shut()


@asynccontextmanager
async def looked_after(dsns: Dsns) -> AsyncIterator[Till]:
    """A till of a host that looks after payments by code."""
    async with trading(dsns) as till, paying_at(till):
        yield till


@pytest.fixture
async def desk(estate_database: Dsns) -> Any:
    async with looked_after(estate_database) as till:
        yield till
    audit_ledger(estate_database)


def shown(till: Till, member: int = SENDER, *, until: dt.datetime = NOW + MINUTE) -> Pan:
    """A code, as the office makes it."""
    code = new_code()
    till.sql("UPDATE pay_code SET is_over = true WHERE member_id = %s AND used_by IS NULL", member)
    till.sql(
        "INSERT INTO pay_code (code_hash, member_id, made_by, made_at, expires_at)"
        " VALUES (%s, %s, 'li', %s, %s)",
        HSM.hash_secret(Secret(code.reveal().encode()), CODE_USE), member, NOW, until,
    )  # fmt: skip
    return code


def cards_of(till: Till, pool: CardPool, *ends: str, is_same_shard: bool = False) -> list[int]:
    """Cards of one member, each with 1,000.00, that end so."""
    numbers = list(two(till, pool.city, is_same_shard=is_same_shard))
    while len(numbers) < len(ends):
        numbers.append(pool.city())
    for number, end in zip(numbers, ends, strict=True):
        till.sql("UPDATE card SET valid_to = %s WHERE id = %s", end, bind(till, number, SENDER))
    return numbers


def paying(till: Till, code: Pan, amount: int, kind: Kind = Kind.PURCHASE, **more: Any) -> Request:
    return till.request(kind, None, amount, **{"pan": code, "entry_mode": "032", **more})


def drawn(answer: Response) -> list[Drawn]:
    assert answer.besides is not None
    return list(answer.besides.drawn)


def masked(card: int) -> str:
    return CARDS[card].pan.masked


def test_a_code_is_read_as_a_card_number_and_shown_to_nobody() -> None:
    """S3-09: a check digit, a prefix of no card of the house, and nothing of it in any text."""
    codes = {new_code().reveal() for _ in range(500)}
    assert len(codes) == 500
    for digits in codes:
        code = Pan(digits)
        assert (len(digits), code.is_code, code.passes_luhn) == (18, True, True)
        assert f"{code} {code!r} {code:>40}".count(digits[2:6]) == 0
        assert code.masked == "29" + "*" * 16
    assert not any(card.pan.is_code for card in CARDS.values())


@pytest.mark.parametrize("is_same_shard", [True, False], ids=["one shard", "two shards"])
async def test_a_code_pays_out_of_the_cards_that_end_first(
    desk: Till, pool: CardPool, is_same_shard: bool
) -> None:
    """S3-09, S3-10: what each has paid is told, with what the last one has left."""
    last, first = cards_of(desk, pool, LAST, SOON, is_same_shard=is_same_shard)
    sale = paying(desk, shown(desk), 130_000)
    answer = await desk.ask(sale)
    assert answer.is_approved, answer
    assert drawn(answer) == [Drawn(masked(first), 100_000), Drawn(masked(last), 30_000)]
    assert answer.balance == Money(70_000, "CNY")
    assert money(desk, first, last) == [0, 70_000]
    assert desk.journals(sale) == 1
    assert await desk.ask(sale) == answer, "the same key gets the same answer"
    assert money(desk, first, last) == [0, 70_000]
    assert desk.sql("SELECT DISTINCT name, state FROM move") == [("gather", "done")]


async def test_the_card_that_ends_first_pays_alone_what_it_covers(
    desk: Till, pool: CardPool
) -> None:
    """S3-10."""
    last, first = cards_of(desk, pool, LATER, SOON)
    answer = await desk.ask(paying(desk, shown(desk), 40_000))
    assert drawn(answer) == [Drawn(masked(first), 40_000)]
    answer = await desk.ask(paying(desk, shown(desk), 80_000))
    assert drawn(answer) == [Drawn(masked(first), 60_000), Drawn(masked(last), 20_000)]
    assert money(desk, first, last) == [0, 80_000]


async def test_more_than_all_cards_have_is_declined_and_nothing_moves(
    desk: Till, pool: CardPool
) -> None:
    """S3-10: and who takes a part is told of all there is. A declined code may be tried again."""
    cards = cards_of(desk, pool, SOON, LATER)
    code = shown(desk)
    refused = await desk.ask(paying(desk, code, 200_001))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert money(desk, *cards) == [100_000, 100_000]
    part = await desk.ask(paying(desk, code, 200_001, besides=Besides(takes_part=True)))
    assert (part.reason, part.part_minor) == (Reason.PARTLY_APPROVED, 200_000)
    assert money(desk, *cards) == [0, 0]
    again = await desk.ask(paying(desk, code, 1))
    assert again.reason is Reason.PAY_CODE_USED


async def test_points_pay_first_where_it_is_asked_so_and_money_of_several_cards_the_rest(
    desk: Till, pool: CardPool
) -> None:
    """S3-09, S3-10: a combined tender. Both cards have 2,000 points."""
    first, last = two(desk, pool.with_points, is_same_shard=False)
    for card, end in ((first, SOON), (last, LATER)):
        desk.sql("UPDATE card SET valid_to = %s WHERE id = %s", end, bind(desk, card, SENDER))
    answer = await desk.ask(paying(desk, shown(desk), 150_000, Kind.COMBINED_PURCHASE))
    assert answer.is_approved
    assert answer.besides is not None
    assert answer.besides.points_worth_minor == 4_000
    assert drawn(answer) == [Drawn(masked(first), 100_000), Drawn(masked(last), 46_000)]
    assert money(desk, first, last) == [0, 54_000]


async def test_of_two_terminals_with_one_code_one_is_paid_and_the_other_hears_why(
    desk: Till, pool: CardPool
) -> None:
    """S3-09: at once, and later; what was told stays told."""
    cards = cards_of(desk, pool, SOON, LATER)
    code = shown(desk)
    asked = [paying(desk, code, 30_000, terminal_id=name) for name in (FIRST, OTHER)]
    answers = await desk.ask_all(asked)
    assert sorted(answer.reason for answer in answers) == [
        Reason.APPROVED, Reason.PAY_CODE_USED,
    ]  # fmt: skip
    assert sum(money(desk, *cards)) == 170_000
    assert await desk.ask_all(asked) == answers


async def test_what_is_late_unknown_or_replaced_is_declined_each_with_its_reason(
    desk: Till, pool: CardPool
) -> None:
    """S3-09."""
    cards = cards_of(desk, pool, SOON, LATER)
    late = await desk.ask(paying(desk, shown(desk, until=NOW), 100))
    assert late.reason is Reason.PAY_CODE_LATE
    before = shown(desk)
    code = shown(desk)
    assert (await desk.ask(paying(desk, before, 100))).reason is Reason.PAY_CODE_UNKNOWN
    for _ in range(WRONG_MAX - 1):
        refused = await desk.ask(paying(desk, new_code(), 100))
        assert refused.reason is Reason.PAY_CODE_UNKNOWN
    assert (await desk.ask(paying(desk, code, 100))).reason is Reason.CODE_TRIES_EXCEEDED
    elsewhere = await desk.ask(paying(desk, code, 100, terminal_id=OTHER))
    assert elsewhere.is_approved
    assert sum(money(desk, *cards)) == 199_900


async def test_a_code_of_nobody_with_a_card_and_one_that_is_no_card_are_declined(
    desk: Till, pool: CardPool
) -> None:
    bind(desk, card := pool.city(), SENDER)
    desk.sql("UPDATE card SET status = 'frozen' WHERE id = %s", card)
    code = shown(desk)
    assert (await desk.ask(paying(desk, code, 100))).reason is Reason.CARD_NOT_FOUND
    inquiry = await desk.ask(desk.request(Kind.BALANCE_INQUIRY, None, None, pan=code))
    assert inquiry.reason is Reason.ISSUER_UNKNOWN
    loaded = await desk.ask(desk.request(Kind.CASH_LOAD, None, 100, pan=code))
    assert loaded.reason is Reason.ISSUER_UNKNOWN


async def test_what_a_code_paid_is_voided_refunded_and_reversed_as_any_payment(
    desk: Till, pool: CardPool
) -> None:
    """S3-09: by the original, the code named or not; another code is none of it."""
    first, last = cards_of(desk, pool, SOON, LATER)
    code = shown(desk)
    sale = paying(desk, code, 130_000)
    answer = await desk.ask(sale)
    named = desk.original(sale, answer)
    other = desk.request(Kind.VOID, None, 130_000, pan=shown(desk), original=named)
    assert (await desk.ask(other)).reason is Reason.ORIGINAL_NOT_FOUND
    void = desk.request(Kind.VOID, None, 130_000, pan=code, original=named)
    assert (await desk.ask(void)).is_approved
    assert money(desk, first, last) == [0, 200_000]
    sale = paying(desk, shown(desk), 50_000)
    answer = await desk.ask(sale)
    refund = desk.request(Kind.REFUND, last, 20_000, original=desk.original(sale, answer))
    assert (await desk.ask(refund)).is_approved
    sale = paying(desk, code := shown(desk), 10_000)
    assert (await desk.ask(sale)).is_approved
    assert (await desk.ask(desk.reversal(sale))).is_approved
    assert money(desk, first, last) == [0, 170_000]
    assert (await desk.ask(sale)).reason is Reason.DUPLICATE
    assert (await desk.ask(paying(desk, code, 10_000))).reason is Reason.PAY_CODE_USED


async def test_a_reversal_waits_behind_the_payment_that_is_looked_after(
    desk: Till, pool: CardPool
) -> None:
    cards = cards_of(desk, pool, SOON, LATER)
    sale = paying(desk, shown(desk), 130_000)
    answers = await desk.ask_all([sale, desk.reversal(sale)])
    assert [answer.is_approved for answer in answers] == [True, True]
    assert sum(money(desk, *cards)) == 200_000


async def test_a_host_that_stopped_between_gathering_and_paying_has_lost_nothing(
    estate_database: Dsns, pool: CardPool
) -> None:
    """S3-10: the clock brings what had left a card, and the same message pays then."""
    async with looked_after(estate_database) as till:
        cards = cards_of(till, pool, SOON, LATER)
        code = shown(till)
        sale = paying(till, code, 130_000)
        sent = trio.Event()

        async def never(_move: Any) -> None:
            sent.set()
            await trio.sleep_forever()

        assert till.poster.paying is not None
        till.poster.paying.drive = never
        till.poster.submit(sale, lambda _answer: None)
        with trio.fail_after(20):
            await sent.wait()
    async with looked_after(estate_database) as till:
        moves = Moves(
            lambda: psycopg.connect(till.dsns.host, autocommit=True),
            asking_of(till).ask,
            lambda: NOW,
        )
        await moves.drive()
        moves.shut()
        assert sum(money(till, *cards)) == 200_000
        assert (await till.ask(sale)).is_approved
        assert sum(money(till, *cards)) == 70_000
    audit_ledger(estate_database)


def owned(card: int, free_minor: int, issuer: int = 1) -> Owned:
    return Owned(0, b"", card, issuer, None, "", free_minor)


@pytest.mark.parametrize(
    ("cards", "amount", "payer", "emptied"),
    [
        ([(1, 50), (2, 50)], 50, 1, []),
        ([(1, 50), (2, 50)], 51, 2, [1]),
        ([(1, 50), (2, 0), (3, 50)], 51, 3, [1]),
        ([(1, 50), (2, 50), (3, 50)], 101, 3, [1, 2]),
        ([(1, 0), (2, 50)], 50, 2, []),
        ([(1, 50), (2, 50)], 101, 1, []),
        ([(1, 0), (2, 0)], 1, 1, []),
    ],
)
def test_cards_pay_in_the_order_in_which_they_end(
    cards: list[tuple[int, int]], amount: int, payer: int, emptied: list[int]
) -> None:
    """S3-10."""
    plan = plan_of([owned(*card) for card in cards], amount, takes_part=False)
    assert plan is not None
    assert (plan.payer.id, [card.id for card in plan.emptied]) == (payer, emptied)


def test_cards_of_two_issuers_do_not_pay_together() -> None:
    cards = [owned(1, 50), owned(2, 500, issuer=2), owned(3, 20)]
    assert plan_of(cards, 60, takes_part=False) == Plan(cards[2], (cards[0],))
    assert plan_of(cards, 100, takes_part=False) == Plan(cards[1])
    assert plan_of(cards, 600, takes_part=True) == Plan(cards[2], (cards[0],))
    assert plan_of([], 1, takes_part=True) is None
