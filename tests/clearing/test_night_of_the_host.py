"""The host's own postings, cleared while it trades, and audited against what it answered."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.run import Summary, run_clearing
from clearing.verify import audit
from config.run.database import Dsns
from host.model.claims import APPROVALS, CARD_SIGN
from tests.clearing.night_trader import Trader
from tests.host.conftest import PLAN, Till, opened, put_demo_estate

DAY = dt.date(2026, 11, 22)


@pytest.fixture
def night(database: Dsns) -> Iterator[psycopg.Connection[Any]]:
    put_demo_estate(database)
    with psycopg.connect(database.night, autocommit=True) as connection:
        yield connection


def violations(database: Dsns, trader: Trader) -> list[str]:
    with psycopg.connect(database.audit) as auditor:
        return [str(one) for one in audit(auditor, trader.claims)]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_the_host_posts_clears_and_audits_without_a_violation(
    seed: int, database: Dsns, night: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with opened(database) as poster:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            trader = Trader(Till(poster, database), seed)
            trader.give_phones()
            await trader.trade(120)
            summaries: list[Summary] = []
            is_clear = trio.Event()

            async def clear() -> None:
                summaries.append(await trio.to_thread.run_sync(run_clearing, night, tmp_path))
                is_clear.set()

            nursery.start_soon(clear)
            await trader.trade(120)
            await is_clear.wait()
            await trader.trade(60)
            nursery.cancel_scope.cancel()
    assert summaries[0].business_date == DAY
    assert violations(database, trader) == []
    assert run_clearing(night, tmp_path).business_date == DAY + dt.timedelta(1)
    assert violations(database, trader) == []
    assert {claim.kind for claim in trader.claims if claim.told in APPROVALS} == set(CARD_SIGN)
    assert any(claim.told not in {None, "00"} for claim in trader.claims)
    assert not [claim for claim in trader.claims if claim.told == "96"]
    assert len(PLAN.merchants) + len(PLAN.issuers) == len(summaries[0].files)
    dates = trader.till.sql("SELECT DISTINCT business_date FROM journal ORDER BY 1")
    assert dates == [(DAY,), (DAY + dt.timedelta(1),)]
    parts = "SELECT bool_and(store_id IS NOT NULL), count(DISTINCT product_id) > 1"
    assert trader.till.sql(f"{parts} FROM position_part") == [(True, True)]
