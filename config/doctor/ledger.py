"""The database: reached, of our schema, durable, at the right hour, and its keys open."""

import datetime as dt
import time
import zoneinfo
from collections.abc import Iterator
from typing import Final

import psycopg

from config.doctor.findings import Finding, House, State, doubt, good, of_sentence, unseen, wrong
from config.errors import operator_errors
from config.run.hsm import open_hsm
from host.clock import utc_now
from host.hsm.interface import Hsm
from host.key_faults import cure_of
from host.store.connecting import Connection
from host.store.keys import key_faults
from host.store.migrate import applied_version, schema_version
from host.store.safety import UnsafeDatabaseError, refuse_unsafe

NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
CLOCK_SECONDS_LOW: Final = 1.0
CLOCK_SECONDS_MAX: Final = 30.0
"""A switch and a database so far apart call the same moment two dates soon."""
SYNC_CURE: Final = "chrony or systemd-timesyncd on both machines"
FAULTS_SHOWN_MAX: Final = 20
OF_THE_SCHEMA: Final = "its schema"
"""A problem that has a check of its own."""


def look_at_database(house: House) -> Iterator[Finding]:
    """PostgreSQL answers."""
    connection = house.connection
    if connection is None:
        yield of_sentence(house.database_state, house.database_trouble)
        return
    row = connection.execute(
        "SELECT current_setting('server_version'), current_database(), session_user"
    ).fetchone()
    assert row is not None
    yield good(f"PostgreSQL {row[0].split()[0]}, database {row[1]}, as {row[2]}")


def look_at_schema(house: House) -> Iterator[Finding]:
    """The schema is the program's."""
    if house.connection is None:
        yield unseen("no database")
        return
    found, needed = applied_version(house.connection), schema_version()
    if found == needed:
        yield good(f"version {found}")
    elif found < needed:
        yield wrong(f"version {found}, and this program needs {needed}", "posswitch db migrate")
    else:
        cure = "run the posswitch that made it, or a newer one"
        yield wrong(f"version {found}, and this program knows {needed}", cure)


def look_at_durability(house: House) -> Iterator[Finding]:
    """What is confirmed is kept: on our disk, and by the standbys that are named."""
    poster = house.poster
    if poster is None:
        yield unseen("no connection as the host has it")
        return
    problems = _unsafe(poster)
    yield from (of_sentence(State.WRONG, problem) for problem in problems)
    if not problems:
        row = poster.execute(
            "SELECT current_setting('synchronous_commit'), "
            "current_setting('synchronous_standby_names')"
        ).fetchone()
        assert row is not None
        standbys = f"standbys {row[1]}" if row[1] else "no standby is named"
        yield good(f"synchronous_commit is {row[0]}, {standbys}")


def _unsafe(poster: Connection) -> list[str]:
    """What the host would refuse this server for, but for its schema."""
    try:
        refuse_unsafe(poster)
    except UnsafeDatabaseError as error:
        return [each for each in error.problems if not each.startswith(OF_THE_SCHEMA)]
    return []


def look_at_clock(house: House) -> Iterator[Finding]:
    """Our clock is PostgreSQL's."""
    if house.connection is None:
        yield unseen("no database")
        return
    before = time.time()
    row = house.connection.execute(
        "SELECT extract(epoch FROM clock_timestamp())::float8"
    ).fetchone()
    after = time.time()
    assert row is not None
    apart = row[0] - (before + after) / 2
    found = f"PostgreSQL's is {abs(apart):.2f} s {'ahead of' if apart > 0 else 'behind'} ours"
    if abs(apart) > CLOCK_SECONDS_MAX:
        yield wrong(found, SYNC_CURE)
    elif abs(apart) > CLOCK_SECONDS_LOW:
        yield doubt(found, SYNC_CURE)
    else:
        yield good(found)


def look_at_date(house: House) -> Iterator[Finding]:
    """The open business date is today's, in the zone of the house."""
    if house.connection is None or house.settings is None:
        yield unseen("no database")
        return
    zone = house.settings.host.timezone
    try:
        today = utc_now().astimezone(zoneinfo.ZoneInfo(zone)).date()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        yield wrong(f"there is no zone {zone!r}", "write host.timezone as Asia/Shanghai")
        return
    if not applied_version(house.connection):
        yield unseen("no schema")
        return
    row = house.connection.execute(
        "SELECT business_date FROM business_day WHERE state = 'open'"
    ).fetchone()
    yield unseen("no estate: there is no open date") if row is None else _date(row[0], today, zone)


def _date(open_date: dt.date, today: dt.date, zone: str) -> Finding:
    found = f"{open_date} is open, and it is {today} in {zone}"
    if open_date < today:
        return doubt(f"{found}: not closed yet", "posswitch clearing run, after cut-off")
    if open_date > today:
        return doubt(f"{found}: it was closed ahead", "nothing; the next night waits for its day")
    return good(found)


def look_at_keys(house: House) -> Iterator[Finding]:
    """Every stored key opens under the LMK; those that do not are named."""
    settings, connection = house.settings, house.connection
    if connection is None or settings is None:
        yield unseen("no database")
        return
    if settings.host.hsm.module is None and not house.places.lmk.exists():
        yield unseen("no LMK is there to open them", "see secrets, above")
        return
    try:
        with connection.transaction():
            hsm = open_hsm(settings.host.hsm, house.places, house.dsn)
            yield from _keys(connection, hsm)
    except psycopg.errors.UndefinedTable:
        yield unseen("no schema")
    except psycopg.errors.InsufficientPrivilege:
        yield unseen("this login may not read them", "set database.audit or database.owner")
    except operator_errors() as error:
        yield of_sentence(State.WRONG, str(error))


def _keys(connection: Connection, hsm: Hsm) -> Iterator[Finding]:
    """Transport keys, which are nobody's but an operator's, are for `posswitch keys list`."""
    faults = key_faults(connection, hsm)
    row = connection.execute("SELECT count(*) FROM terminal_key").fetchone()
    assert row is not None
    sealed_by = dict(
        connection.execute(
            "SELECT terminal_id, mac_algorithm FROM terminal WHERE terminal_id = ANY(%s)",
            [[fault.owner for fault in faults]],
        ).fetchall()
    )
    for fault in faults[:FAULTS_SHOWN_MAX]:
        cure = cure_of(fault.purpose, fault.owner, sealed_by.get(fault.owner, ""))
        yield wrong(f"{fault}", cure)
    if len(faults) > FAULTS_SHOWN_MAX:
        yield wrong(f"{len(faults) - FAULTS_SHOWN_MAX} more do not open", "posswitch keys list")
    if not faults:
        yield good(f"all of {row[0]:,} open under the LMK {hsm.check_value}")
