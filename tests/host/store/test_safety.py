"""The host takes no money into a database that could lose it."""

import psycopg
import pytest

from config.run.database import Dsns
from host.store import safety
from host.store.connecting import Deadlines
from host.store.safety import UnsafeDatabaseError, connect_safely, refuse_unsafe


def test_the_embedded_server_is_safe(database: Dsns) -> None:
    with psycopg.connect(database.host) as connection:
        refuse_unsafe(connection)


def test_commits_that_do_not_wait_for_the_disk_are_refused(database: Dsns) -> None:
    with psycopg.connect(database.host, options="-c synchronous_commit=off") as connection:
        _expect(connection, "synchronous_commit is off: .* Next: ALTER ROLE")


def test_a_read_only_session_is_refused(database: Dsns) -> None:
    with psycopg.connect(
        database.host, options="-c default_transaction_read_only=on"
    ) as connection:
        _expect(connection, "transaction_read_only is on")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_a_power_cut_could_destroy_is_refused(
    database: Dsns, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These can be changed for the whole server alone, so the answer of the server is invented."""
    row = next(each for each in safety.DEMANDS if each.setting == setting)
    assert row.is_safe("on")
    assert not row.is_safe("off")
    with psycopg.connect(database.host) as connection:
        monkeypatch.setattr(safety, "DEMANDS", (_renamed(row, "enable_seqscan"),))
        connection.execute("SET enable_seqscan = off")
        _expect(connection, "a power cut|half written in a power cut")


@pytest.mark.parametrize(("number", "cure"), [(9999, "run the posswitch"), (None, "db migrate")])
def test_a_schema_of_another_age_is_refused(database: Dsns, number: int | None, cure: str) -> None:
    with psycopg.connect(database.owner) as owner:
        if number is None:
            owner.execute("DELETE FROM schema_migration")
        else:
            owner.execute(
                "INSERT INTO schema_migration (number, name, checksum) VALUES (%s, 'x', '')",
                [number],
            )
    with psycopg.connect(database.host) as connection:
        _expect(connection, f"schema is version .* Next: .*{cure}")


def test_every_reason_is_told_at_once(database: Dsns) -> None:
    with psycopg.connect(
        database.host,
        options="-c synchronous_commit=off -c default_transaction_read_only=on",
    ) as connection:
        with pytest.raises(UnsafeDatabaseError) as refusal:
            refuse_unsafe(connection)
        assert len(refusal.value.problems) == 2


def test_what_was_let_through_is_kept_whatever_is_altered_later(database: Dsns) -> None:
    """`local` is as good as `on` until somebody names a standby; the session is told `on`."""
    for told, kept in [("local", "on"), ("remote_apply", "remote_apply")]:
        deadlines = Deadlines(options={"synchronous_commit": told})
        with connect_safely(database.host, deadlines) as connection:
            row = connection.execute("SHOW synchronous_commit").fetchone()
        assert row == (kept,)


def test_a_role_altered_later_is_refused_at_its_next_connection(database: Dsns) -> None:
    connect_safely(database.host, Deadlines()).close()
    with psycopg.connect(database.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER ROLE host IN DATABASE {name} SET synchronous_commit = off")
        try:
            with pytest.raises(UnsafeDatabaseError, match="synchronous_commit is off"):
                connect_safely(database.host, Deadlines())
        finally:
            owner.execute(f"ALTER ROLE host IN DATABASE {name} RESET synchronous_commit")


def _expect(connection: psycopg.Connection, pattern: str) -> None:
    with pytest.raises(UnsafeDatabaseError, match=pattern):
        refuse_unsafe(connection)


def _renamed(row: safety.Demand, setting: str) -> safety.Demand:
    return safety.Demand(setting=setting, is_safe=row.is_safe, why=row.why, cure=row.cure)
