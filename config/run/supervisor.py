"""posswitch on one machine: PostgreSQL, host, switch and web front as children of one supervisor.

What is started first is stopped last: the switch takes no more messages, the host finishes what it
has, the server writes its checkpoint. What ends by itself once all have stood is started again
(`config.run.tending`); what cannot be started at all ends all with its reason.
"""

import functools
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import msgspec

from config.errors import Say
from config.places import Places, locked
from config.run.children import Program, running_program
from config.run.database import dsn_of, opened_database, tended_database
from config.run.fleet import Fleet, running_fleet
from config.run.orders import Orders
from config.run.pages import Pages
from config.run.programs import command
from config.run.tending import Tended, wait_for_a_turn
from config.settings import Settings, resolved

LoadEstate = Callable[[str, Places], None]
"""Loads an estate over the owner's connection string, unless it is there already."""

LINK_SECONDS_MAX: Final = 30.0
"""So long a switch that is started beside its host waits to be linked before it is ready."""
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A posswitch that takes messages."""

    places: Places
    settings: Settings
    """As its programs have them."""
    database: Tended | None
    """None: the database is not ours."""
    accounts: Tended
    """The host."""
    fleet: Fleet
    listeners: list[str]
    """What the switch said when it was ready: one line a listener."""
    pages: Pages
    """The web front."""

    @property
    def server(self) -> Program | None:
        """The embedded PostgreSQL; None where we did not start it."""
        return None if self.database is None else self.database.program

    @property
    def host(self) -> Program:
        """The accounting host."""
        assert self.accounts.program is not None
        return self.accounts.program

    @property
    def switch(self) -> Program:
        """The first switch process."""
        return self.fleet.programs[0]

    def mend(self) -> float | None:
        """Start again what has ended; never waits.

        Gives the seconds until there is something to look at; None: when a child ends.
        """
        looks: list[float | None] = []
        if self.database is not None:
            looks.append(self.database.mend())
        # Without its database the host would only end again; once it runs it waits by itself.
        looks.append(self.accounts.mend(may_start=self._has_database()))
        looks += self.fleet.mend()
        looks.append(self.pages.mend())
        return min((seconds for seconds in looks if seconds is not None), default=None)

    def watch(self) -> NoReturn:
        """Mend what falls, until we are interrupted."""
        while True:
            seconds = self.mend()
            children = [self.server, self.host, *self.fleet.programs, self.pages.program]
            wait_for_a_turn(children, seconds)

    def _has_database(self) -> bool:
        database = self.database
        return database is None or database.is_ready or database.program is None


@contextmanager
def running_posswitch(
    settings: Settings,
    places: Places,
    *,
    port: int | None = None,
    load_estate: LoadEstate | None = None,
    file: Path | None = None,
    say: Say = print,
) -> Iterator[Running]:
    """Everything up and ready; leaving the block stops everything, whatever happened in it.

    Browsers are served where the settings say so (`[web] is_on`).
    `file` is read again when a reload is asked for; None: the data directory's own.

    Call it on the main thread: children end with the thread that started them.

    Raises:
        OperatorError: something could not be started; says what, why and what to do.
    """
    places.make()
    orders = Orders(
        file=None if file is None else str(file.absolute()),
        port=port,
        first_link_seconds_max=LINK_SECONDS_MAX,
    )
    told = settings
    settings = resolved(settings, places, port=port)
    with locked(places), opened_database(settings.database, places, say=say) as server:
        if load_estate is not None:
            load_estate(dsn_of("owner", settings.database, places.cluster), places)
        with (
            tended_database(settings.database, places, server, say) as database,
            Tended(
                "host", functools.partial(_begin_host, places, settings, orders), say=say
            ) as host,
            running_fleet(told, places, orders, say) as fleet,  # they import side by side
            Pages(settings, places, orders, say) as pages,
        ):
            host.start().wait_until_ready()
            host.is_ready = True
            listeners = fleet.wait_until_ready()
            pages.wait_until_ready(listeners)
            yield Running(
                places=places,
                settings=settings,
                database=database,
                accounts=host,
                fleet=fleet,
                listeners=listeners,
                pages=pages,
            )


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does: through every `finally`."""
    before = {
        number: signal.signal(number, _interrupt)
        for number in STOP_SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN or number is signal.SIGINT
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first signal interrupts; more of them must not interrupt the stopping."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _begin_host(
    places: Places, settings: Settings, orders: Orders
) -> AbstractContextManager[Program]:
    log, told = places.log / "host.log", msgspec.json.encode(settings)
    return running_program("host", command("host", places, orders), log, told=told)
