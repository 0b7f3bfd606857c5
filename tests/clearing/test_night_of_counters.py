"""What a clerk has redeemed at a store's counter is the merchant's of the night, as a till's is."""

import csv
from pathlib import Path
from typing import Final

import psycopg

from clearing.run import run_clearing
from config.run.database import Dsns
from host.model.origins import Origin
from host.model.own import CardAt, Counter, OwnKey, OwnRequest, at_store
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import asking_of, audit_ledger, card_at, put_demo_estate, trading
from tests.host.stock.conftest import Stock
from tests.host.test_vouchers import FACE, made, redeem

CARD = 21
SHOP = 1
"""A merchant that takes the issuer's cards, by its number in the book."""
STORE: Final = 1
"""One of its stores."""


async def test_a_voucher_that_a_clerk_redeemed_clears_beside_those_of_tills(
    database: Dsns, tmp_path: Path
) -> None:
    """S2-13: in its merchant's position and file, without a terminal; the audit has nothing."""
    put_demo_estate(database)
    with psycopg.connect(database.owner, autocommit=True) as owner:
        stock = Stock(connection=owner, dsns=database)
        by_clerk, by_till, nobodys = made(stock, 3)
        async with trading(database) as till:
            asking = asking_of(till)
            answers = [await asking.ask(redemption(stock, by_clerk.masked)) for _ in range(2)]
            assert {answer.reason for answer in answers} == {Reason.APPROVED}
            assert answers[0] == answers[1], "asked again it is told the same"
            again = await asking.ask(redemption(stock, by_clerk.masked, name="again"))
            assert again.reason is Reason.VOUCHER_USED
            closed = await asking.ask(redemption(stock, nobodys.masked, name="99", merchant=99))
            assert closed.reason is Reason.INVALID_MERCHANT
            assert (await redeem(till, by_till)).is_approved
        with psycopg.connect(database.night, autocommit=True) as night:
            run_clearing(night, tmp_path)
            owed = night.execute(
                "SELECT sum(credit_minor - debit_minor)::bigint FROM position"
            ).fetchall()
            parts = night.execute(
                "SELECT channel, store_id, sum(amount_minor)::bigint FROM position_part"
                " GROUP BY channel, store_id ORDER BY channel"
            ).fetchall()
        audit_ledger(database)
    assert owed == [(2 * FACE,)]
    assert parts == [("office", STORE, FACE), ("pos", STORE, FACE)]
    assert redemptions_in(tmp_path) == 2 * 2, "its merchant's file has both, and its issuer's"


async def test_what_was_redeemed_at_no_named_store_is_its_merchants(
    database: Dsns, tmp_path: Path
) -> None:
    """As by an earlier version: a date that was cleared has the parts that it had."""
    put_demo_estate(database)
    with psycopg.connect(database.owner, autocommit=True) as owner:
        stock = Stock(connection=owner, dsns=database)
        [voucher] = made(stock, 1)
        async with trading(database) as till:
            asked = redemption(stock, voucher.masked, store=0)
            assert (await asking_of(till).ask(asked)).is_approved
        with psycopg.connect(database.night, autocommit=True) as night:
            run_clearing(night, tmp_path)
            parts = night.execute("SELECT channel, store_id FROM position_part").fetchall()
        audit_ledger(database)
    assert parts == [("office", None)]


async def test_what_the_office_voids_leaves_the_store_that_sold_it(
    database: Dsns, tmp_path: Path
) -> None:
    """S4-59: sale and void are of one store, and stand beside each other in its merchant's file."""
    put_demo_estate(database)
    async with trading(database) as till:
        sale, answer = await till.sell(Kind.PURCHASE, CARD, 12_345)
        own = OwnRequest(
            kind=Kind.VOID,
            key=OwnKey(Origin.OFFICE, "manager", "transaction.void", "job-1"),
            card=card_at(till, CARD),
            amount=sale.amount,
            counter=Counter(SHOP, 1),
            original=till.original(sale, answer),
            till=sale.key.terminal_id,
        )
        assert (await asking_of(till).ask(own)).is_approved
    with psycopg.connect(database.night, autocommit=True) as night:
        run_clearing(night, tmp_path)
        parts = night.execute(
            "SELECT kind, channel, store_id, sum(amount_minor)::bigint FROM position_part"
            " GROUP BY kind, channel, store_id ORDER BY kind"
        ).fetchall()
    audit_ledger(database)
    assert parts == [("purchase", "pos", 1, 12_345), ("void", "office", 1, -12_345)]
    voids = [row for row in rows_in(tmp_path) if row["kind"] == "void"]
    told = ("-123.45", answer.rrn, "")
    assert [(row["amount"], row["original_rrn"], row["terminal_id"]) for row in voids] == [
        told, told,
    ]  # fmt: skip


def rows_in(files: Path) -> list[dict[str, str]]:
    """Of each file that the night has written: a merchant's and its issuer's have each line."""
    return [
        row
        for file in files.rglob("*.csv")
        for row in csv.DictReader(file.read_text("utf-8").splitlines())
    ]


def redemptions_in(files: Path) -> int:
    """How many rows of it the night has written."""
    return sum(row["kind"] == "voucher_redemption" for row in rows_in(files))


def redemption(
    stock: Stock,
    masked: str,
    *,
    merchant: int = SHOP,
    store: int = STORE,
    name: str = "job-1",
) -> OwnRequest:
    """What the office asks of the poster."""
    at = at_store(name, store) if store else name
    [(shard, pan_hash)] = stock.rows(
        "SELECT shard, pan_hash FROM card WHERE pan_masked = %s ORDER BY id DESC LIMIT 1", masked
    )
    return OwnRequest(
        kind=Kind.VOUCHER_REDEMPTION,
        key=OwnKey(Origin.OFFICE, "clerk", "voucher.redeem", at),
        card=CardAt(shard, bytes(pan_hash)),
        counter=Counter(merchant, STORE),
    )
