"""A card that has earned for years: its lots are not all read for a redemption or an undo."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.run.database import Dsns
from host.model.requests import Kind
from host.rules.state import Lot
from host.store import loading
from tests.host.conftest import CardPool, Till, trading
from tests.host.test_by_hand import put, void
from tests.host.test_moves import drive, lots, replace

MANY = 5_000


@pytest.fixture(scope="session")
def estate_template(module_template: str) -> str:
    """What is read of many lots is planned among many cards."""
    return module_template


def give_lots(till: Till, card: int, *, lots: int, points: int, a_day: int = 1) -> None:
    """Points earned one after the other; so many lots expire on one day, the next a day later.
    They lie in the table the other way round."""
    till.sql(
        "INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining)"
        " SELECT p.shard, p.account_id, n, date '2020-01-01',"
        " date '2030-01-01' + n / %s, %s, %s"
        " FROM purse p, generate_series(1, %s) AS n"
        " WHERE p.card_id = %s AND p.unit <> 'CNY' ORDER BY n DESC",
        *(a_day, points, points, lots, card),
    )
    till.sql(
        "UPDATE purse SET posted_minor = posted_minor + %s, expires_from = '2030-01-01'"
        " WHERE card_id = %s AND unit <> 'CNY'",
        *(lots * points, card),
    )


def left_in(till: Till, card: int, lots: int) -> list[int]:
    rows = till.sql(
        "SELECT remaining FROM lot l JOIN purse p ON p.account_id = l.account_id"
        " WHERE p.card_id = %s AND l.id <= %s ORDER BY l.id",
        *(card, lots),
    )
    return [remaining for (remaining,) in rows]


@pytest.fixture
async def till(estate_database: Dsns) -> AsyncIterator[Till]:
    """A till whose ledger is not audited at the end: these lots were written by hand."""
    async with trading(estate_database) as till:
        yield till


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Lot]:
    """Every lot that is loaded."""
    seen: list[Lot] = []

    def lot(*about: Any) -> Lot:
        seen.append(Lot(*about))
        return seen[-1]

    monkeypatch.setattr(loading, "Lot", lot)
    return seen


async def test_of_five_thousand_lots_the_first_are_read(
    till: Till, pool: CardPool, read: list[Lot]
) -> None:
    card = pool.city()
    give_lots(till, card, lots=MANY, points=10)
    request, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 125)
    assert answer.is_approved
    assert left_in(till, card, 14) == [0] * 12 + [5, 10]
    assert (await till.ask(till.reversal(request))).is_approved
    assert left_in(till, card, 14) == [10] * 14
    assert len(read) <= 4 * loading.LOTS_READ_FIRST


async def test_of_lots_that_expire_on_one_day_those_earned_first_are_taken(
    till: Till, pool: CardPool, read: list[Lot]
) -> None:
    card = pool.city()
    give_lots(till, card, lots=MANY, points=10, a_day=MANY)
    _, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 125)
    assert answer.is_approved
    assert left_in(till, card, 14) == [0] * 12 + [5, 10]
    assert len(read) <= 2 * loading.LOTS_READ_FIRST


async def test_more_than_the_first_lots_hold_is_taken_all_the_same(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    give_lots(till, card, lots=200, points=10)
    _, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 1_995)
    assert answer.is_approved
    assert left_in(till, card, 200) == [0] * 199 + [5]
    answer = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, 100))
    assert not answer.is_approved


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_decided_over_the_first_lots_is_what_is_decided_over_all(
    seed: int, till: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same trade on two cards, one of which is read two lots at a time."""
    dice, cards = random.Random(seed), (pool.city(), pool.city())
    lots, a_day = dice.choice([1, 3, 8]), dice.choice([1, 8])
    told: list[list[object]] = []
    for limit, card in zip((2, 10_000), cards, strict=True):
        monkeypatch.setattr(loading, "LOTS_READ_FIRST", limit)
        give_lots(till, card, lots=lots, points=60, a_day=a_day)
        told.append([*await _trade(till, card, random.Random(seed)), left_in(till, card, lots)])
    assert told[0] == told[1]


async def _trade(till: Till, card: int, dice: random.Random) -> list[object]:
    """Sales that earn, redemptions, refunds, voids and reversals of them, one after the other."""
    told: list[object] = []
    done: list[Any] = []
    for _ in range(14):
        match dice.choice(["buy", "redeem", "refund", "reverse"]):
            case "buy":
                request = till.request(
                    Kind.PURCHASE, card, dice.randint(1_000, 9_000), pin="123456"
                )
            case "redeem":
                request = till.request(Kind.POINTS_REDEMPTION, card, dice.randint(100, 180))
            case kind if not done:
                told.append(kind)
                continue
            case "refund":
                sold, answer = dice.choice(done)
                part = dice.randint(1, sold.amount.amount_minor)
                request = till.request(
                    Kind.REFUND, card, part, original=till.original(sold, answer)
                )
            case _:
                request = till.reversal(dice.choice(done)[0])
        answer = await till.ask(request)
        told.append((request.kind, answer.reason, answer.points_balance))
        if answer.is_approved and request.kind in {Kind.PURCHASE, Kind.POINTS_REDEMPTION}:
            done.append((request, answer))
    return told


async def test_a_card_with_more_lots_than_are_read_first_is_voided_whole(
    till: Till, pool: CardPool
) -> None:
    """S1-36."""
    card, many = pool.city(), 3 * loading.LOTS_READ_FIRST
    give_lots(till, card, lots=many, points=10)
    put(till, card, "voided")
    assert (await void(till, card)).is_approved
    assert till.balances(card) == (0, 0)
    assert left_in(till, card, many) == [0] * many


async def test_a_card_with_more_lots_than_are_read_first_is_moved_whole(
    till: Till, pool: CardPool
) -> None:
    """S4-75: each lot keeps its last day."""
    old, new, many = pool.city(), pool.city(), loading.LOTS_READ_FIRST + 6
    give_lots(till, old, lots=many, points=10)
    before = lots(till, old)
    replace(till, old, new)
    await drive(till)
    assert (till.balances(old), lots(till, old)) == ((0, 0), [])
    assert lots(till, new) == before
    assert len(before) == many


def give_pending(till: Till, card: int, *, points: int, a_day: int) -> None:
    """Thousands of lots that may be spent from tomorrow on, some each day."""
    till.sql(
        "INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining,"
        " available_from) SELECT p.shard, p.account_id, 1000000 + n, date '2020-01-01',"
        " date '2031-01-01', %s, %s, date '2026-11-22' + 1 + n / %s"
        " FROM purse p, generate_series(0, %s - 1) AS n WHERE p.card_id = %s AND p.unit <> 'CNY'",
        *(points, points, a_day, MANY, card),
    )
    till.sql(
        "UPDATE purse SET posted_minor = posted_minor + %s, pending_minor = %s,"
        " pending_from = '2026-11-23' WHERE card_id = %s AND unit <> 'CNY'",
        *(MANY * points, MANY * points, card),
    )


async def test_of_five_thousand_lots_that_are_pending_none_is_in_the_way(
    till: Till, pool: CardPool, read: list[Lot]
) -> None:
    """S4-56: neither of what can be spent, nor of what is undone, nor of being told."""
    card = pool.city()
    give_lots(till, card, lots=15, points=10)
    give_pending(till, card, points=10, a_day=10)
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert inquiry.points_balance == 150
    assert len(read) <= loading.LOTS_READ_FIRST, "of what is lost next, and no more"
    read.clear()
    request, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 125)
    assert (answer.points_balance, left_in(till, card, 14)) == (25, [0] * 12 + [5, 10])
    assert (await till.ask(till.reversal(request))).is_approved
    assert left_in(till, card, 14) == [10] * 14
    assert len(read) <= 4 * loading.LOTS_READ_FIRST


async def test_a_day_on_which_some_may_be_spent_reads_those_alone(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    give_pending(till, card, points=10, a_day=10)
    till.turn_the_date()
    [plan] = till.sql(
        "EXPLAIN (ANALYZE, FORMAT json) "
        + loading.SQL["ripe"]
        .replace(
            "%(shards)s", "(SELECT array_agg(shard) FROM purse WHERE pending_from IS NOT NULL)"
        )
        .replace(
            "%(accounts)s",
            "(SELECT array_agg(account_id) FROM purse WHERE pending_from IS NOT NULL)",
        )
        .replace("%(since)s", "ARRAY[date '2026-11-23']")
        .replace("%(today)s", "date '2026-11-23'")
    )
    assert max(_read(plan[0][0]["Plan"], "lot")) <= 10
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert inquiry.points_balance == 100
    told = till.sql(
        "SELECT pending_minor, pending_from::text FROM purse"
        " WHERE card_id = %s AND unit <> 'CNY'", card,
    )  # fmt: skip
    assert told == [(MANY * 10 - 100, "2026-11-24")]


def _read(node: Any, table: str) -> list[float]:
    """How many rows of a table each part of a plan has read, those it threw away as well."""
    rows = [
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for _ in range(1)
        if node.get("Relation Name") == table
    ]
    return rows + [more for part in node.get("Plans", ()) for more in _read(part, table)]


async def test_lots_that_never_expire_are_taken_in_the_order_in_which_they_were_earned(
    till: Till, pool: CardPool, read: list[Lot]
) -> None:
    card = pool.city()
    give_lots(till, card, lots=MANY, points=10, a_day=MANY)
    till.sql("UPDATE lot SET expires_on = '9999-12-31' WHERE id <= %s", MANY)
    till.sql(
        "UPDATE purse SET expires_from = '9999-12-31' WHERE card_id = %s AND unit <> 'CNY'", card
    )
    _, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 125)
    assert answer.is_approved
    assert left_in(till, card, 14) == [0] * 12 + [5, 10]
    assert len(read) <= 2 * loading.LOTS_READ_FIRST
