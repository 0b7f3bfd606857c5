"""posswitch on one machine: PostgreSQL, the host and the switch as children of one supervisor.

What is started first is stopped last: the switch takes no more messages, the host finishes what it
has, the server writes its checkpoint. When one of them ends by itself, all are stopped; a switch
process is started again first, a few times (`config.fleet`).
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from config.children import Program, running_program, wait_for_an_end
from config.database import dsn_of, opened_database
from config.errors import Say
from config.fleet import Fleet, running_fleet
from config.orders import Orders
from config.places import Places, locked
from config.postgres import PostgresServer
from config.programs import command
from config.settings import Settings, resolved

LoadEstate = Callable[[str, Places], None]
"""Loads an estate over the owner's connection string, unless it is there already."""

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A posswitch that takes messages."""

    places: Places
    settings: Settings
    """As its programs have them."""
    server: PostgresServer | None
    """None: the database is not ours."""
    host: Program
    fleet: Fleet
    listeners: list[str]
    """What the switch said when it was ready: one line a listener."""

    @property
    def switch(self) -> Program:
        """The first switch process."""
        return self.fleet.programs[0]

    @property
    def programs(self) -> list[Program]:
        """Every child, the first that was started first."""
        server = [] if self.server is None else [self.server.program]
        return [*server, self.host, *self.fleet.programs]

    def check(self) -> None:
        """Return while all children run; a dead switch process is started again.

        Raises:
            ChildDiedError: another child ended, or that one too often; carries the reason.
        """
        self.fleet.mend()
        for program in self.programs:
            program.check()

    def watch(self) -> None:
        """Sleep until a child ends for good, and raise ChildDiedError with its reason."""
        while True:
            wait_for_an_end(self.programs)
            self.check()


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

    `file` is read again when a reload is asked for; None: the data directory's own.

    Call it on the main thread: children end with the thread that started them.

    Raises:
        OperatorError: something could not be started; says what, why and what to do.
    """
    places.make()
    orders = Orders(file=None if file is None else str(file.absolute()), port=port)
    told = settings
    settings = resolved(settings, places, port=port)
    with locked(places), opened_database(settings.database, places, say=say) as server:
        if load_estate is not None:
            load_estate(dsn_of("owner", settings.database, places.cluster), places)
        with (
            _started("host", places, msgspec.json.encode(settings)) as host,
            running_fleet(told, places, orders, say) as fleet,  # they import side by side
        ):
            host.wait_until_ready()
            yield Running(
                places=places,
                settings=settings,
                server=server,
                host=host,
                fleet=fleet,
                listeners=fleet.wait_until_ready(),
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


@contextmanager
def _started(name: str, places: Places, told: bytes) -> Iterator[Program]:
    log = places.log / f"{name}.log"
    with running_program(name, command(name, places), log, told=told) as program:
        yield program
