"""What takes minutes is done in a process of its own, behind trade; it ends with who waits for it.

What it says of a night and of a proof is read across the office: see `test_clearing` and
`test_seals` there.
"""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
import trio

from config.places import Places, places_of
from config.run.apart import NightsApart
from config.run.behind import NICE
from config.run.database import Dsns
from host.office.nights import NightStoppedError
from tests.host.conftest import estate_database, estate_template

__all__ = ["estate_database", "estate_template"]

ZONE = "Asia/Shanghai"
DAY = dt.date(2026, 11, 22)
SECONDS_MAX = 60.0
WAITS = """
from datetime import date
from pathlib import Path
from config.places import places_of
from config.run.apart import NightsApart
NightsApart({dsn!r}, places_of(Path({data!r})), "Asia/Shanghai").clear(date(2026, 11, 22), "li")
"""
Found = TypeVar("Found")


@pytest.fixture
def house(tmp_path: Path) -> Places:
    places = places_of(tmp_path / "data")
    places.audit_key.parent.mkdir(parents=True)
    return places


@pytest.fixture
def held(estate_database: Dsns) -> Iterator[None]:
    """Every night waits before its first step."""
    with psycopg.connect(estate_database.owner) as owner:
        owner.execute("LOCK TABLE clearing_run IN ACCESS EXCLUSIVE MODE")
        yield
        owner.rollback()


def soon(look: Callable[[], Found | None]) -> Found:
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


def is_behind(process: int, nice: int) -> bool:
    """By its own priority, and by that of its session where Linux groups by session."""
    group = Path(f"/proc/{process}/autogroup")
    told = group.read_text().split()[-1] if group.exists() else f"{nice}"
    return (os.getpriority(os.PRIO_PROCESS, process), told) == (nice, f"{nice}")


def backend(dsns: Dsns) -> Callable[[], int | None]:
    """What works in the database for a night that waits."""

    def look() -> int | None:
        with psycopg.connect(dsns.owner) as owner:
            found = owner.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'night/%'"
                " AND wait_event_type = 'Lock'"
            ).fetchone()
        return int(found[0]) if found else None

    return look


def children_of(parent: int) -> list[int]:
    """Those that run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def apart_of(parent: int) -> int | None:
    """The process that was started for it; None: there is none."""
    for child in children_of(parent):
        with suppress(OSError):  # it has ended meanwhile
            if b"config.run.apart" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return None


def is_there(process: int) -> bool:
    """Whether it still runs, and is not only kept for who asks how it ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def run_beside(night: Callable[[], Any], look: Callable[[], None]) -> list[Exception]:
    """A night in a thread of its own, and what looks at it meanwhile; gives what ended it."""
    ends: list[Exception] = []

    def kept() -> None:
        try:
            night()
        except NightStoppedError as error:
            ends.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, kept)
        await trio.to_thread.run_sync(look)
    return ends


@pytest.mark.usefixtures("held")
async def test_a_night_and_what_works_for_it_step_behind_and_what_it_dies_of_is_said(
    estate_database: Dsns, house: Places
) -> None:
    nights = NightsApart(estate_database.night, house, ZONE)

    def look() -> None:
        works = soon(backend(estate_database))
        runs = soon(lambda: apart_of(os.getpid()))
        assert is_behind(runs, NICE)
        assert is_behind(works, NICE)
        assert os.getpriority(os.PRIO_PROCESS, os.getpid()) < NICE
        os.kill(runs, signal.SIGKILL)

    [stopped] = await run_beside(lambda: nights.clear(DAY, "li"), look)
    assert "killed by SIGKILL" in str(stopped)
    assert "it goes on from there" in str(stopped)


@pytest.mark.usefixtures("held")
def test_a_night_ends_with_the_host_that_waits_for_it(estate_database: Dsns, house: Places) -> None:
    code = WAITS.format(dsn=estate_database.night, data=str(house.data))
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as host:
        soon(backend(estate_database))
        runs = soon(lambda: apart_of(host.pid))
        host.kill()
    soon(lambda: None if is_there(runs) else True)
