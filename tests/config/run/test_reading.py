"""What people look at is told by a process of its own, which comes again and ends with the host."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.behind import NICE_PAGES
from config.run.database import Dsns
from host.link.address import Address
from host.link.office import opened_office
from host.model.office import NOBODY, Do, Refused, Show
from host.model.secrets import Secret
from tests.config.run.test_apart import children_of, is_behind, is_there, soon
from tests.host.conftest import LMK, estate_database, estate_template

__all__ = ["estate_database", "estate_template"]

HOST = """
import sys, time
from pathlib import Path
from config.places import places_of
from config.run.reading import reading_apart
from config.settings import Settings
with reading_apart(Settings(), places_of(Path({data!r})), {host!r}, {office!r}) as address:
    print(address.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def house(tmp_path: Path) -> Places:
    places = places_of(tmp_path / "data")
    places.secrets.mkdir(parents=True)
    places.run.mkdir(exist_ok=True)
    places.lmk.touch(0o600)
    places.lmk.write_text(LMK.reveal().hex())
    return places


@contextmanager
def a_host(dsns: Dsns, house: Places) -> Iterator[tuple[subprocess.Popen[str], Address]]:
    """What a host has of it: no more than what starts it."""
    code = HOST.format(data=str(house.data), host=dsns.host, office=dsns.office)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, Address(path=process.stdout.readline().strip())
        process.kill()


def reader_of(host: int) -> int | None:
    """Below the one that keeps it."""
    return next((child for keeper in children_of(host) for child in children_of(keeper)), None)


async def refused(address: Address, asked: Do | Show) -> str:
    async with opened_office(address) as link:
        told = await link.ask(asked)
    assert isinstance(told, Refused)
    return told.code


async def test_it_tells_what_is_looked_at_does_nothing_and_steps_behind(
    estate_database: Dsns, house: Places
) -> None:
    with a_host(estate_database, house) as (host, address):
        assert await refused(address, Show(session=Secret(b"x"), view="people")) == "E-SIGNED-OUT"
        sign_in = Do(session=NOBODY, action="session.sign_in", values=Secret(b"{}"))
        assert await refused(address, sign_in) == "E-HOST-AWAY"
        reader = soon(lambda: reader_of(host.pid))
        assert is_behind(reader, NICE_PAGES)
        assert os.getpriority(os.PRIO_PROCESS, host.pid) == os.getpriority(os.PRIO_PROCESS, 0)


async def test_it_comes_again_when_it_has_died(estate_database: Dsns, house: Places) -> None:
    with a_host(estate_database, house) as (host, address):
        first = soon(lambda: reader_of(host.pid))
        os.kill(first, signal.SIGKILL)
        soon(lambda: None if reader_of(host.pid) in {None, first} else True)
        assert await refused(address, Show(session=Secret(b"x"), view="people")) == "E-SIGNED-OUT"


@pytest.mark.parametrize("is_killed", [True, False])
def test_it_ends_with_its_host_however_that_ends(
    estate_database: Dsns, house: Places, *, is_killed: bool
) -> None:
    with a_host(estate_database, house) as (host, _):
        reader = soon(lambda: reader_of(host.pid))
        [keeper] = children_of(host.pid)
        if is_killed:
            host.kill()
        else:
            assert host.stdin is not None
            host.stdin.close()
        host.wait(30)
        soon(lambda: None if is_there(keeper) or is_there(reader) else True)
