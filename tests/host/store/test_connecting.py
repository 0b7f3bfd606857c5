"""Connections to a database of several servers: one of them takes writes, and that one is found."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config.run.database import Dsns
from host.settings import HostSettings
from host.store.connecting import Deadlines, connect


def several(dsn: str, **more: str) -> str:
    """The same database, behind a place where nobody listens."""
    there = psycopg.conninfo.conninfo_to_dict(dsn)["host"]
    return make_conninfo(dsn, host=f"/nowhere,{there}", port="5432,5432", **more)


def test_the_next_server_is_asked_where_one_is_gone(database: Dsns) -> None:
    with connect(several(database.host), Deadlines()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_of_several_servers_one_that_takes_no_writes_is_passed_over(database: Dsns) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET default_transaction_read_only = on")
    with pytest.raises(psycopg.OperationalError, match="read-only"):
        connect(several(database.host), Deadlines())
    connect(several(database.host, target_session_attrs="any"), Deadlines()).close()


def test_a_round_trip_shorter_than_a_statement_is_refused() -> None:
    with pytest.raises(ValueError, match=r"round_trip_seconds_max: 5 .* Next:"):
        HostSettings(round_trip_seconds_max=5.0)
    assert HostSettings(statement_seconds_max=1.5).round_trip_seconds == 4.5
