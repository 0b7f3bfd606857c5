"""Brings what is due to whom it is for, for a running host and for the command that does it once.

A server is spoken to in a thread of its own, and a few at a time: one that is slow, or lies, keeps
nobody else waiting for long, and nothing of the trade.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import structlog
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.deliveries import Brought, Delivery, Errand, deliver, take_due
from clearing.directories import Directory
from clearing.sending import Far
from config.errors import OperatorError
from config.places import Places
from config.run.sftp import Server, Sftp, open_delivery_key
from host.clock import utc_now
from host.rules.delivery_states import DeliveryState
from host.store.connecting import LONG, Connection
from host.store.safety import UnsafeDatabaseError, connect_safely

ROUND_SECONDS: Final = 20.0
AT_ONCE: Final = 4
"""So many are brought at the same time, each with a thread and a connection."""
OF_A_ROUND: Final = 64
INBOXES: Final = "delivered"
"""Below the directory of files: directories of parties that fetch theirs here."""
STOPS: Final = (OperatorError, UnsafeDatabaseError, OSError, psycopg.Error)

_LOG = structlog.get_logger(__name__)


def errand_of(dsn: str, places: Places, key: Ed25519PrivateKey) -> Errand:
    """What deliveries of this house need."""

    @contextmanager
    def opens(delivery: Delivery) -> Iterator[Far]:
        if delivery.host is None:
            yield Directory(places.files / INBOXES / delivery.directory)
            return
        assert delivery.port is not None
        assert delivery.login is not None
        assert delivery.host_key is not None
        server = Server(
            delivery.host, delivery.port, delivery.login, delivery.host_key, delivery.directory
        )
        with Sftp(server, open_delivery_key(places)) as far:
            yield far

    def connect() -> Connection:
        return connect_safely(dsn, LONG, autocommit=True)

    return Errand(connect, places.files, key, opens, utc_now)


async def bring_due(errand: Errand) -> list[Brought]:
    """Try all that is due by now, each once."""

    def take() -> list[Delivery]:
        with errand.connect() as connection:
            return take_due(connection, errand.clock(), OF_A_ROUND)

    brought: list[Brought] = []
    limiter = trio.CapacityLimiter(AT_ONCE)

    async def bring(delivery: Delivery) -> None:
        work = functools.partial(deliver, errand, delivery)
        try:
            brought.append(
                await trio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=True)
            )
        except STOPS as error:  # it is not written down: taken again when its time is over
            _LOG.warning("a delivery was not written down", file=delivery.name, why=str(error))

    due = await trio.to_thread.run_sync(take, abandon_on_cancel=True)
    async with trio.open_nursery() as nursery:
        for delivery in due:
            nursery.start_soon(bring, delivery)
    return brought


async def keep_delivering(dsn: str, places: Places, key: Ed25519PrivateKey) -> None:
    """Bring what is due, for ever. What goes wrong is logged, and tried again."""
    errand = errand_of(dsn, places, key)
    while True:
        try:
            for one in await bring_due(errand):
                _tell(one)
        except STOPS as error:
            _LOG.warning("deliveries could not be looked for", why=str(error))
        await trio.sleep(ROUND_SECONDS)


def _tell(one: Brought) -> None:
    told = {"file": one.delivery.name_there, "state": str(one.state)}
    if one.why and one.state is not DeliveryState.SENT:
        _LOG.warning("a file could not be delivered", why=one.why, **told)
    elif not one.why:
        _LOG.info("a file was delivered", **told)
