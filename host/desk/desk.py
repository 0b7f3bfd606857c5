"""The desk: whatever moves no value and is no exchange.

`ROOMS` says where each kind is served: sign-ons in `host.desk.sign_ons`, PIN blocks for external
issuers in `host.desk.pins`, and at its tellers, one after another, a terminal's batches
(`host.desk.batches`, `host.desk.uploads`), its parameters (`host.desk.parameters`) and reports
(`host.desk.reports`). Echo, sign-off and the end of parameters are answered where they come in:
heard, and nothing changed. Each room has a connection of its own; `host.desk.rooms` has its tasks.

A sign-on mints working keys and delivers them under the terminal's TMK. Its answer may be lost,
so the keys in use stay valid until a message under the new ones has come. It is not sealed by a
MAC, so anybody on the wire can ask for it; that is why it never ends the keys in use by itself,
and why a sign-off changes nothing.
"""

import datetime as dt
import enum
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog

from host.book import Book, Terminal
from host.clock import WallClock
from host.desk import batches as desk_batches
from host.desk import parameters as desk_parameters
from host.desk import reports as desk_reports
from host.desk import uploads as desk_uploads
from host.desk.pins import translate_pin
from host.desk.sign_ons import SignOns
from host.hsm.interface import Hsm
from host.ksn import Used
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.rules.decision import SIGN_ON_AGAIN
from host.rules.dossier import Item
from host.settings import HostSettings
from host.store.book import read_book, store_proofs
from host.store.connecting import Connection
from host.store.counters import use_counter
from host.store.following import Following
from host.store.held import Connect, Held, refusal_of
from host.store.keys import Rotation, read_rotations
from host.store.safety import UnsafeDatabaseError

_LOG = structlog.get_logger(__name__)


@enum.unique
class Room(enum.Enum):
    """Where something waits at the desk, and for whom."""

    AT_ONCE = enum.auto()
    """Nowhere."""
    SIGN_ONS = enum.auto()
    """For other sign-ons, many of which are written together."""
    PINS = enum.auto()
    """For nobody but other PIN blocks; no database is asked."""
    COUNTED_PINS = enum.auto()
    """As PINS, and for the database, which keeps the DUKPT counters they used."""
    BATCHES = enum.auto()
    """For a teller: one is served there after another."""


ROOMS: Final[dict[Kind, Room]] = {
    Kind.SIGN_ON: Room.SIGN_ONS,
    Kind.SIGN_OFF: Room.AT_ONCE,
    Kind.ECHO: Room.AT_ONCE,
    Kind.SETTLEMENT: Room.BATCHES,
    Kind.BATCH_UPLOAD: Room.BATCHES,
    Kind.UPLOAD_END: Room.BATCHES,
    Kind.STATUS_UPLOAD: Room.BATCHES,
    Kind.CASE_REPORT: Room.BATCHES,
    Kind.PIN_TRANSLATION: Room.PINS,
    Kind.PARAMETER_DOWNLOAD: Room.BATCHES,
    Kind.PARAMETER_END: Room.AT_ONCE,
}
"""Every kind that moves no value and is no exchange, and where it is served. What used a DUKPT
counter goes where there is a connection to keep it."""


class Desk:
    """Answers management requests in threads, each room on a connection of its own."""

    def __init__(
        self, connect: Connect, vault: Hsm, settings: HostSettings, clock: WallClock
    ) -> None:
        self._connect = connect
        self.vault = vault
        self._settings = settings
        self._clock = clock
        self._zone = zoneinfo.ZoneInfo(settings.timezone)
        self._tellers = [self._held() for _ in range(settings.desk_connections)]
        self._counters, self._proofs, sign_ons = self._held(), self._held(), self._held()
        self._all = [*self._tellers, self._counters, self._proofs, sign_ons]
        self.sign_ons = SignOns(sign_ons, vault, self.plain)

    @property
    def tellers(self) -> int:
        """How many may be answered at a time by `answer`."""
        return len(self._tellers)

    def answer(
        self, teller: int, request: Request, terminal: Terminal, used: Used | None = None
    ) -> Response:
        """The answer to one request at a teller. Never raises: one terminal's fault stays its own.

        `used` are the DUKPT counters of the message: here, too, none is taken twice.
        """
        try:
            with self._tellers[teller].use() as connection:
                seat = Seat(self, connection)
                if used is not None and not _is_new(connection, request, terminal, used):
                    return self.plain(request, Reason.KSN_REFUSED)
                return ANSWERS[request.kind](seat, request, terminal)
        except psycopg.Error as error:
            why = type(error).__name__
            _LOG.error("desk request not stored", kind=request.kind.value, why=why)
            return self.plain(request, refusal_of(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours
            return self._failed(request, terminal, error)

    def translate_pins(
        self, items: Sequence[Item], zones: Mapping[str, Secret | None]
    ) -> list[Response]:
        """PIN blocks under zone keys; those that used DUKPT counters once those are kept."""
        counted = [item for item in items if item.used is not None]
        try:
            fresh = self._count(counted) if counted else {}
        except psycopg.Error as error:
            _LOG.error("counters not stored", why=type(error).__name__)
            return [self.plain(item.request, refusal_of(error)) for item in items]
        return [
            self._translated(item, zones)
            if fresh.get(item.slot, True)
            else self.plain(item.request, Reason.KSN_REFUSED)
            for item in items
        ]

    def store_proofs(self, proved: Mapping[str, int]) -> bool:
        """Remember which key sets terminals hold; False when that cannot be stored now."""
        try:
            with self._proofs.use() as connection:
                store_proofs(connection, proved)
        except psycopg.Error as error:
            _LOG.error("key generations not stored", why=type(error).__name__)
            return False
        return True

    def rotations(self, newer_than: int) -> list[Rotation]:
        """What an operator asked since; nothing while there is no database."""
        try:
            with self._proofs.use() as connection:
                return read_rotations(connection, newer_than)
        except psycopg.Error as error:
            _LOG.warning("key rotations not read", why=type(error).__name__)
            return []

    def follow(self, book: Book) -> bool:
        """Bring a book up to date with the estate; False while there is no database."""
        try:
            with self._proofs.use() as connection:
                Following(book, self.vault).catch_up(connection)
        except psycopg.Error as error:
            _LOG.warning("estate not followed", why=type(error).__name__)
            return False
        return True

    def read_estate(self) -> Book:
        """The estate and its keys as they are stored now, on a connection for this alone.

        Raises:
            psycopg.Error, VaultError: it cannot be read.
        """
        try:
            with self._connect() as connection:
                return read_book(connection, self.vault)
        except UnsafeDatabaseError as error:
            raise psycopg.OperationalError(str(error)) from error

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        local_time = f"{self.now().astimezone(self._zone):%Y%m%d%H%M%S}"
        return Response(
            reason=reason,
            rrn=f"{local_time[8:]}{request.key.stan}",
            local_time=local_time,
            business_date=local_time[:8],
            acquirer_id=self._settings.acquirer_id,
            sign_on_again=reason in SIGN_ON_AGAIN and request.kind is not Kind.SIGN_ON,
        )

    def now(self) -> dt.datetime:
        """The host's clock."""
        return self._clock()

    def close(self) -> None:
        """Drop every connection; whoever needs one next opens another."""
        for held in self._all:
            held.drop()

    def shut(self) -> None:
        """Drop every connection for good: whoever still asks is refused."""
        for held in self._all:
            held.shut()

    def _held(self) -> Held:
        return Held(self._connect)

    def _count(self, items: Sequence[Item]) -> dict[str, bool]:
        """Whether each message's counters were new, by its slot; kept when this returns."""
        with self._counters.use() as connection, connection.transaction():
            return {
                item.slot: _is_new(connection, item.request, item.terminal, item.used)
                for item in items
                if item.used is not None
            }

    def _translated(self, item: Item, zones: Mapping[str, Secret | None]) -> Response:
        try:
            return translate_pin(self, item.request, item.terminal, zones)
        except Exception as error:  # noqa: BLE001 - one terminal's fault stays its own
            return self._failed(item.request, item.terminal, error)

    def _failed(self, request: Request, terminal: Terminal, error: Exception) -> Response:
        why, kind = type(error).__name__, request.kind.value
        _LOG.error("desk request failed", kind=kind, tid=terminal.terminal_id, why=why)
        return self.plain(request, Reason.MALFUNCTION)


@dataclass(frozen=True, slots=True)
class Seat:
    """The desk at one of its tellers, for one request: with a connection."""

    desk: Desk
    connection: Connection

    @property
    def vault(self) -> Hsm:
        """The security module."""
        return self.desk.vault

    def opened(self) -> Connection:
        """The teller's connection."""
        return self.connection

    def now(self) -> dt.datetime:
        """The host's clock."""
        return self.desk.now()

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        return self.desk.plain(request, reason)


def acknowledge(seat: Seat, request: Request, _terminal: Terminal) -> Response:
    """Heard, and nothing changed."""
    return seat.plain(request, Reason.APPROVED)


ANSWERS: Final[dict[Kind, Callable[[Seat, Request, Terminal], Response]]] = {
    Kind.SIGN_OFF: acknowledge,
    Kind.ECHO: acknowledge,
    Kind.SETTLEMENT: desk_batches.settle,
    Kind.BATCH_UPLOAD: desk_uploads.upload,
    Kind.UPLOAD_END: desk_uploads.end_upload,
    Kind.STATUS_UPLOAD: desk_reports.keep_status,
    Kind.CASE_REPORT: desk_reports.report_case,
    Kind.PARAMETER_DOWNLOAD: desk_parameters.download,
    Kind.PARAMETER_END: acknowledge,
}
"""Who answers at a teller."""


def _is_new(connection: Connection, request: Request, terminal: Terminal, used: Used) -> bool:
    return use_counter(connection, terminal.terminal_id, used, request.key.text)
