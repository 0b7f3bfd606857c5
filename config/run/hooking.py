"""Tells programs what happened, for a running host: makes messages of the journal, and sends them.

Each message is sent by itself and a few at a time, so that a program that is slow, or lies, keeps
nobody else waiting for long. Whoever is killed on the way sends it again.
"""

import functools
import ipaddress
import ssl
from typing import Final

import psycopg
import structlog
import trio

from config.run.hook_http import Way, post
from host.clock import utc_now
from host.hsm.interface import Hsm
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
STOPS: Final = (OSError, psycopg.Error)

_LOG = structlog.get_logger(__name__)


def way_of(settings: HostSettings) -> Way:
    """Where messages may go.

    Raises:
        OSError, ssl.SSLError: the authorities that are named cannot be read.
    """
    allowed = [ipaddress.ip_network(one) for one in settings.webhook_networks]
    return Way(allowed, ssl.create_default_context(cafile=settings.webhook_ca))


async def tell_once(desk: Desk, way: Way) -> int:
    """Make what is new, and send all that is due, each once; gives how many were sent."""
    await _in_thread(tell_posted, desk)
    due = await _in_thread(take_due, desk)
    limiter = trio.CapacityLimiter(AT_ONCE)

    async def send(message: Message) -> None:
        async with limiter:
            secret = await _in_thread(secret_of, desk, message)
            headers = headers_of(message, secret, desk.clock())
            answer = await post(way, message.url, message.body.encode(), headers)
            try:
                await _in_thread(record, desk, message, answer)
            except STOPS as error:  # it is sent again when its time is over
                _LOG.warning("a message was not written down", why=str(error))
            _tell(message, answer)

    async with trio.open_nursery() as nursery:
        for message in due:
            nursery.start_soon(send, message)
    return len(due)


async def keep_telling(dsn: str, hsm: Hsm, settings: HostSettings) -> None:
    """Tell, for ever, by the office's login. What goes wrong is logged, and tried again."""
    held = Held(lambda: connect_safely(dsn, LONG, autocommit=True))
    desk, way = Desk(held.use, hsm, utc_now), way_of(settings)
    try:
        while True:
            try:
                while await tell_once(desk, way):
                    pass
            except STOPS as error:
                _LOG.warning("programs could not be told", why=str(error))
            await trio.sleep(ROUND_SECONDS)
    finally:
        held.drop()


def _tell(message: Message, answer: Answer) -> None:
    if not answer.is_taken:
        why = answer.why or answer.status
        _LOG.info("a message was not taken", webhook=message.webhook, why=why)


_in_thread = functools.partial(trio.to_thread.run_sync, abandon_on_cancel=True)
