"""The desk: sign-on, sign-off and echo. They move no value and are no exchanges.

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

from host.book import KeySet, Terminal
from host.clock import WallClock
from host.hsm.keys import deliver, new_key
from host.hsm.pin import PinBlockReader
from host.hsm.vault import Vault
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.settings import HostSettings
from host.store.book import add_keys, confirm_keys, newest_generation, note_serial, read_tmk

KEY_SIZES: Final[dict[str, int]] = {"001": 8, "003": 16}
"""Sign-on layout (F60.3) to the length of its PIN key; the MAC key is 8 bytes in both."""
MAK_BYTES: Final = 8

_LOG = structlog.get_logger(__name__)
Connect = Callable[[], psycopg.Connection[Any]]


class Desk:
    """Answers management requests, one at a time, in threads: its one connection is not shared."""

    def __init__(
        self, connect: Connect, vault: Vault, settings: HostSettings, clock: WallClock
    ) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._one_at_a_time = threading.Lock()
        self._proved: dict[str, int] = {}
        """Terminal id to the generation it has proved, until that is stored."""
        self._vault = vault
        self._settings = settings
        self._clock = clock
        self._zone = zoneinfo.ZoneInfo(settings.timezone)

    def answer(self, request: Request, terminal: Terminal) -> Response:
        """The answer to a management request. Never raises: one terminal's fault stays its own."""
        with self._one_at_a_time:
            try:
                return ANSWERS[request.kind](self, request, terminal)
            except psycopg.Error as error:
                _LOG.error("sign-on could not be stored", why=type(error).__name__)
                self.close()
                return self.plain(request, Reason.HOST_UNREACHABLE)
            except Exception as error:  # noqa: BLE001 - a key that does not unwrap, or a bug of ours
                why = type(error).__name__
                _LOG.error("sign-on failed", tid=terminal.terminal_id, why=why)
                return self.plain(request, Reason.MALFUNCTION)

    def confirm(self, terminal_id: str, generation: int) -> None:
        """A message under this generation came: it is the terminal's from now on.

        What cannot be stored now is stored with the next one.
        """
        with self._one_at_a_time:
            self._proved[terminal_id] = generation
            try:
                for proved in list(self._proved.items()):
                    confirm_keys(self._open(), *proved)
                    del self._proved[proved[0]]
            except psycopg.Error as error:
                _LOG.error("key generation not stored", why=type(error).__name__)
                self.close()

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        local_time = self._local_time()
        return Response(
            reason=reason,
            rrn=f"{local_time[8:]}{request.key.stan}",
            local_time=local_time,
            business_date=local_time[:8],
            acquirer_id=self._settings.acquirer_id,
        )

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def acknowledge(self, request: Request, _terminal: Terminal) -> Response:
        """Echo and sign-off: heard, and nothing changed."""
        return self.plain(request, Reason.APPROVED)

    def sign_on(self, request: Request, terminal: Terminal) -> Response:
        """Mint, store and deliver working keys; tell the batch the terminal is to use."""
        layout = request.working_keys or ""
        size = KEY_SIZES.get(layout)
        if size is None:
            return self.plain(request, Reason.FUNCTION_NOT_SUPPORTED)
        connection = self._open()
        tmk = read_tmk(connection, self._vault, terminal.terminal_id)
        if tmk is None:
            return self.plain(request, Reason.KEYS_MISSING)
        pik, mak = new_key(size), new_key(MAK_BYTES)
        generation = newest_generation(connection, terminal.terminal_id) + 1
        minted = KeySet(generation=generation, mak=mak, pin_reader=PinBlockReader(pik))
        key_sets = (minted, *terminal.key_sets[-1:])
        add_keys(connection, self._vault, terminal.terminal_id, key_sets, pik)
        terminal.key_sets = key_sets
        note_serial(connection, terminal.terminal_id, request.serial)
        plain = self.plain(request, Reason.APPROVED)
        return Response(
            reason=plain.reason,
            rrn=plain.rrn,
            local_time=plain.local_time,
            business_date=plain.business_date,
            acquirer_id=plain.acquirer_id,
            epoch=terminal.epoch,
            key_block=deliver(layout, tmk, pik, mak),
        )

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _local_time(self) -> str:
        now: dt.datetime = self._clock()
        return f"{now.astimezone(self._zone):%Y%m%d%H%M%S}"


ANSWERS: Final[dict[Kind, Callable[[Desk, Request, Terminal], Response]]] = {
    Kind.SIGN_ON: Desk.sign_on,
    Kind.SIGN_OFF: Desk.acknowledge,
    Kind.ECHO: Desk.acknowledge,
}
"""Every management kind, and who answers it."""
