"""Hold of a house for as long as it is looked at, whatever of it is there.

An embedded PostgreSQL that does not run is started to be looked at, and stopped again; nothing is
migrated and nothing made.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from config.doctor.findings import House, State
from config.errors import OperatorError, SurroundingsError, operator_errors, say_nothing
from config.places import Places, locked, places_at
from config.run.database import dsn_of
from config.run.look import looks
from config.run.postgres import is_serving, start_postgres
from config.settings import Settings, load_settings
from host.store.connecting import Connection, Deadlines, connect

DEADLINES: Final = Deadlines(connect_seconds=5.0, round_trip_seconds=30.0)
READERS: Final = ("audit", "owner", "night", "host")
"""Logins by which is looked, the one that reads most first."""


@contextmanager
def opened_house(data: Path, settings: Path | None) -> Iterator[House]:
    """A house to look at.

    Raises:
        OperatorError: its data directory is not ours to look into.
    """
    places = places_at(data)
    house = _with_looks(_with_settings(places, settings or places.settings, settings is not None))
    with ExitStack() as stack:
        yield _with_database(house, stack)


def _with_settings(places: Places, file: Path, is_named: bool) -> House:
    told: Settings | None = None
    trouble = ""
    try:
        if is_named and not file.exists():
            trouble = f"there is no settings file {file}. Next: check --settings"
        else:
            told = load_settings(file)
    except OperatorError as error:
        trouble = str(error)
    return House(
        places=places, file=file, exists=places.data.exists(), settings=told, trouble=trouble
    )


def _with_looks(house: House) -> House:
    if not house.exists:
        return house
    try:
        return replace(house, looks=tuple(looks(house.places)))
    except OperatorError as error:
        return replace(house, look_trouble=str(error))


def _with_database(house: House, stack: ExitStack) -> House:
    """The house with its database open, or with why it is not."""
    told, places = house.settings, house.places
    if told is None:
        return _without(house, State.UNSEEN, "without settings nobody knows where it is")
    if told.database.is_embedded and not (house.exists and places.cluster.exists):
        none = f"there is none yet. Next: posswitch up --data {places.data}"
        return _without(house, State.UNSEEN, none)
    try:
        if told.database.is_embedded and not is_serving(places.cluster):
            _hold(places, stack)
            stack.enter_context(start_postgres(places.cluster, say=say_nothing))
        dsn = _reader(told, places)
        connection = stack.enter_context(_connected(dsn))
        poster = stack.enter_context(_connected(dsn_of("host", told.database, places.cluster)))
    except operator_errors(OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        is_away = isinstance(error, psycopg.Error)
        cure = " Next: start it, or compare [database] with it" if is_away else ""
        return _without(house, State.WRONG, f"{lines[0]}.{cure}" if is_away else str(error))
    return replace(house, connection=connection, poster=poster, dsn=dsn)


def _hold(places: Places, stack: ExitStack) -> None:
    """Hold a data directory whose server is down, so that nobody starts it beside us.

    Raises:
        SurroundingsError: somebody runs there, and has to start it.
    """
    try:
        stack.enter_context(locked(places))
    except SurroundingsError as error:
        raise SurroundingsError(
            "posswitch runs here, and its PostgreSQL takes no clients. Next: read "
            f"{places.cluster.log}; df -h",
            error.code,
        ) from None


def _reader(told: Settings, places: Places) -> str:
    """The connection string of the login that reads most."""
    database = told.database
    login = next(
        (name for name in READERS if database.is_embedded or getattr(database, name) is not None),
        "host",
    )
    return dsn_of(login, database, places.cluster)


def _connected(dsn: str) -> Connection:
    return connect(dsn, DEADLINES, autocommit=True)


def _without(house: House, state: State, why: str) -> House:
    return replace(house, database_trouble=why, database_state=state)
