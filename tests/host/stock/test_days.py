"""Which day it is for cards and vouchers: the date that is open, whatever the clock says."""

import datetime as dt
import time
from collections.abc import Iterator

import psycopg
import pytest

from config.run.database import Dsns
from host.stock.days import today_of
from tests.host.conftest import NOW
from tests.host.stock.conftest import Stock

BEFORE_MIDNIGHT = dt.datetime(2027, 12, 31, 15, 59, 59, tzinfo=dt.UTC)


@pytest.fixture
def house_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the programs of a house are told its zone (`config.run.programs`)."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("hours", [-30, 0, 14, 22, 40])
def test_the_date_that_is_open_is_today_however_late_its_cut_off_is(
    stock: Stock, hours: int
) -> None:
    [(open_date,)] = stock.connection.execute(
        "SELECT business_date FROM business_day WHERE state = 'open'"
    ).fetchall()
    assert today_of(stock.connection, NOW + dt.timedelta(hours=hours)) == open_date


@pytest.mark.usefixtures("house_in_shanghai")
def test_before_the_first_date_it_is_the_day_where_the_house_stands(database: Dsns) -> None:
    with psycopg.connect(database.owner) as connection:
        days = [today_of(connection, BEFORE_MIDNIGHT + second * dt.timedelta(seconds=1))
                for second in (0, 1)]  # fmt: skip
    assert [str(day) for day in days] == ["2027-12-31", "2028-01-01"]
