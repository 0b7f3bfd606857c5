"""The accounting host, put together: estate, writers, desk, poster, link."""

import contextlib
import functools
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
import structlog
import trio
from prometheus_client import REGISTRY

from host.asking import Asking
from host.book import Book
from host.clock import WallClock, utc_now
from host.desk.desk import Desk
from host.device import watch_device
from host.expiry import PointsExpiry
from host.gifts import Gifts
from host.hold_expiry import HoldExpiry
from host.hsm.interface import Hsm
from host.link.address import Address, AddressError, listen
from host.link.credentials import Credentials
from host.metrics import DEVICE_UP, KEYS_UNUSABLE, TLS_GOOD_UNTIL, bind_all_requests, count_fault
from host.moves import Moves
from host.office.apart import ReadsApart
from host.office.nights import Nights
from host.office.office import Office
from host.office.proofs import Proves
from host.office.reception import Reception
from host.office.tables import ACTIONS, VIEWS
from host.office.trials import trying
from host.page import Page
from host.paying import Paying
from host.poster import Poster
from host.rules.decision import Court
from host.server import serve
from host.settings import HostSettings
from host.sms import opened_sms
from host.steady import kept_going
from host.store.book import read_book
from host.store.connecting import LONG, Deadlines, connect
from host.store.following import Following
from host.store.safety import connect_safely
from host.store.writer import Writer

OnReady = Callable[[list[str]], None]
Beside = Callable[[Poster, Credentials | None], Awaitable[None]]
"""Something that runs as long as a host does, and may reload it and what its link shows."""
READY_SECONDS_MAX: Final = 2.0
"""How long a database may take to be called reachable."""

_LOG = structlog.get_logger(__name__)


class Logins(NamedTuple):
    """Connection strings of who trades, and of who does what people ask for, if anybody does."""

    host: str
    office: str | None = None
    audit: str | None = None
    """Who reads everything and writes nothing."""
    proves: Proves | None = None
    """What holds the ledger against its seals and signatures."""
    reads: Address | None = None
    """Where what people look at is told by another process."""
    nights: Nights | None = None
    """Who clears dates and hands out their files."""


async def run_host(
    settings: HostSettings,
    *,
    logins: Logins,
    hsm: Hsm,
    on_ready: OnReady,
    clock: WallClock = utc_now,
    beside: Beside | None = None,
) -> None:
    """Serve switches until cancelled. `on_ready` gets one line for each listener.

    Where there is no login for the office, nobody is served who asks for people.

    Raises:
        UnsafeDatabaseError, NoEstateError, ShardTakenError: the host must not start here.
        psycopg.OperationalError: no database.
        AddressError, CredentialsError: a place to listen at, or what is shown there, cannot be had.
        OSError: the port for metrics is taken.
    """
    addresses = [Address.parse(each) for each in (settings.link, *settings.link_also)]
    credentials = None if settings.link_tls is None else Credentials(settings.link_tls)
    if credentials is not None:
        _export_end(credentials)
    dsn = logins.host
    with opened_poster(settings, dsn=dsn, hsm=hsm, clock=clock) as poster:
        asking = Asking(poster.post_own, poster.shard_count)
        expiry = PointsExpiry(lambda: connected(dsn, settings), asking.ask, clock)
        holds = HoldExpiry(lambda: connected(dsn, settings), asking.ask, clock)
        moves = Moves(lambda: connected(dsn, settings), asking.ask, clock)
        paying = Paying(lambda: connected(dsn, settings), poster.book, clock, poster.pass_on)
        paying.drive = moves.drive_one
        poster.paying = paying
        gifts = Gifts(lambda: connected(dsn, settings), asking.ask, clock)
        reception = _reception(logins, hsm, settings, clock, poster)
        listeners = _listening(addresses)
        lines = [f"host on {address}" for address in addresses]
        page = Page(
            REGISTRY,
            {
                "the database is not reachable": lambda: _is_reachable(dsn),
                "no writer has its connection": lambda: poster.is_posting,
                "the device that holds the LMK does not answer": hsm.answers,
            },
        )
        DEVICE_UP.set_function(lambda: float(hsm.answers()))
        try:
            if settings.metrics_port is not None:
                bind_all_requests()
                page.open(settings.metrics_host, settings.metrics_port)
                lines.append(f"host metrics on {settings.metrics_host}:{settings.metrics_port}")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(page.run)
                nursery.start_soon(watch_device, hsm)
                nursery.start_soon(poster.run)
                nursery.start_soon(expiry.run)
                nursery.start_soon(moves.run)
                nursery.start_soon(kept_going, "paying", paying.run, count_fault)
                nursery.start_soon(holds.run)
                nursery.start_soon(gifts.run)
                nursery.start_soon(
                    serve,
                    listeners,
                    poster.submit,
                    poster.find_terminal,
                    credentials,
                    reception.ask,
                )
                nursery.start_soon(reception.run)
                if credentials is not None:
                    nursery.start_soon(credentials.watch)
                if beside is not None:
                    nursery.start_soon(beside, poster, credentials)
                on_ready(lines)
        finally:
            page.close()
            reception.shut()
            paying.shut()
            for listener in listeners:
                listener.close()


def _export_end(credentials: Credentials) -> None:
    """Until when our certificate of the link is good, on the page of metrics."""

    def until() -> float:
        return credentials.until.timestamp()

    TLS_GOOD_UNTIL.labels("link", "certificate").set_function(until)


def _reception(
    logins: Logins, hsm: Hsm, settings: HostSettings, clock: WallClock, poster: Poster
) -> Reception:
    asking = Asking(poster.post_own, poster.shard_count)
    looks, tries = None, None
    if logins.audit is not None:
        looks = functools.partial(connect, logins.audit, LONG, autocommit=True)
        tries = trying(looks, lambda _: Following(poster.book, hsm), settings, clock)
    office = Office(
        hsm=hsm,
        clock=clock,
        zone=settings.timezone,
        actions=ACTIONS,
        views=VIEWS,
        ask=asking.ask_from_thread,
        looks=looks,
        tries=tries,
        sms=opened_sms(settings.sms, settings.member_link),
        proves=logins.proves,
        nights=logins.nights,
    )
    if logins.office is None:
        return Reception(office, None)
    return Reception(
        office,
        functools.partial(connected, logins.office, settings),
        apart=None if logins.reads is None else ReadsApart(logins.reads),
    )


def _listening(addresses: Sequence[Address]) -> list[socket.socket]:
    """A listening socket for each, or none."""
    made: list[socket.socket] = []
    try:
        for address in addresses:
            made.append(listen(address))  # noqa: PERF401 - those made are closed when one fails
    except (OSError, AddressError):
        for each in made:
            each.close()
        raise
    return made


def _is_reachable(dsn: str) -> bool:
    """Whether a new connection gets an answer, in time."""
    told = Deadlines(connect_seconds=READY_SECONDS_MAX, round_trip_seconds=READY_SECONDS_MAX)
    try:
        with connect(dsn, told, autocommit=True) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


@contextlib.contextmanager
def opened_poster(
    settings: HostSettings, *, dsn: str, hsm: Hsm, clock: WallClock = utc_now
) -> Iterator[Poster]:
    """A poster on an open database, whose tasks the caller runs; closed when the block ends."""
    book = _checked_book(dsn, hsm, settings)
    court = Court(book, hsm.pin_verifier(), settings.acquirer_id)
    estate = Following(book, hsm)
    writers = [
        Writer(dsn, shards, court, estate, settings, clock)
        for shards in _shards_of_writers(book.shard_count, settings.writers)
    ]
    desk = Desk(lambda: connected(dsn, settings), hsm, settings, clock)
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
    with connected(dsn, settings) as connection:
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


def connected(dsn: str, settings: HostSettings) -> psycopg.Connection[Any]:
    """A connection that money may be written on, with the deadlines of a host.

    Raises:
        psycopg.OperationalError, UnsafeDatabaseError: see `connect_safely`.
    """
    statement_milliseconds = int(settings.statement_seconds_max * 1000)
    return connect_safely(
        dsn,
        Deadlines(
            connect_seconds=settings.connect_seconds_max,
            round_trip_seconds=settings.round_trip_seconds,
            options={"statement_timeout": f"{statement_milliseconds}ms"},
        ),
    )
