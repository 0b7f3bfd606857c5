"""What has expired is not told as left, and is written off by a posting, once."""

import dataclasses
import datetime as dt

import psycopg
import pytest

from clearing.verify import ask
from config.run.database import Dsns
from host.estate.plan import LONG_AGO
from host.expiry import PointsExpiry
from host.model.requests import Kind, Original
from host.model.responses import Reason
from host.programmes import Life, LotLife
from tests.host.conftest import NOW, CardPool, Till, asking_of, audit_ledger, trading

OF_THE_ESTATE, OF_ONE_MONTH = dt.date(2028, 12, 1), dt.date(2027, 1, 1)
"""The days after the last ones of the estate's lots, and of those that live for a month."""


def let_lots_live_for_a_month(till: Till) -> None:
    issuers = till.poster._book.issuers
    for number, issuer in list(issuers.items()):
        if issuer.programme is not None:
            lives = (Life(LONG_AGO, LotLife.MONTHS, 1),)
            short = dataclasses.replace(issuer.programme, lives=lives)
            issuers[number] = dataclasses.replace(issuer, programme=short)


async def test_points_that_have_expired_are_told_as_left_by_nothing(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    till.turn_the_date(OF_THE_ESTATE)
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert (inquiry.reason, inquiry.points_balance) == (Reason.APPROVED, 0)
    refused = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, 500))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    bought = await till.buy(card, 12_000)
    assert (bought.points_earned, bought.points_balance) == (120, 120)
    spent = await till.ask(till.request(Kind.POINTS_REDEMPTION, card, 120))
    assert (spent.points_used, spent.points_balance) == (120, 0)


async def test_a_debt_of_points_is_told_as_nothing_left(till: Till, pool: CardPool) -> None:
    """And never with a sign, which a field of digits has no place for."""
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 50_000)
    await till.sell(Kind.POINTS_REDEMPTION, card, 400)
    void, told = await till.sell(Kind.VOID, card, 50_000, original=till.original(sale, answer))
    assert till.balances(card) == (100_000, -400)
    assert told.points_balance == 0
    assert (await till.ask(void)).points_balance == 0


@pytest.mark.parametrize("kind", [Kind.BALANCE_INQUIRY, Kind.CASH_LOAD, Kind.LOAD_VERIFICATION])
async def test_whatever_tells_points_tells_those_that_can_be_spent(
    till: Till, pool: CardPool, kind: Kind
) -> None:
    card = pool.with_points()
    till.turn_the_date(OF_THE_ESTATE)
    await till.buy(card, 700)
    amount = 100 if kind is Kind.CASH_LOAD else None
    answer = await till.ask(till.request(kind, card, amount, pin="123456"))
    assert (answer.reason, answer.points_balance) == (Reason.APPROVED, 7)


def expiry_of(till: Till) -> PointsExpiry:
    def connect() -> psycopg.Connection:
        return psycopg.connect(till.dsns.host, autocommit=True)

    return PointsExpiry(connect, asking_of(till).ask, lambda: NOW)


def written_off(till: Till, card: int) -> list[tuple[object, ...]]:
    """What the house has posted of a card: debit, credit, points."""
    return till.sql(
        "SELECT d.chart, c.chart, e.amount_minor FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = debit_account"
        " JOIN ledger_account c ON c.id = credit_account"
        " WHERE j.kind = 'points_expiry' AND j.card_id = %s ORDER BY j.id",
        card,
    )


def breakage(till: Till, card: int) -> int:
    """What stands there of a card."""
    rows = till.sql(
        "SELECT coalesce(sum(m.amount_minor), 0) FROM movement m"
        " JOIN account a ON a.id = m.account_id"
        " JOIN journal j ON j.shard = m.shard AND j.id = m.journal_id"
        " WHERE a.chart = 'breakage' AND j.card_id = %s",
        card,
    )
    return int(rows[0][0])


async def test_what_has_expired_is_written_off_once_by_a_posting(
    estate_database: Dsns, pool: CardPool
) -> None:
    card, other = pool.with_points(), pool.with_points()
    async with trading(estate_database) as till:
        till.turn_the_date(OF_THE_ESTATE)
        await till.buy(card, 700)
        await expiry_of(till).write_off()
        assert written_off(till, card) == [("card_points", "breakage", 2_000)]
        assert till.balances(card)[1] == 7
        assert written_off(till, other) == [("card_points", "breakage", 2_000)]
        audit_ledger(estate_database)
        await expiry_of(till).write_off()
    async with trading(estate_database) as till:
        till.sql("DELETE FROM points_expiry")
        await expiry_of(till).write_off()
        assert len(written_off(till, card)) == 1
        till.turn_the_date()
        await expiry_of(till).write_off()
        assert len(written_off(till, card)) == 1
        inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
        assert inquiry.points_balance == 7
    audit_ledger(estate_database)


async def test_a_card_with_many_lots_is_written_off_some_lots_at_a_time(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    for _ in range(6):
        sales = [
            till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + n}")
            for n in range(25)
        ]
        assert {one.reason for one in await till.ask_all(sales)} == {Reason.APPROVED}
    till.turn_the_date(OF_THE_ESTATE)
    await expiry_of(till).write_off()
    posted = written_off(till, card)
    assert len(posted) == 3, "151 lots, 64 in a posting"
    assert sum(int(str(row[2])) for row in posted) == 2_150
    assert till.balances(card)[1] == 0


async def test_a_refund_takes_points_that_were_written_off_from_where_they_are(
    till: Till, pool: CardPool
) -> None:
    """Neither from points that were earned later, nor is it refused for want of points."""
    card = pool.pear()
    let_lots_live_for_a_month(till)
    _, answer = await till.sell(Kind.PURCHASE, card, 10_000)
    till.turn_the_date(OF_ONE_MONTH)
    await expiry_of(till).write_off()
    assert (till.balances(card)[1], breakage(till, card)) == (0, 200)
    await till.sell(Kind.PURCHASE, card, 1_000)
    for part in (4_000, 6_000):
        await till.sell(Kind.REFUND, card, part, original=Original(rrn=answer.rrn))
    assert (till.balances(card)[1], breakage(till, card)) == (20, 0)


async def test_so_does_a_void_and_its_reversal_puts_them_back(till: Till, pool: CardPool) -> None:
    card = pool.pear()
    let_lots_live_for_a_month(till)
    sale, answer = await till.sell(Kind.PURCHASE, card, 10_000)
    till.turn_the_date(OF_ONE_MONTH)
    await expiry_of(till).write_off()
    void, _ = await till.sell(Kind.VOID, card, 10_000, original=till.original(sale, answer))
    assert (till.balances(card), breakage(till, card)) == ((100_000, 0), 0)
    assert (await till.ask(till.reversal(void))).is_approved
    assert (till.balances(card), breakage(till, card)) == ((90_000, 0), 200)
    assert (await till.ask(till.reversal(sale))).is_approved
    assert (till.balances(card), breakage(till, card)) == ((100_000, 0), 0)


async def test_what_a_void_gives_back_to_an_expired_lot_goes_with_the_next_date(
    till: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    sale, answer = await till.sell(Kind.POINTS_REDEMPTION, card, 500)
    till.turn_the_date(OF_THE_ESTATE)
    await expiry_of(till).write_off()
    assert breakage(till, card) == 1_500
    original = till.original(sale, answer)
    _, told = await till.sell(Kind.VOID, card, 500, unit="P:", original=original)
    assert told.points_balance == 0
    audit_ledger(till.dsns)
    till.turn_the_date()
    await expiry_of(till).write_off()
    assert (till.balances(card)[1], breakage(till, card)) == (0, 2_000)


async def test_no_terminal_can_write_off(till: Till, pool: CardPool) -> None:
    answer = await till.ask(till.request(Kind.POINTS_EXPIRY, pool.with_points()))
    assert answer.reason is Reason.FORMAT_ERROR


async def test_the_audit_names_a_lot_that_was_left_and_points_that_were_not_lost(
    till: Till,
) -> None:
    till.turn_the_date(OF_THE_ESTATE)
    claim = f"INSERT INTO points_expiry VALUES ('{OF_THE_ESTATE}', 1, now())"
    assert "expired_lot_left" in found_after(till, claim)
    await expiry_of(till).write_off()
    changed = "UPDATE lot SET written_off = 1 WHERE written_off > 0"
    assert "breakage_not_its_lots" in found_after(till, changed)


def found_after(till: Till, statement: str) -> set[str]:
    """What the audit finds once this has been done; it is undone again."""
    with psycopg.connect(till.dsns.owner) as owner:
        owner.execute(statement.encode())
        found = {one.test for one in ask(owner)}
        owner.rollback()
    return found


@pytest.mark.parametrize("first", ["redemption", "void"])
async def test_a_debt_that_expired_points_paid_is_undone_after_it(
    till: Till, pool: CardPool, first: str
) -> None:
    """Each lot holds what it was given and no more; what paid the debt has expired all the same."""
    card = pool.with_points()
    till.turn_the_date(OF_THE_ESTATE - dt.timedelta(days=20))
    sale, earned = await till.sell(Kind.PURCHASE, card, 50_000)
    old, old_answer = await till.sell(Kind.POINTS_REDEMPTION, card, 2_000)
    redemption, _ = await till.sell(Kind.POINTS_REDEMPTION, card, 500)
    void, _ = await till.sell(Kind.VOID, card, 50_000, original=till.original(sale, earned))
    await till.sell(Kind.VOID, card, 2_000, unit="P:", original=till.original(old, old_answer))
    assert till.balances(card)[1] == 1_500
    till.turn_the_date(OF_THE_ESTATE)
    await expiry_of(till).write_off()
    assert till.balances(card)[1] == 0
    undone = [redemption, void]
    for request in undone if first == "redemption" else reversed(undone):
        told = await till.ask(till.reversal(request))
        assert told.is_approved, told
    audit_ledger(till.dsns)
    inquiry = await till.ask(till.request(Kind.POINTS_INQUIRY, card))
    assert inquiry.points_balance == 500
    till.turn_the_date()
    await expiry_of(till).write_off()
    assert (till.balances(card)[1], breakage(till, card)) == (500, 2_000)
