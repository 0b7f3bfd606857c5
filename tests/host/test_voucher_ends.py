"""A host that is killed at any step of a load by a code: a voucher is used once, or not at all."""

import signal

import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.model.requests import Besides, Kind, Original, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import CardPool, Till, audit_ledger, trading
from tests.host.mortal import let_it_die
from tests.host.stock.conftest import Stock
from tests.host.test_vouchers import FACE, made

STEPS = range(1, 7)
POINTS = tuple(
    f"{point}:{time}" for point in ("before_commit", "after_commit_before_reply") for time in STEPS
)
"""Where a host may die, in each of the postings below."""


@pytest.mark.parametrize("point", POINTS)
async def test_a_host_killed_at_any_step_of_a_load_by_code_goes_on_there(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    """S2-39, S3-07: one stays loaded, one is taken back and redeemed, one is reversed."""
    card = pool.city()
    with psycopg.connect(estate_database.owner, autocommit=True) as connection:
        stock = Stock(connection=connection, dsns=estate_database)
        codes = [code.reveal() for code in made(stock, 3)]
        await trio.to_thread.run_sync(_let_it_die, estate_database, point, card, codes)
        audit_ledger(estate_database)
        async with trading(estate_database) as till:
            *kept, reversed_load, reversal = await live(till, card, codes)
            assert {answer.reason for answer in (*kept, reversal)} == {Reason.APPROVED}
            assert reversed_load.reason in {Reason.APPROVED, Reason.DUPLICATE}
            assert (await live(till, card, codes))[: len(kept)] == kept
            assert till.balances(card)[0] == 100_000 + FACE
        assert _standing(stock) == ["loaded", "redeemed", "issued"]
        assert stock.rows("SELECT count(*) FROM voucher_use") == [(4,)]
    audit_ledger(estate_database)


async def live(till: Till, card: int, codes: list[str]) -> list[Response]:
    """What is asked of a host until it is killed, and again."""
    stays, taken, undone = (Besides(voucher=Secret(code.encode())) for code in codes)

    def load(besides: Besides, stan: str) -> Request:
        return till.request(Kind.LOAD_BY_CODE, card, None, stan=stan, besides=besides)

    first, second, third = load(stays, "600001"), load(taken, "600002"), load(undone, "600005")
    named = Original(key=second.key)
    void = till.request(Kind.VOUCHER_VOID, None, 1, stan="600003", original=named)
    used = till.request(Kind.VOUCHER_REDEMPTION, None, FACE, stan="600004", besides=taken)
    asked = (first, second, void, used, third, till.reversal(third))
    return [await till.ask(one) for one in asked]


def _standing(stock: Stock) -> list[str]:
    rows = stock.rows("SELECT status FROM card WHERE part_id IS NOT NULL ORDER BY id DESC LIMIT 3")
    return [status for (status,) in reversed(rows)]


def _let_it_die(dsns: Dsns, point: str, card: int, codes: list[str]) -> None:
    died = let_it_die(dsns, point, live, card, codes)
    assert died.returncode == -signal.SIGKILL, died.stderr
