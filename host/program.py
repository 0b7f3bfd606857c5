"""The accounting host, put together: estate, writers, desk, poster, link."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import psycopg
import structlog
import trio
from prometheus_client import start_http_server

from host.book import Book
from host.clock import WallClock, utc_now
from host.decision import Court
from host.desk import Desk
from host.hsm.interface import Hsm
from host.link.address import Address, listen
from host.metrics import KEYS_UNUSABLE
from host.poster import Poster
from host.server import serve
from host.settings import HostSettings
from host.store.book import read_book
from host.store.connecting import Deadlines
from host.store.safety import connect_safely
from host.store.writer import Writer

OnReady = Callable[[list[str]], None]
Beside = Callable[[Poster], Awaitable[None]]
"""Something that runs as long as a host does, and may reload it."""
METRICS_HOST: Final = "127.0.0.1"

_LOG = structlog.get_logger(__name__)


async def run_host(
    settings: HostSettings,
    *,
    dsn: str,
    hsm: Hsm,
    on_ready: OnReady,
    clock: WallClock = utc_now,
    beside: Beside | None = None,
) -> None:
    """Serve switches until cancelled. `on_ready` gets one line for each listener.

    Raises:
        UnsafeDatabaseError, NoEstateError, ShardTakenError: the host must not start here.
        psycopg.OperationalError: no database.
    """
    with opened_poster(settings, dsn=dsn, hsm=hsm, clock=clock) as poster:
        address = Address.parse(settings.link)
        listener = listen(address)
        lines = [f"host on {address}"]
        if settings.metrics_port is not None:
            start_http_server(settings.metrics_port, METRICS_HOST)
            lines.append(f"host metrics on {METRICS_HOST}:{settings.metrics_port}")
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(poster.run)
                nursery.start_soon(serve, [listener], poster.submit, poster.find_terminal)
                if beside is not None:
                    nursery.start_soon(beside, poster)
                on_ready(lines)
        finally:
            listener.close()


@contextlib.contextmanager
def opened_poster(
    settings: HostSettings, *, dsn: str, hsm: Hsm, clock: WallClock = utc_now
) -> Iterator[Poster]:
    """A poster on an open database, whose tasks the caller runs; closed when the block ends."""
    book = _checked_book(dsn, hsm, settings)
    court = Court(book, hsm.pin_verifier(), settings.acquirer_id)
    writers = [
        Writer(dsn, shards, court, settings, clock)
        for shards in _shards_of_writers(book.shard_count, settings.writers)
    ]
    desk = Desk(lambda: _connect(dsn, settings), hsm, settings, clock)
    try:
        for writer in writers:
            writer.open()
        yield Poster(book, writers, desk, hsm, settings)
    finally:
        for writer in writers:
            writer.close()
        desk.shut()


def _shards_of_writers(shard_count: int, writers: int) -> list[list[int]]:
    """Shard n belongs to writer n modulo the number of writers, as the poster assumes."""
    count = min(writers, shard_count)
    return [list(range(place, shard_count, count)) for place in range(count)]


def _checked_book(dsn: str, hsm: Hsm, settings: HostSettings) -> Book:
    with _connect(dsn, settings) as connection:
        book = read_book(connection, hsm)
    tell_of(book)
    return book


def tell_of(book: Book) -> None:
    """What was read of the estate, and every stored key that cannot be used."""
    _LOG.info(
        "estate read",
        issuers=len(book.issuers),
        merchants=len(book.merchants),
        terminals=len(book.terminals),
        shards=book.shard_count,
    )
    KEYS_UNUSABLE.set(len(book.key_faults))
    for fault in book.key_faults:
        _LOG.error(
            "a stored key cannot be used: its terminal is refused; see posswitch keys list",
            tid=fault.owner,
            key=fault.purpose,
            generation=fault.generation,
            why=fault.why,
        )


def _connect(dsn: str, settings: HostSettings) -> psycopg.Connection[Any]:
    statement_milliseconds = int(settings.statement_seconds_max * 1000)
    return connect_safely(
        dsn,
        Deadlines(
            connect_seconds=settings.connect_seconds_max,
            round_trip_seconds=settings.round_trip_seconds,
            options={"statement_timeout": f"{statement_milliseconds}ms"},
        ),
    )
