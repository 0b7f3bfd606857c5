"""What a clerk has redeemed at a store's counter is the merchant's of the night, as a till's is."""

import csv
from pathlib import Path

import psycopg

from clearing.run import run_clearing
from config.run.database import Dsns
from host.model.origins import Origin
from host.model.own import CardAt, Counter, OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import asking_of, audit_ledger, put_demo_estate, trading
from tests.host.stock.conftest import Stock
from tests.host.test_vouchers import FACE, made, redeem

SHOP = 1
"""A merchant that takes the issuer's cards, by its number in the book."""


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
        audit_ledger(database)
    assert owed == [(2 * FACE,)]
    assert redemptions_in(tmp_path) == 2 * 2, "its merchant's file has both, and its issuer's"


def redemptions_in(files: Path) -> int:
    """How many rows of it the night has written."""
    rows = [
        row
        for file in files.rglob("*.csv")
        for row in csv.reader(file.read_text("utf-8").splitlines())
    ]
    return sum("voucher_redemption" in row for row in rows)


def redemption(
    stock: Stock, masked: str, *, merchant: int = SHOP, name: str = "job-1"
) -> OwnRequest:
    """What the office asks of the poster."""
    [(shard, pan_hash)] = stock.rows(
        "SELECT shard, pan_hash FROM card WHERE pan_masked = %s ORDER BY id DESC LIMIT 1", masked
    )
    return OwnRequest(
        kind=Kind.VOUCHER_REDEMPTION,
        key=OwnKey(Origin.OFFICE, "clerk", "voucher.redeem", name),
        card=CardAt(shard, bytes(pan_hash)),
        counter=Counter(merchant, 1),
    )
