"""The web front beside host and switch: a child that comes back at the address it had."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Self

import msgspec

from config.errors import Say
from config.places import Places
from config.run.children import Program, running_program
from config.run.fleet import ports_in
from config.run.orders import Orders
from config.run.programs import command
from config.run.tending import Tended
from config.settings import Settings, seats_call_of


class Pages:
    """One front; none, where the settings say so."""

    def __init__(self, settings: Settings, places: Places, orders: Orders, say: Say) -> None:
        self._settings = settings
        self._places = places
        self._orders = orders
        self._tended = Tended("web", self._begin, say=say)
        self.line = ""
        """What it said when it was ready first: its address."""
        if settings.web.is_on and settings.web.seats_call:
            self._tended.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._tended.stop()

    @property
    def program(self) -> Program | None:
        """Its process."""
        return self._tended.program

    def wait_until_ready(self, listeners: Sequence[str]) -> None:
        """Wait for it, and keep its port for when it is started again.

        `listeners` are what the switch said: where its port was any, seats are told now which it
        took, and the front is started only then.

        Raises:
            ChildDiedError, SurroundingsError: it ended instead, or was not ready in time.
        """
        if not self._settings.web.is_on:
            return
        if self._tended.program is None:
            call = seats_call_of(self._settings.switch.channels, ports_in(list(listeners)))
            web = msgspec.structs.replace(self._settings.web, seats_call=call)
            self._settings = msgspec.structs.replace(self._settings, web=web)
            self._tended.start()
        assert self._tended.program is not None
        (self.line,) = self._tended.program.wait_until_ready()
        self._tended.is_ready = True
        port = int(self.line.rstrip("/").rpartition(":")[2])
        web = msgspec.structs.replace(self._settings.web, port=port)
        self._settings = msgspec.structs.replace(self._settings, web=web)

    def mend(self) -> float | None:
        """As `Tended.mend`."""
        return self._tended.mend() if self._tended.program is not None else None

    def _begin(self) -> AbstractContextManager[Program]:
        told = msgspec.json.encode(self._settings)
        log = self._places.log / "web.log"
        return running_program("web", command("web", self._places, self._orders), log, told=told)
