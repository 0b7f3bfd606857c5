"""Tells programs what happened, for a running host: makes messages of the journal, and sends them.

Each program is told by itself, a few messages at a time, and is taken up again once these have
ended: so one that is slow, or lies, keeps no other waiting. Whoever is killed on the way sends it
again.
"""

import ipaddress
import ssl
from collections import defaultdict
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
import structlog
import trio

from config.run.hook_http import Names, Way, post
from host.clock import utc_now
from host.hsm.interface import Hsm
from host.hsm.vault import VaultError
from host.office.webhooks import (
    Answer,
    Desk,
    Message,
    headers_of,
    record,
    secret_of,
    take_due,
    tell_posted,
)
from host.settings import HostSettings
from host.store.connecting import LONG
from host.store.held import Held
from host.store.safety import connect_safely

ROUND_SECONDS: Final = 2.0
AT_ONCE: Final = 8
"""Messages of one program."""
IN_ALL_MAX: Final = 256
"""Connections to all of them."""
STOPS: Final = (OSError, psycopg.Error)

_T = TypeVar("_T")
_LOG = structlog.get_logger(__name__)


def way_of(settings: HostSettings) -> Way:
    """Where messages may go.

    Raises:
        OSError, ssl.SSLError: the authorities that are named cannot be read.
    """
    allowed = [ipaddress.ip_network(one) for one in settings.webhook_networks]
    return Way(allowed, ssl.create_default_context(cafile=settings.webhook_ca))


class Teller:
    """Who is being told: a program that is does not hear of more before that has ended."""

    def __init__(self, desk: Desk, way: Way) -> None:
        self._desk = desk
        self._way = way
        self._busy: set[str] = set()
        self._freed = trio.Event()
        self._sockets = trio.CapacityLimiter(IN_ALL_MAX)
        self._database = trio.CapacityLimiter(1)
        """Its connection is one, so one thread waits for it and no more."""

    async def pause(self) -> None:
        """Until there may be more for somebody: one program is free again, or some time is over."""
        with trio.move_on_after(ROUND_SECONDS):
            await self._freed.wait()

    async def round(self, nursery: trio.Nursery) -> int:
        """Make what is new, and have sent all that is due; gives how many messages that is.

        Raises:
            OSError, psycopg.Error: the database is away.
        """
        self._freed = trio.Event()
        await self._asked(lambda: tell_posted(self._desk))
        due = await self._asked(lambda: take_due(self._desk, self._busy))
        of_each: dict[str, list[Message]] = defaultdict(list)
        for message in due:
            of_each[message.webhook].append(message)
        for webhook, messages in of_each.items():
            self._busy.add(webhook)
            nursery.start_soon(self._tell_program, webhook, messages)
        return len(due)

    async def _tell_program(self, webhook: str, messages: list[Message]) -> None:
        """All of these; whatever one of them meets, the others are sent."""
        its_own = trio.CapacityLimiter(AT_ONCE)
        try:
            async with trio.open_nursery() as nursery:
                for message in messages:
                    nursery.start_soon(self._send, message, its_own)
        finally:
            self._busy.discard(webhook)
            self._freed.set()

    async def _send(self, message: Message, its_own: trio.CapacityLimiter) -> None:
        async with its_own, self._sockets:
            answer = await self._answer_to(message)
        try:
            await self._asked(lambda: record(self._desk, message, answer))
        except STOPS as error:  # it is sent again when its time is over
            _LOG.warning("a message was not written down", why=str(error))
        _tell(message, answer)

    async def _answer_to(self, message: Message) -> Answer:
        try:
            secret = await trio.to_thread.run_sync(secret_of, self._desk, message)
        except VaultError as error:
            return Answer(None, f"its secret does not open: {error}")
        headers = headers_of(message, secret, self._desk.clock())
        return await post(self._way, message.url, message.body.encode(), headers)

    async def _asked(self, ask: Callable[[], _T]) -> _T:
        return await trio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=self._database)


async def tell_once(desk: Desk, way: Way) -> int:
    """Make what is new, and send all that is due, each once; gives how many were sent."""
    async with trio.open_nursery() as nursery:
        return await Teller(desk, way).round(nursery)


async def keep_telling(dsn: str, hsm: Hsm, settings: HostSettings) -> None:
    """Tell, for ever, by the office's login. What goes wrong is logged, and tried again."""
    held = Held(lambda: connect_safely(dsn, LONG, autocommit=True))
    trio.socket.set_custom_hostname_resolver(Names())
    try:
        async with trio.open_nursery() as nursery:
            await _in_rounds(Teller(Desk(held.use, hsm, utc_now), way_of(settings)), nursery)
    finally:
        held.drop()


async def _in_rounds(teller: Teller, nursery: trio.Nursery) -> None:
    while True:
        try:
            while await teller.round(nursery):
                pass
        except STOPS as error:
            _LOG.warning("programs could not be told", why=str(error))
            await trio.sleep(ROUND_SECONDS)
        await teller.pause()


def _tell(message: Message, answer: Answer) -> None:
    if not answer.is_taken:
        why = answer.why or answer.status
        _LOG.info("a message was not taken", webhook=message.webhook, why=why)
