"""How long points are good for, and from when on they may be spent, is said by their programme."""

import dataclasses
import datetime as dt
import random
from typing import Any

import psycopg
import pytest

from clearing.verify import audit
from host.estate.plan import LONG_AGO
from host.model.requests import Kind
from host.model.responses import Reason
from host.programmes import NEVER, Life, LotLife
from tests.host.conftest import CardPool, Till
from tests.host.test_by_hand import put, void
from tests.host.test_moves import drive, lots, replace
from tests.host.test_points_expiry import breakage, expiry_of, written_off

TODAY, TOMORROW = dt.date(2026, 11, 22), dt.date(2026, 11, 23)
WEEK_LATER = dt.date(2026, 11, 29)


def let_points_live(till: Till, life: LotLife, count: int = 0, pending_days: int = 0) -> None:
    """In every programme, from now on."""
    issuers = till.poster._book.issuers
    lives = (Life(LONG_AGO, life, count, pending_days),)
    for number, issuer in list(issuers.items()):
        if issuer.programme is not None:
            programme = dataclasses.replace(issuer.programme, lives=lives)
            issuers[number] = dataclasses.replace(issuer, programme=programme)


def pending(till: Till, card: int) -> list[Any]:
    return till.sql(
        "SELECT pending_minor, pending_from FROM purse WHERE card_id = %s AND unit <> 'CNY'", card
    )


async def redeem(till: Till, card: int, points: int) -> tuple[Reason, int | None]:
    answer = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, points))
    return answer.reason, answer.points_balance


LAST_DAYS = {
    (LotLife.DAYS, 30): dt.date(2026, 12, 22),
    (LotLife.MONTHS, 2): dt.date(2027, 1, 31),
    (LotLife.MONTH_END, 0): dt.date(2026, 11, 30),
    (LotLife.YEAR_END, 0): dt.date(2026, 12, 31),
}


@pytest.mark.parametrize("life", LAST_DAYS, ids=lambda life: life[0])
async def test_points_are_spendable_on_their_last_day_and_written_off_on_the_next(
    till: Till, pool: CardPool, life: tuple[LotLife, int]
) -> None:
    """S4-56."""
    let_points_live(till, *life)
    card, last = pool.city(), LAST_DAYS[life]
    await till.buy(card, 40_000)
    till.turn_the_date(last)
    await expiry_of(till).write_off()
    assert await redeem(till, card, 100) == (Reason.APPROVED, 300)
    till.turn_the_date(last + dt.timedelta(days=1))
    assert await redeem(till, card, 100) == (Reason.INSUFFICIENT_FUNDS, None)
    await expiry_of(till).write_off()
    assert written_off(till, card) == [("card_points", "breakage", 300)]
    assert till.balances(card)[1] == 0


async def test_what_never_expires_is_spent_last_and_is_there_for_ever(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    let_points_live(till, LotLife.NEVER)
    await till.buy(card, 20_000)
    assert lots(till, card) == [(200, NEVER)]
    let_points_live(till, LotLife.DAYS, 3)
    await till.buy(card, 10_000)
    assert await redeem(till, card, 100) == (Reason.APPROVED, 200)
    assert lots(till, card) == [(200, NEVER)]
    till.turn_the_date(dt.date(2030, 12, 30))
    await expiry_of(till).write_off()
    assert await redeem(till, card, 150) == (Reason.APPROVED, 50)


async def test_what_is_pending_is_told_and_spent_from_its_day_on(
    till: Till, pool: CardPool
) -> None:
    """S4-56, S4-61: by the date alone, whatever asks first."""
    let_points_live(till, LotLife.MONTHS, 12, pending_days=7)
    card, other = pool.city(), pool.city()
    for one in (card, other):
        bought = await till.buy(one, 30_000)
        assert (bought.points_earned, bought.points_balance) == (300, 0)
    assert await redeem(till, card, 100) == (Reason.INSUFFICIENT_FUNDS, None)
    assert pending(till, card) == [(300, WEEK_LATER)]
    till.turn_the_date(WEEK_LATER - dt.timedelta(days=1))
    assert await redeem(till, card, 100) == (Reason.INSUFFICIENT_FUNDS, None)
    till.turn_the_date(WEEK_LATER)
    assert await redeem(till, card, 100) == (Reason.APPROVED, 200)
    assert pending(till, card) == [(None, None)]
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, other))
    assert inquiry.points_balance == 300
    assert pending(till, other) == [(None, None)], "and it is not looked for again"


async def test_points_of_several_days_become_spendable_day_by_day(
    till: Till, pool: CardPool
) -> None:
    let_points_live(till, LotLife.NEVER, pending_days=7)
    card, told = pool.city(), []
    await till.buy(card, 10_000)
    till.turn_the_date(TOMORROW)
    await till.buy(card, 20_000)
    assert pending(till, card) == [(300, WEEK_LATER)]
    for day in (WEEK_LATER, WEEK_LATER + dt.timedelta(days=1)):
        till.turn_the_date(day)
        told.append((await till.buy(card, 100_00)).points_balance)
    assert told == [100, 300]
    assert pending(till, card) == [(200, dt.date(2026, 12, 6))]


async def test_a_shorter_wait_lets_later_points_be_spent_first(till: Till, pool: CardPool) -> None:
    let_points_live(till, LotLife.NEVER, pending_days=30)
    card = pool.city()
    await till.buy(card, 10_000)
    let_points_live(till, LotLife.NEVER, pending_days=1)
    await till.buy(card, 20_000)
    assert pending(till, card) == [(300, TOMORROW)]
    till.turn_the_date(TOMORROW)
    assert await redeem(till, card, 200) == (Reason.APPROVED, 0)
    assert pending(till, card) == [(100, dt.date(2026, 12, 22))]


@pytest.mark.parametrize("name", ["city", "pear"])
@pytest.mark.parametrize("how", ["void", "refund", "reversal"])
async def test_a_sale_whose_points_are_pending_is_undone_out_of_them(
    till: Till, pool: CardPool, how: str, name: str
) -> None:
    """S4-56: also where its programme lets no card owe points."""
    let_points_live(till, LotLife.YEAR_END, pending_days=7)
    card = getattr(pool, name)()
    sale, answer = await till.sell(Kind.PURCHASE, card, 20_000)
    match how:
        case "void":
            original = till.original(sale, answer)
            asked = till.request(Kind.VOID, card, 20_000, original=original)
        case "refund":
            original = till.original(sale, answer)
            asked = till.request(Kind.REFUND, card, 20_000, original=original)
        case _:
            asked = till.reversal(sale)
    told = await till.ask(asked)
    assert (told.reason, till.balances(card)[1]) == (Reason.APPROVED, 0)
    assert pending(till, card)[0][0] is None


async def test_a_void_that_is_reversed_leaves_points_pending_as_they_were(
    till: Till, pool: CardPool
) -> None:
    let_points_live(till, LotLife.YEAR_END, pending_days=7)
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 20_000)
    undo = till.request(Kind.VOID, card, 20_000, original=till.original(sale, answer))
    assert (await till.ask(undo)).is_approved
    assert (await till.ask(till.reversal(undo))).is_approved
    assert pending(till, card) == [(200, WEEK_LATER)]
    assert await redeem(till, card, 100) == (Reason.INSUFFICIENT_FUNDS, None)


async def test_what_others_have_pending_pays_no_refund(till: Till, pool: CardPool) -> None:
    """A debt, where the programme lets a card have one, else a refusal."""
    city, pear = pool.city(), pool.pear()
    for card, expected in ((city, Reason.APPROVED), (pear, Reason.INSUFFICIENT_FUNDS)):
        let_points_live(till, LotLife.YEAR_END)
        sale, answer = await till.sell(Kind.PURCHASE, card, 30_000)
        earned = answer.points_earned
        assert (await redeem(till, card, earned or 0))[0] is Reason.APPROVED
        let_points_live(till, LotLife.YEAR_END, pending_days=7)
        await till.buy(card, 30_000)
        refund = till.request(Kind.REFUND, card, 30_000, original=till.original(sale, answer))
        assert (await till.ask(refund)).reason is expected
        assert pending(till, card) == [(earned, WEEK_LATER)]
    assert till.balances(city)[1] == 0, "what it will have pays what it owes"
    till.turn_the_date(WEEK_LATER)
    assert (await till.buy(city, 100)).points_balance == 0


async def test_a_voided_card_loses_what_was_pending_too(till: Till, pool: CardPool) -> None:
    """S1-36."""
    let_points_live(till, LotLife.NEVER, pending_days=7)
    card = pool.city()
    await till.buy(card, 30_000)
    put(till, card, "voided")
    assert (await void(till, card)).is_approved
    assert (till.balances(card), breakage(till, card)) == ((0, 0), 300)


async def test_what_is_pending_is_pending_on_the_card_that_has_its_place(
    till: Till, pool: CardPool
) -> None:
    """S4-75."""
    old, new = pool.city(), pool.city()
    await till.buy(old, 10_000)
    let_points_live(till, LotLife.YEAR_END, pending_days=7)
    await till.buy(old, 30_000)
    before = lots(till, old)
    replace(till, old, new)
    await drive(till)
    assert (till.balances(old), lots(till, old)) == ((0, 0), [])
    assert lots(till, new) == before
    assert pending(till, new) == [(300, WEEK_LATER)]
    assert await redeem(till, new, 101) == (Reason.INSUFFICIENT_FUNDS, None)
    till.turn_the_date(WEEK_LATER)
    assert await redeem(till, new, 400) == (Reason.APPROVED, 0)


async def test_what_is_told_to_be_pending_is_held_against_its_lots(
    till: Till, pool: CardPool
) -> None:
    let_points_live(till, LotLife.YEAR_END, pending_days=7)
    card = pool.city()
    await till.buy(card, 30_000)
    for wrong in ("pending_minor = 200", "pending_minor = NULL, pending_from = NULL",
                  "pending_from = '2026-12-24'"):  # fmt: skip
        was = pending(till, card)[0]
        till.sql(f"UPDATE purse SET {wrong} WHERE card_id = %s AND unit <> 'CNY'", card)
        with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
            found = [str(one) for one in audit(connection)]
        assert any("of it are not to be spent yet" in one for one in found), (wrong, found)
        till.sql(
            "UPDATE purse SET pending_minor = %s, pending_from = %s"
            " WHERE card_id = %s AND unit <> 'CNY'",
            *(*was, card),
        )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_traded_under_changing_rows_the_books_are_whole(
    till: Till, pool: CardPool, seed: int
) -> None:
    """The audit behind this till's day looks at every lot and purse."""
    dice, cards, day = random.Random(seed), (pool.city(), pool.pear()), TODAY
    done: list[Any] = []
    for _ in range(60):
        card = dice.choice(cards)
        match dice.choice(["buy", "buy", "redeem", "void", "refund", "reverse", "day", "life"]):
            case "buy":
                done.append(await till.sell(Kind.PURCHASE, card, dice.randint(100, 9_000)))
            case "redeem":
                answer = await till.ask(
                    till.request(Kind.POINTS_REDEMPTION, card, dice.randint(1, 200))
                )
                assert (answer.points_balance or 0) >= 0
            case "day":
                day += dt.timedelta(days=dice.randint(1, 5))
                till.turn_the_date(day)
                if dice.random() < 0.5:
                    await expiry_of(till).write_off()
            case "life":
                life = dice.choice([LotLife.NEVER, LotLife.DAYS, LotLife.MONTH_END])
                count = dice.randint(1, 4) if life is LotLife.DAYS else 0
                let_points_live(till, life, count, dice.choice([0, 1, 3]))
            case _ if not done:
                continue
            case "reverse":
                await till.ask(till.reversal(dice.choice(done)[0]))
            case kind:
                sold, answer = dice.choice(done)
                whole = sold.amount.amount_minor
                part = whole if kind == "void" else dice.randint(1, whole)
                again = till.request(Kind(kind), amount=part, original=till.original(sold, answer))
                await till.ask(again)
