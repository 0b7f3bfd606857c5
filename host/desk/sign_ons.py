"""Sign-ons: working keys minted, stored and delivered, for many terminals in one transaction.

A sign-on is sealed by nothing, so anybody on the wire can ask for it, for every terminal there is:
it waits for nobody but other sign-ons. What is stored is decided twice. New keys are written beside
all others (`SignOns.mint`); which of the others are over is decided where proofs come in, after the
write (`accept`), and only then are those dropped (`SignOns.drop_others`). So a generation that is
proved while new keys are written stays.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import psycopg
import structlog

from host.book import KeySet, Terminal
from host.hsm.interface import Hsm
from host.hsm.keys import KeyBlockError, deliver, new_working_keys
from host.hsm.vault import VaultError
from host.ksn import Used
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.store.book import (
    KeyRow,
    SigningOn,
    add_keys,
    drop_keys,
    key_row,
    key_set,
    note_sign_ons,
    read_signing_on,
    working_keys,
)
from host.store.connecting import Connection
from host.store.counters import use_counter
from host.store.held import Held, refusal_of

_LOG = structlog.get_logger(__name__)
MADE_AT_A_STRETCH: Final = 8
"""Terminals whose keys are made, in a millisecond or two, before others are let in."""
Plain = Callable[[Request, Reason], Response]
"""Makes an answer that says no more than its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """One terminal that asks for keys."""

    request: Request
    terminal: Terminal
    used: Used | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """New keys that are stored, and the answer that brings them."""

    terminal: Terminal
    keys: KeySet
    answer: Response
    epoch_before: str
    """The batch that the book had when the terminal asked."""


@dataclass(frozen=True, slots=True)
class _Made:
    """New keys that are not stored yet."""

    asked: SignOn
    keys: KeySet
    rows: list[KeyRow]
    block: bytes


def accept(minted: Minted) -> Response:
    """Put new keys beside those in use, which may have become others since they were minted.

    The batch that is stored is told, unless the terminal has settled meanwhile.
    """
    terminal, keys = minted.terminal, minted.keys
    older = [one for one in terminal.key_sets if one.generation < keys.generation]
    terminal.key_sets = (keys, *older[-1:])
    if terminal.epoch == minted.epoch_before:
        terminal.epoch = minted.answer.epoch or ""
    return msgspec.structs.replace(minted.answer, epoch=terminal.epoch)


class SignOns:
    """Mints keys in a thread, on a connection of its own; a terminal is in one batch at a time."""

    def __init__(self, held: Held, vault: Hsm, plain: Plain) -> None:
        self._held = held
        self._vault = vault
        self._plain = plain

    def mint(self, asked: Sequence[SignOn]) -> list[Minted | Response]:
        """New keys for each, stored, or why it gets none. Never raises for one of them."""
        try:
            with self._held.use() as connection:
                return self._mint(connection, asked)
        except Exception as error:  # noqa: BLE001 - whatever one of them broke, the others go on
            _LOG.error("sign-ons not stored", items=len(asked), why=type(error).__name__)
            is_away = isinstance(error, psycopg.Error) and error.sqlstate is None
            if len(asked) > 1 and not is_away:
                return [outcome for one in asked for outcome in self.mint([one])]
            reason = refusal_of(error) if isinstance(error, psycopg.Error) else Reason.MALFUNCTION
            return [self._plain(one.request, reason) for one in asked]

    def drop_others(self, terminals: Sequence[Terminal]) -> None:
        """Forget what is stored of keys that these terminals have no more."""
        kept = {
            one.terminal_id: (sets[0].generation, sets[-1].generation)
            for one in terminals
            if (sets := one.key_sets)
        }
        try:
            with self._held.use() as connection:
                drop_keys(connection, kept)
        except psycopg.Error as error:
            # The next sign-on drops them.
            _LOG.warning("old keys not dropped", why=type(error).__name__)

    def _mint(self, connection: Connection, asked: Sequence[SignOn]) -> list[Minted | Response]:
        names = [one.terminal.terminal_id for one in asked]
        before = {one.terminal.terminal_id: one.terminal.epoch for one in asked}
        stored = read_signing_on(connection, names)
        outcomes = []
        for place, one in enumerate(asked):
            if place % MADE_AT_A_STRETCH == 0:
                time.sleep(0)  # whoever else wants the interpreter has it: trade, first of all
            found = stored[one.terminal.terminal_id]
            outcomes.append(self._made_or_refused(connection, one, found))
        made = [one for one in outcomes if isinstance(one, _Made)]
        epochs = self._store(connection, made) if made else {}
        return [
            one
            if isinstance(one, Response)
            else self._minted(one, epochs[one.asked.terminal.terminal_id], before)
            for one in outcomes
        ]

    def _made_or_refused(
        self, connection: Connection, asked: SignOn, stored: SigningOn
    ) -> "_Made | Response":
        request, terminal = asked.request, asked.terminal
        try:
            if not self._is_new(connection, asked):
                return self._plain(request, Reason.KSN_REFUSED)
            return self._made(asked, stored)
        except KeyBlockError:
            return self._plain(request, Reason.FUNCTION_NOT_SUPPORTED)
        except VaultError as error:
            _LOG.error("a master key cannot be used", tid=terminal.terminal_id, why=str(error))
            return self._plain(request, Reason.KEYS_MISSING)
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - one terminal's fault stays its own
            why = type(error).__name__
            _LOG.error("sign-on failed", tid=terminal.terminal_id, why=why)
            return self._plain(request, Reason.MALFUNCTION)

    def _is_new(self, connection: Connection, asked: SignOn) -> bool:
        used, terminal_id = asked.used, asked.terminal.terminal_id
        return used is None or use_counter(connection, terminal_id, used, asked.request.key.text)

    def _made(self, asked: SignOn, stored: SigningOn) -> "_Made | Response":
        request, terminal = asked.request, asked.terminal
        layout, algorithm = request.working_keys or "", terminal.mac_algorithm
        minted = new_working_keys(layout, algorithm)
        tmk = stored.tmk(self._vault)
        if tmk is None:
            return self._plain(request, Reason.KEYS_MISSING)
        generation = stored.newest_generation + 1
        named = working_keys(terminal.terminal_id, generation, algorithm, minted)
        return _Made(
            asked,
            key_set(minted, generation, self._vault),
            [key_row(self._vault, name, key) for name, key in named],
            deliver(
                layout, tmk, minted.pik, minted.mak, minted.tdk, algorithm,
                self._vault.ciphers.des_encryptor,
            ),
        )  # fmt: skip

    def _store(self, connection: Connection, made: Sequence["_Made"]) -> dict[str, str]:
        """All of them, or none; gives the batch that each terminal is to use."""
        rows = [row for one in made for row in one.rows]
        serials = {one.asked.terminal.terminal_id: one.asked.request.serial for one in made}
        with connection.transaction():
            add_keys(connection, rows)
            return note_sign_ons(connection, serials)

    def _minted(self, made: "_Made", epoch: str, before: dict[str, str]) -> Minted:
        terminal, request = made.asked.terminal, made.asked.request
        plain = self._plain(request, Reason.APPROVED)
        return Minted(
            terminal=terminal,
            keys=made.keys,
            answer=msgspec.structs.replace(plain, epoch=epoch, key_block=made.block),
            epoch_before=before[terminal.terminal_id],
        )
