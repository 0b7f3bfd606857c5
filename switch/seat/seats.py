"""The seats of one front: whose keys are here, each with its file, mended while the front runs.

A seat that somebody has used is opened when the front begins, for it may be in doubt. Two fronts
would trade under the same traces, so a directory is one front's.
"""

import fcntl
import os
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
import trio

from host.model.secrets import Secret
from host.steady import kept_going
from switch.channels import address_of
from switch.faults import count, note
from switch.seat.file import SeatFile, SeatFileError
from switch.seat.keys import SeatKeyError, day_key, front_key, master_key, seats_in
from switch.seat.line import Line
from switch.seat.till import Till
from switch.web_settings import WebSettings

DAY: Final = ".day"
LOCK: Final = "lock"

_LOG = structlog.get_logger(__name__)


class Seats:
    """All there are at this front."""

    def __init__(self, settings: WebSettings) -> None:
        self._directory = Path(settings.seats)
        self._settings = settings
        self._tills: dict[str, Till] = {}
        self._lock = -1
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
                if self._lock >= 0:
                    os.close(self._lock)

    def names(self) -> list[str]:
        """The terminals whose places this front may take."""
        return seats_in(self._directory)

    def found(self, terminal_id: str) -> Till | None:
        """One of them; None where there is none, or its files cannot be used, which is logged."""
        till = self._tills.get(terminal_id)
        if till is None and self._nursery is not None and terminal_id in self.names():
            try:
                self._take()
                till = self._opened(terminal_id)
            except (SeatKeyError, SeatFileError, OSError) as error:
                _LOG.error("a seat cannot be used", terminal=terminal_id, why=str(error))
                return None
            self._tills[terminal_id] = till
            self._nursery.start_soon(kept_going, f"seat {terminal_id}", till.run, count)
        return till

    def start(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do this beside all pages, whoever goes away from the one that asked for it."""
        assert self._nursery is not None, "pages are served while it runs"
        self._nursery.start_soon(_alone, work)

    def _take(self) -> None:
        """Have the directory to ourselves, until this process ends.

        Raises:
            SeatKeyError: another front has it.
            OSError: it cannot be had.
        """
        if self._lock >= 0:
            return
        lock = os.open(self._directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise SeatKeyError(
                f"{self._directory} is another front's that runs. Next: give this one seats of its"
                " own, in a directory of its own"
            ) from None
        self._lock = lock

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


async def _alone(work: Callable[[], Awaitable[object]]) -> None:
    """What it breaks is noted, and troubles no other seat."""
    try:
        await work()
    except Exception:  # noqa: BLE001 - whatever one of many met
        note("a seat")
