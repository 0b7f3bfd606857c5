"""The seats of one front: whose keys are here, each with its file, mended while the front runs.

A seat that somebody has used is opened when the front begins, for it may be in doubt.
"""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
import trio

from host.model.secrets import Secret
from switch.channels import address_of
from switch.seat.file import SeatFile, SeatFileError
from switch.seat.keys import SeatKeyError, day_key, front_key, master_key, seats_in
from switch.seat.line import Line
from switch.seat.till import Till
from switch.web_settings import WebSettings

DAY: Final = ".day"

_LOG = structlog.get_logger(__name__)


class Seats:
    """All there are at this front."""

    def __init__(self, settings: WebSettings) -> None:
        self._directory = Path(settings.seats)
        self._settings = settings
        self._tills: dict[str, Till] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self) -> None:
        """Mend what is in doubt at any of them, for ever."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            try:
                for terminal_id in self.names():
                    if self._day(terminal_id).exists():
                        self.found(terminal_id)
                await trio.sleep_forever()
            finally:
                self._nursery = None
                for till in self._tills.values():
                    till.close()

    def names(self) -> list[str]:
        """The terminals whose places this front may take."""
        return seats_in(self._directory)

    def found(self, terminal_id: str) -> Till | None:
        """One of them; None where there is none, or its files cannot be used, which is logged."""
        till = self._tills.get(terminal_id)
        if till is None and self._nursery is not None and terminal_id in self.names():
            try:
                till = self._opened(terminal_id)
            except (SeatKeyError, SeatFileError, OSError) as error:
                _LOG.error("a seat cannot be used", terminal=terminal_id, why=str(error))
                return None
            self._tills[terminal_id] = till
            self._nursery.start_soon(till.run)
        return till

    def start(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do this beside all pages, whoever goes away from the one that asked for it."""
        assert self._nursery is not None, "pages are served while it runs"
        self._nursery.start_soon(work)

    def _opened(self, terminal_id: str) -> Till:
        settings = self._settings
        under = front_key(self._directory)
        if under is None:
            raise SeatKeyError(f"{self._directory} has no front.key. Next: bring back its backup")
        if not settings.seats_call:
            raise SeatKeyError(
                "there is no POS channel to call. Next: say seats_call in [web], HOST:PORT"
            )
        key = under

        def tmk() -> Secret:
            return master_key(self._directory, terminal_id, key)

        tmk()
        host, port = address_of(settings.seats_call, "seats_call")
        tls = ssl.create_default_context(cafile=settings.seats_ca) if settings.seats_ca else None
        line = Line(host, port, settings.seat_seconds_max, tls)
        file = SeatFile(self._day(terminal_id), terminal_id, day_key(key))
        return Till(terminal_id, file, line, tmk)

    def _day(self, terminal_id: str) -> Path:
        return self._directory / f"{terminal_id}{DAY}"
