"""The desk: whatever moves no value and is no exchange.

Sign-on, sign-off and echo are here, a terminal's batches in `host.desk_batches` and
`host.desk_uploads`, its parameters in `host.desk_parameters`, reports in `host.desk_reports`, PIN
blocks for external issuers in `host.desk_pins`.

A sign-on mints working keys and delivers them under the terminal's TMK. Its answer may be lost,
so the keys in use stay valid until a message under the new ones has come. It is not sealed by a
MAC, so anybody on the wire can ask for it; that is why it never ends the keys in use by itself,
and why a sign-off changes nothing.
"""

import datetime as dt
import threading
import zoneinfo
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from host import desk_batches, desk_parameters, desk_pins, desk_reports, desk_uploads
from host.book import Book, Terminal
from host.clock import WallClock
from host.decision import SIGN_ON_AGAIN
from host.hsm.interface import Hsm
from host.hsm.keys import KeyBlockError, deliver, new_working_keys
from host.hsm.vault import VaultError
from host.ksn import Used
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.settings import HostSettings
from host.store.book import (
    add_keys,
    confirm_keys,
    key_set,
    newest_generation,
    note_serial,
    read_book,
    read_tmk,
)
from host.store.counters import use_counter
from host.store.keys import Rotation, read_rotations
from host.store.safety import UnsafeDatabaseError
from host.store.settlement import current_of

_LOG = structlog.get_logger(__name__)
Connect = Callable[[], psycopg.Connection[Any]]


class Desk:
    """Answers management requests, one at a time, in threads: its one connection is not shared."""

    def __init__(
        self, connect: Connect, vault: Hsm, settings: HostSettings, clock: WallClock
    ) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._one_at_a_time = threading.Lock()
        self._is_shut = False
        self._proved: dict[str, int] = {}
        """Terminal id to the generation it has proved, until that is stored."""
        self.vault = vault
        self._settings = settings
        self._clock = clock
        self._zone = zoneinfo.ZoneInfo(settings.timezone)

    def answer(self, request: Request, terminal: Terminal, used: Used | None = None) -> Response:
        """The answer to a management request. Never raises: one terminal's fault stays its own.

        `used` are the DUKPT counters of the message: here, too, none is taken twice.
        """
        with self._one_at_a_time:
            try:
                if used is not None and not self._is_new(request, terminal, used):
                    return self.plain(request, Reason.KSN_REFUSED)
                return ANSWERS[request.kind](self, request, terminal)
            except psycopg.Error as error:
                why = type(error).__name__
                _LOG.error("desk request not stored", kind=request.kind.value, why=why)
                self.close()
                return self.plain(request, Reason.HOST_UNREACHABLE)
            except Exception as error:  # noqa: BLE001 - a key that does not unwrap, or a bug of ours
                why = type(error).__name__
                kind, tid = request.kind.value, terminal.terminal_id
                _LOG.error("desk request failed", kind=kind, tid=tid, why=why)
                return self.plain(request, Reason.MALFUNCTION)

    def confirm(self, terminal_id: str, generation: int) -> None:
        """A message under this generation came: it is the terminal's from now on.

        What cannot be stored now is stored with the next one.
        """
        with self._one_at_a_time:
            self._proved[terminal_id] = generation
            try:
                for proved in list(self._proved.items()):
                    confirm_keys(self.opened(), *proved)
                    del self._proved[proved[0]]
            except psycopg.Error as error:
                _LOG.error("key generation not stored", why=type(error).__name__)
                self.close()

    def rotations(self, newer_than: int) -> list[Rotation]:
        """What an operator asked since; nothing while there is no database."""
        with self._one_at_a_time:
            try:
                return read_rotations(self.opened(), newer_than)
            except psycopg.Error as error:
                _LOG.warning("key rotations not read", why=type(error).__name__)
                self.close()
                return []

    def reread(self, book: Book) -> None:
        """Bring a book that is in use up to date; meanwhile no sign-on changes any key.

        Raises:
            psycopg.Error, VaultError: it is as it was.
        """
        with self._one_at_a_time:
            try:
                fresh = read_book(self.opened(), self.vault)
            except psycopg.Error:
                self.close()
                raise
            book.take_over(fresh)

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        local_time = self._local_time()
        return Response(
            reason=reason,
            rrn=f"{local_time[8:]}{request.key.stan}",
            local_time=local_time,
            business_date=local_time[:8],
            acquirer_id=self._settings.acquirer_id,
            sign_on_again=reason in SIGN_ON_AGAIN and request.kind is not Kind.SIGN_ON,
        )

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def shut(self) -> None:
        """Drop the connection for good: whoever still asks is refused."""
        with self._one_at_a_time:
            self._is_shut = True
            self.close()

    def acknowledge(self, request: Request, _terminal: Terminal) -> Response:
        """Echo and sign-off: heard, and nothing changed."""
        return self.plain(request, Reason.APPROVED)

    def sign_on(self, request: Request, terminal: Terminal) -> Response:
        """Mint, store and deliver working keys; tell the batch the terminal is to use."""
        layout = request.working_keys or ""
        try:
            minted = new_working_keys(layout, terminal.mac_algorithm)
        except KeyBlockError:
            return self.plain(request, Reason.FUNCTION_NOT_SUPPORTED)
        connection = self.opened()
        try:
            tmk = read_tmk(connection, self.vault, terminal.terminal_id)
        except VaultError as error:
            _LOG.error("a master key cannot be used", tid=terminal.terminal_id, why=str(error))
            tmk = None
        if tmk is None:
            return self.plain(request, Reason.KEYS_MISSING)
        generation = newest_generation(connection, terminal.terminal_id) + 1
        key_sets = (key_set(minted, generation, self.vault), *terminal.key_sets[-1:])
        add_keys(connection, self.vault, terminal, key_sets, minted)
        terminal.key_sets = key_sets
        note_serial(connection, terminal.terminal_id, request.serial)
        terminal.epoch = current_of(connection, terminal.terminal_id).epoch
        plain = self.plain(request, Reason.APPROVED)
        return Response(
            reason=plain.reason,
            rrn=plain.rrn,
            local_time=plain.local_time,
            business_date=plain.business_date,
            acquirer_id=plain.acquirer_id,
            epoch=terminal.epoch,
            key_block=deliver(
                layout,
                tmk,
                minted.pik,
                minted.mak,
                minted.tdk,
                terminal.mac_algorithm,
                self.vault.ciphers.des_encryptor,
            ),
        )

    def opened(self) -> psycopg.Connection[Any]:
        """Its one connection, for whoever answers under its lock."""
        if self._is_shut:
            raise psycopg.InterfaceError("the desk is shut")
        if self._connection is None:
            try:
                self._connection = self._connect()
            except UnsafeDatabaseError as error:
                raise psycopg.OperationalError(str(error)) from error
        return self._connection

    def now(self) -> dt.datetime:
        """The host's clock."""
        return self._clock()

    def _is_new(self, request: Request, terminal: Terminal, used: Used) -> bool:
        return use_counter(self.opened(), terminal.terminal_id, used, request.key.text)

    def _local_time(self) -> str:
        return f"{self.now().astimezone(self._zone):%Y%m%d%H%M%S}"


ANSWERS: Final[dict[Kind, Callable[[Desk, Request, Terminal], Response]]] = {
    Kind.SIGN_ON: Desk.sign_on,
    Kind.SIGN_OFF: Desk.acknowledge,
    Kind.ECHO: Desk.acknowledge,
    Kind.SETTLEMENT: desk_batches.settle,
    Kind.BATCH_UPLOAD: desk_uploads.upload,
    Kind.UPLOAD_END: desk_uploads.end_upload,
    Kind.STATUS_UPLOAD: desk_reports.keep_status,
    Kind.CASE_REPORT: desk_reports.report_case,
    Kind.PIN_TRANSLATION: desk_pins.translate_pin,
    Kind.PARAMETER_DOWNLOAD: desk_parameters.download,
    Kind.PARAMETER_END: Desk.acknowledge,
}
"""Every kind that moves no value and is no exchange, and who answers it."""
