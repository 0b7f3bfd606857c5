"""What a timer of the office is, and when it is due.

Whoever runs jobs runs these between them. Each says how much it has done; one that did as much as
it may has more, and is asked again at once.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from host.hsm.interface import Hsm
from host.office.nights import Nights
from host.sms import Sms
from host.store.connecting import Connection

AT_A_TIME: Final = 500
"""Rows in one transaction."""

Do = Callable[[Connection, dt.datetime], int]
Unseal = Callable[[Connection, dt.datetime, Hsm], int]
Texts = Callable[[Connection, dt.datetime, Hsm, Sms], bool]
Nightly = Callable[[Connection, dt.datetime, Nights], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One row. `do` is given a transaction and the time, and gives how many rows it moved."""

    name: str
    every: dt.timedelta
    do: Do = lambda _connection, _now: 0
    unseal: Unseal | None = None
    """In its place, of what opens what lies sealed: given the keys, too."""
    texts: Texts | None = None
    """In its place, of what sends texts: whether there are more; nothing where nobody does."""
    nightly: Nightly | None = None
    """In its place, of what the night does; nothing where nobody here does it."""


class Timers:
    """The table, and when each of its rows is due. To be used by one thread at a time."""

    def __init__(
        self,
        timers: tuple[Timer, ...],
        hsm: Hsm | None = None,
        nights: Nights | None = None,
        sms: Sms | None = None,
    ) -> None:
        self._timers = timers
        self._hsm = hsm
        self._nights = nights
        self._sms = sms
        self._due: dict[str, dt.datetime] = {}

    def run(self, connection: Connection, now: dt.datetime) -> bool:
        """Do what is due; gives whether there is more of it. `connection` has no transaction open.

        Raises:
            psycopg.Error: the rest is done the next time.
        """
        is_more = False
        for timer in self._timers:
            if self._due.get(timer.name, now) > now:
                continue
            with connection.transaction():
                is_full = self._done(timer, connection, now) >= AT_A_TIME
            is_more |= is_full
            self._due[timer.name] = now if is_full else now + timer.every
        return is_more

    def _done(self, timer: Timer, connection: Connection, now: dt.datetime) -> int:
        if timer.nightly is not None:
            return timer.nightly(connection, now, self._nights) if self._nights is not None else 0
        if timer.texts is not None:
            if self._sms is None or self._hsm is None:
                return 0
            return AT_A_TIME if timer.texts(connection, now, self._hsm, self._sms) else 0
        if timer.unseal is None:
            return timer.do(connection, now)
        assert self._hsm is not None, "whoever runs it has the keys"
        return timer.unseal(connection, now, self._hsm)
