"""A night that finds value between two cards clears what is there, and so does the next one."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.run import run_clearing
from config.run.database import Dsns
from tests.host.conftest import audit_ledger, put_demo_estate, trading
from tests.host.test_moves import KilledError, drive, in_debt, killed_at, replace, replace_for

DAY = dt.date(2026, 11, 22)
OLD, NEW, OWING = 5, 12, 13
"""The first has points, too; the last comes to owe some."""
HELD = 100_000


@pytest.fixture
def night(database: Dsns) -> Iterator[psycopg.Connection[Any]]:
    put_demo_estate(database)
    with psycopg.connect(database.night, autocommit=True) as connection:
        yield connection


def texts_of(files: Path) -> list[str]:
    """What the nights have written."""
    return [file.read_text() for file in files.rglob("*.csv")]


def turnover(
    night: psycopg.Connection[Any], date: dt.date, chart: str = "in_transit"
) -> list[tuple[Any, ...]]:
    """What the trial balance of a date says of an account."""
    told = (
        "SELECT unit, debit_minor, credit_minor FROM trial_balance"
        " WHERE business_date = %s AND chart = %s ORDER BY unit"
    )
    return night.execute(told, (date, chart)).fetchall()


async def test_what_is_on_its_way_when_the_date_turns_is_cleared_on_both_dates(
    database: Dsns, night: psycopg.Connection[Any], tmp_path: Path
) -> None:
    async with trading(database) as till:
        replace(till, OLD, NEW)
        with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
            await drive(till, killed_at(till, 0, is_heard=True))
        assert run_clearing(night, tmp_path).business_date == DAY
        audit_ledger(database)
        assert turnover(night, DAY) == [("CNY", 0, HELD)]
        await drive(till)
        after = DAY + dt.timedelta(1)
        assert run_clearing(night, tmp_path).business_date == after
        audit_ledger(database)
        assert turnover(night, after) == [("CNY", HELD, 0), ("P:CITY", 2_000, 2_000)]
        assert till.balances(NEW) == (2 * HELD, 2_000)
    assert not any("move_" in text for text in texts_of(tmp_path)), "no merchant has a part in it"


async def test_a_debt_that_is_on_its_way_when_the_date_turns_is_cleared_on_both_dates(
    database: Dsns, night: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """S4-75: the in-transit account has paid it, and is paid on the next date."""
    async with trading(database) as till:
        await in_debt(till, OWING)
        replace(till, OWING, NEW)
        with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
            await drive(till, killed_at(till, 2, is_heard=True))
        assert run_clearing(night, tmp_path).business_date == DAY
        audit_ledger(database)
        assert turnover(night, DAY) == [("CNY", HELD, HELD), ("P:CITY", 400, 0)]
        await drive(till)
        after = DAY + dt.timedelta(1)
        assert run_clearing(night, tmp_path).business_date == after
        audit_ledger(database)
        assert turnover(night, after) == [("P:CITY", 0, 400)]
        assert till.balances(NEW) == (2 * HELD, -400)


async def test_a_fee_for_a_replacement_is_its_issuers_and_no_merchants(
    database: Dsns, night: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """S1-46: it stands in the trial balance, and in no position and no file."""
    async with trading(database) as till:
        replace_for(till, OLD, NEW, 500)
        await drive(till)
        assert run_clearing(night, tmp_path).business_date == DAY
        audit_ledger(database)
        assert turnover(night, DAY, "fee_income") == [("CNY", 0, 500)]
        assert turnover(night, DAY) == [("CNY", HELD - 500, HELD - 500), ("P:CITY", 2_000, 2_000)]
    [(positions,)] = night.execute("SELECT count(*)::int FROM position").fetchall()
    assert positions == 0
    assert not any("card_fee" in text for text in texts_of(tmp_path))
