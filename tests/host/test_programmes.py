"""Several programmes of an issuer, and those of an alliance: what earns where, and is undone."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from clearing.run import run_clearing
from config.run.database import Dsns
from host.cases import CaseKind
from host.estate.demo import CITY, MERCHANTS, PEAR, PROGRAMMES
from host.estate.plan import AllianceMemberPlan, AlliancePlan, ProgrammePlan
from host.model.money import Money
from host.model.requests import Kind, Original
from host.model.responses import Reason
from tests.host.conftest import PLAN, CardPool, Till, audit_ledger, put_estate, trading
from tests.host.test_points_expiry import breakage, expiry_of, written_off

OPENED, NEXT = dt.date(2026, 11, 22), dt.date(2026, 11, 23)
GROCERY, NOODLES, BOOKS = "80010001", "80010017", "80010033"
"""A terminal of each merchant: a member, one until today, and none."""


def programme(code: str, **more: Any) -> ProgrammePlan:
    words: dict[str, Any] = {
        "earn_points": 1, "earn_per_minor": 1_000, "redemption_points_min": 5, "lot_months": 2,
        "debt_is_allowed": False, "is_primary": False,
    }  # fmt: skip
    return ProgrammePlan(code=code, name=code, **{**words, **more})


def member(**more: Any) -> AllianceMemberPlan:
    words: dict[str, Any] = {"alliance_id": 1, "member_from": dt.date(2026, 11, 1)}
    return AllianceMemberPlan(**{**words, **more})


CIRCLE = msgspec.structs.replace(
    PLAN,
    programmes=(
        *PROGRAMMES,
        programme("GREEN", issuer_id=CITY.id),
        programme("SHARED", issuer_id=None, alliance_id=1, earn_per_minor=500),
    ),
    alliances=(AlliancePlan(id=1, code="HARBOUR", name="Harbour circle"),),
    alliance_members=(
        member(issuer_id=CITY.id),
        member(issuer_id=PEAR.id, redeems=False),
        member(merchant_id=MERCHANTS[0].id),
        member(merchant_id=MERCHANTS[1].id, member_until=OPENED),
        member(merchant_id=MERCHANTS[2].id, member_from=dt.date(2027, 1, 1)),
    ),
)


@pytest.fixture
async def till(database: Dsns) -> AsyncIterator[Till]:
    put_estate(database, CIRCLE)
    async with trading(database) as till:
        yield till
    audit_ledger(database)


def lines_of(files: Path) -> list[str]:
    """All that the night wrote."""
    return [line for file in files.rglob("*.csv") for line in file.read_text().splitlines()]


def points(till: Till, card: int) -> dict[str, int]:
    rows = till.sql(
        "SELECT substr(unit, 3), posted_minor FROM purse"
        " WHERE card_id = %s AND unit LIKE 'P:%%' ORDER BY unit",
        card,
    )
    return {str(code): int(str(held)) for code, held in rows}


async def test_a_sale_earns_in_every_programme_of_its_issuer_and_tells_the_primary_one(
    till: Till, pool: CardPool
) -> None:
    """S4-01, S4-12."""
    city = pool.city()
    _, answer = await till.sell(Kind.PURCHASE, city, 10_000, terminal_id=BOOKS)
    assert (answer.points_earned, answer.points_balance) == (100, 100)
    assert points(till, city) == {"CITY": 100, "GREEN": 10}
    _, answer = await till.sell(Kind.POINTS_EARN, city, 10_000, terminal_id=BOOKS)
    assert (answer.points_earned, answer.points_balance) == (100, 200)
    assert points(till, city) == {"CITY": 200, "GREEN": 10}, "an earning by itself is the primary's"


async def test_cards_of_members_earn_at_members_on_the_days_of_their_membership(
    till: Till, pool: CardPool
) -> None:
    """S4-02, S4-69."""
    city, pear = pool.city(), pool.pear()
    for card, terminal_id in ((city, GROCERY), (city, NOODLES), (pear, GROCERY), (city, BOOKS)):
        await till.sell(Kind.PURCHASE, card, 10_000, terminal_id=terminal_id)
    assert points(till, city) == {"CITY": 300, "GREEN": 30, "SHARED": 40}
    assert points(till, pear) == {"PEAR": 200, "SHARED": 20}
    till.turn_the_date(NEXT)
    await till.sell(Kind.PURCHASE, city, 10_000, terminal_id=GROCERY)
    await till.sell(Kind.PURCHASE, city, 10_000, terminal_id=NOODLES)
    assert points(till, city)["SHARED"] == 60, "the noodles were in until yesterday"
    till.turn_the_date(dt.date(2027, 1, 1))
    await till.sell(Kind.PURCHASE, city, 10_000, terminal_id=BOOKS)
    assert points(till, city)["SHARED"] == 80


async def test_points_are_redeemed_of_the_programme_that_is_named_else_of_the_primary(
    till: Till, pool: CardPool
) -> None:
    """S4-02, S4-71."""
    card, pear = pool.with_points(), pool.pear()
    for one in (card, pear):
        await till.sell(Kind.PURCHASE, one, 10_000)
    asked = till.request(Kind.POINTS_REDEMPTION, card, 12, unit="P:SHARED")
    answer = await till.ask(asked)
    assert (answer.reason, answer.points_used, answer.points_balance) == (Reason.APPROVED, 12, 8)
    assert await till.ask(asked) == answer
    _, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 100)
    assert (answer.points_used, answer.points_balance) == (100, 2_000)
    assert points(till, card) == {"CITY": 2_000, "GREEN": 10, "SHARED": 8}
    for number, amount, unit, terminal_id, why in (
        (card, 4, "P:SHARED", GROCERY, "below the threshold"),
        (card, 9, "P:SHARED", GROCERY, "more than there are"),
        (card, 8, "P:SHARED", BOOKS, "no member"),
        (pear, 8, "P:SHARED", GROCERY, "its issuer's cards earn and redeem nothing"),
        (pear, 8, "P:GREEN", GROCERY, "another issuer's"),
        (card, 8, "P:NOBODYS", GROCERY, "nobody's"),
    ):
        refused = till.request(
            Kind.POINTS_REDEMPTION, number, amount, unit=unit, terminal_id=terminal_id
        )
        assert not (await till.ask(refused)).is_approved, why
    assert points(till, card) == {"CITY": 2_000, "GREEN": 10, "SHARED": 8}


async def test_a_void_a_reversal_and_refunds_take_back_what_was_earned_in_each(
    till: Till, pool: CardPool
) -> None:
    nothing = {"CITY": 0, "GREEN": 0, "SHARED": 0}
    voided, reversed_one, refunded = pool.city(), pool.city(), pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, voided, 10_000)
    void, _ = await till.sell(Kind.VOID, voided, 10_000, original=till.original(sale, answer))
    assert (till.balances(voided)[0], points(till, voided)) == (100_000, nothing)
    assert (await till.ask(till.reversal(void))).is_approved
    assert points(till, voided) == {"CITY": 100, "GREEN": 10, "SHARED": 20}
    sale, _ = await till.sell(Kind.PURCHASE, reversed_one, 10_000)
    assert (await till.ask(till.reversal(sale))).is_approved
    assert (till.balances(reversed_one)[0], points(till, reversed_one)) == (100_000, nothing)
    _, answer = await till.sell(Kind.PURCHASE, refunded, 10_000)
    for part, left in (
        (3_333, {"CITY": 67, "GREEN": 7, "SHARED": 14}),
        (3_333, {"CITY": 34, "GREEN": 4, "SHARED": 7}),
        (3_334, nothing),
    ):
        await till.sell(Kind.REFUND, refunded, part, original=Original(rrn=answer.rrn))
        assert points(till, refunded) == left


async def test_a_void_and_a_refund_are_refused_whole_where_points_of_one_programme_are_spent(
    till: Till, pool: CardPool
) -> None:
    """The primary may be owed, the shared ones may not: then none is taken."""
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 10_000)
    await till.sell(Kind.POINTS_REDEMPTION, card, 20, unit="P:SHARED")
    before = (till.balances(card), points(till, card))
    void = till.request(Kind.VOID, card, 10_000, original=till.original(sale, answer))
    assert (await till.ask(void)).reason is Reason.INSUFFICIENT_FUNDS
    refund = till.request(Kind.REFUND, card, 10_000, original=Original(rrn=answer.rrn))
    assert (await till.ask(refund)).reason is Reason.INSUFFICIENT_FUNDS
    assert (till.balances(card), points(till, card)) == before
    assert (await till.ask(till.reversal(sale))).is_approved, "its merchant owes those points"
    assert points(till, card) == {"CITY": 0, "GREEN": 0, "SHARED": 0}
    cases = till.sql("SELECT kind, amount_minor, unit FROM exception_case ORDER BY id")
    assert cases == [
        (CaseKind.REFUND_REFUSED, 10_000, "CNY"),
        (CaseKind.REVERSAL_NOT_WHOLE, 20, "P:SHARED"),
    ]


async def test_a_redemption_of_shared_points_is_undone_into_its_own_lots(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    await till.sell(Kind.PURCHASE, card, 10_000)
    for kind in (Kind.VOID, Kind.REFUND):
        spent, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 15, unit="P:SHARED")
        original = till.original(spent, answer) if kind is Kind.VOID else Original(rrn=answer.rrn)
        undo = till.request(kind, card, 15, unit="P:", original=original)
        assert (await till.ask(undo)).is_approved
        assert points(till, card) == {"CITY": 100, "GREEN": 10, "SHARED": 20}


async def test_each_programme_has_its_own_expiry_and_its_own_breakage(
    till: Till, pool: CardPool
) -> None:
    card = pool.city()
    _, answer = await till.sell(Kind.PURCHASE, card, 10_000)
    till.turn_the_date(dt.date(2027, 2, 1))
    await expiry_of(till).write_off()
    assert points(till, card) == {"CITY": 100, "GREEN": 0, "SHARED": 0}
    assert sorted(str(row[2]) for row in written_off(till, card)) == ["10", "20"]
    assert breakage(till, card) == 30
    refund = till.request(Kind.REFUND, card, 10_000, original=Original(rrn=answer.rrn))
    assert (await till.ask(refund)).is_approved
    assert (points(till, card)["CITY"], breakage(till, card)) == (0, 0)


async def test_the_night_nets_each_programme_and_its_files_tell_the_primary_ones_points(
    till: Till, pool: CardPool, tmp_path: Path
) -> None:
    card = pool.city()
    await till.sell(Kind.PURCHASE, card, 10_000)
    await till.sell(Kind.POINTS_REDEMPTION, card, 15, unit="P:SHARED")
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        run_clearing(night, tmp_path)
    lines = lines_of(tmp_path)
    sold = next(line for line in lines if "purchase" in line)
    assert ",100" in sold
    assert not [line for line in lines if ",130" in line]
    rows = till.sql("SELECT unit, credit_minor FROM position WHERE unit LIKE 'P:%%'")
    assert rows == [("P:SHARED", 15)]


async def test_money_and_points_of_a_card_are_told_apart(till: Till, pool: CardPool) -> None:
    card = pool.city()
    await till.sell(Kind.PURCHASE, card, 10_000)
    inquiry = await till.ask(till.request(Kind.BALANCE_INQUIRY, card, pin="123456"))
    assert (inquiry.balance, inquiry.points_balance) == (Money(90_000, "CNY"), 100)
