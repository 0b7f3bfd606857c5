"""Who reads for people: a process of its own, so that no page takes its turn from a till.

It is forked from the host before that has a thread, a connection or a key: so it has the program in
memory at no cost, and whatever it opens is its own. Between the two stands one that does nothing
but fork it again when it has ended. Both end with the host, however that ends.
"""

import functools
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final, NoReturn

import structlog
import trio

from config.noise import noise_in_lines
from config.places import Places
from config.run.behind import NICE_PAGES, have_step_behind, step_behind
from config.run.children import end_with
from config.run.hsm import open_hsm
from config.settings import Settings
from host.clock import utc_now
from host.link.address import Address, listen
from host.model.office import Asked, Do, Told
from host.office.office import Office
from host.office.reception import Reception
from host.office.tables import ACTIONS, VIEWS
from host.program import connected
from host.server import NO_OFFICE, serve
from host.store.connecting import Connection

PAUSE_SECONDS: Final = 1.0
"""Before one that has ended is forked again."""
FAILED: Final = 1

_LOG = structlog.get_logger(__name__)


@contextmanager
def reading_apart(settings: Settings, places: Places, host: str, office: str) -> Iterator[Address]:
    """The address at which whatever people look at is told, while the block lasts.

    To be entered by a process of one thread. `host` and `office` are the logins' strings.
    """
    address = Address(path=str(places.run / "reads.sock"))
    read = functools.partial(_read, settings, places, host, office)
    with closing(listen(address)) as listener:
        parent, keeper = os.getpid(), os.fork()
        if keeper == 0:
            _keep(parent, functools.partial(read, listener))
    try:
        yield address
    finally:
        os.kill(keeper, signal.SIGTERM)  # who reads ends with it
        os.waitpid(keeper, 0)


def _keep(parent: int, read: Callable[[], None]) -> NoReturn:
    """Fork one that reads, again whenever it has ended, until this process ends with its parent."""
    try:
        os.setsid()
        end_with(parent)
        step_behind(NICE_PAGES)
        _say_nothing()
        own = os.getpid()
        while True:
            reader = os.fork()
            if reader == 0:
                _run(own, read)
            os.waitpid(reader, 0)
            time.sleep(PAUSE_SECONDS)
    finally:
        os._exit(FAILED)


def _run(parent: int, read: Callable[[], None]) -> NoReturn:
    try:
        end_with(parent)
        read()
    except Exception:  # noqa: BLE001 - it comes again, and the log says why
        _LOG.exception("who reads for people cannot go on")
    finally:
        os._exit(FAILED)


def _say_nothing() -> None:
    """What waits for the host's last word on its standard output waits for no child of it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for file in (sys.stdin, sys.stdout):
        os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def _read(
    settings: Settings, places: Places, host: str, office: str, listener: socket.socket
) -> None:
    """Tell whoever asks at this socket. The security module is opened after the host's own."""
    select.select([listener], [], [])
    opened = Office(
        hsm=open_hsm(settings.host.hsm, places, host),
        clock=utc_now,
        zone=settings.host.timezone,
        actions=ACTIONS,
        views=VIEWS,
    )

    def connect() -> Connection:
        return have_step_behind(connected(office, settings.host), NICE_PAGES)

    reception = Reception(opened, connect)

    async def look(asked: Asked) -> Told:
        return NO_OFFICE if isinstance(asked, Do) else await reception.ask(asked)

    with noise_in_lines():
        trio.run(serve, [listener], _no_trade, _no_trade, None, look)


def _no_trade(*_asked: object) -> NoReturn:
    raise AssertionError("no till is served here")
