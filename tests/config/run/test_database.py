"""The database of a data directory: made once, found again, and never without its master key."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.errors import SettingsError, SurroundingsError
from config.places import Places, places_of
from config.run.database import Dsns, dsn_of, opened_database
from config.run.hsm import open_hsm
from config.settings import DatabaseSettings
from host.settings import HsmSettings
from host.store.migrate import schema_version
from tests.commands import run_command

EMBEDDED = DatabaseSettings()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return places_of(tmp_path_factory.mktemp("database") / "data")


@pytest.fixture
def quiet() -> Iterator[list[str]]:
    said: list[str] = []
    yield said
    assert said == []


def test_what_is_running_is_used_and_what_we_started_is_stopped(
    places: Places, quiet: list[str]
) -> None:
    with opened_database(EMBEDDED, places, say=quiet.append) as server:
        assert server is not None
        with opened_database(EMBEDDED, places, say=quiet.append) as second:
            assert second is None
        psycopg.connect(dsn_of("host", EMBEDDED, places.cluster)).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn_of("host", EMBEDDED, places.cluster))


def test_a_lost_master_key_is_not_replaced_once_something_is_sealed_under_it(
    places: Places, quiet: list[str]
) -> None:
    with opened_database(EMBEDDED, places, say=quiet.append):
        dsn = dsn_of("owner", EMBEDDED, places.cluster)
        first = open_hsm(HsmSettings(), places, dsn).check_value
        assert open_hsm(HsmSettings(), places, dsn).check_value == first
        places.lmk.unlink()
        assert open_hsm(HsmSettings(), places, dsn).check_value != first  # nothing was sealed yet
        with psycopg.connect(dsn) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "INSERT INTO terminal_key (terminal_id, usage, generation, block, check_value)"
                " VALUES ('80010001', 'tmk', 0, 'D', '00000000')"
            )
        places.lmk.unlink()
        with pytest.raises(
            SurroundingsError, match=r"master key .* is missing.*Next: put the file"
        ):
            open_hsm(HsmSettings(), places, dsn)


def test_a_database_that_must_exist_is_not_made(tmp_path: Path, quiet: list[str]) -> None:
    with (
        pytest.raises(SurroundingsError, match=r"no database in .*Next: posswitch up --data"),
        opened_database(EMBEDDED, places_of(tmp_path), must_exist=True, say=quiet.append),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_server_of_your_own_is_reached_by_what_is_told(
    database: Dsns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOST_DSN", database.host)
    own = DatabaseSettings(host="env:HOST_DSN")
    places = places_of(tmp_path)
    assert dsn_of("host", own, places.cluster) == database.host
    with opened_database(own, places) as server:
        assert server is None
    with pytest.raises(SettingsError, match=r"database.owner is not set.*Next: write owner"):
        dsn_of("owner", own, places.cluster)


def test_migrating_by_command_tells_the_version(places: Places, quiet: list[str]) -> None:
    with opened_database(EMBEDDED, places, say=quiet.append):
        pass
    done = run_command("db", "migrate", "--data", places.data)
    assert done.stdout == f"schema version {schema_version()}\n"
