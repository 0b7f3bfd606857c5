"""Money that lies on a card: nothing is added to it, by whatever night and clock."""

import datetime as dt
from pathlib import Path
from typing import Final

import psycopg
import trio

from clearing.run import run_clearing
from clearing.verify import audit
from config.run.database import Dsns
from host.ledger import CHART
from host.model.requests import Kind
from tests.host.conftest import Till, opened, put_demo_estate

FIRST: Final = dt.date(2026, 11, 22)
DAYS: Final = 40


async def test_money_on_a_card_is_the_same_after_many_nights(
    database: Dsns, tmp_path: Path
) -> None:
    """S4-78: not a fen is posted to it, and there is no account that interest could come from."""
    put_demo_estate(database)
    with opened(database) as poster:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            till = Till(poster, database)
            load = await till.ask(till.request(Kind.CASH_LOAD, 1, 50_000))
            assert load.is_approved
            before, posted = till.balances(1), _posted(database)
            with psycopg.connect(database.night, autocommit=True) as night:
                for day in range(DAYS):
                    run_clearing(night, tmp_path, FIRST + dt.timedelta(day))
            assert till.balances(1) == before
            assert _posted(database) == posted
            nursery.cancel_scope.cancel()
    with psycopg.connect(database.audit) as connection:
        assert audit(connection, ()) == []
    assert not [chart for chart in CHART if "interest" in CHART[chart].meaning]


def _posted(database: Dsns) -> int:
    with psycopg.connect(database.owner) as connection:
        row = connection.execute("SELECT count(*) FROM journal").fetchone()
        assert row is not None
        return int(row[0])
