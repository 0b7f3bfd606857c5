"""The switch processes: several on every port, each with a store-and-forward file of its own.

The kernel deals new connections out among them. One that ends by itself is started again: it finds
its own file and delivers what it owed. If that happens too often something is wrong that starting
again does not cure, and all is stopped with the reason.
"""

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from config.children import Program, how_it_ended, running_program
from config.errors import Say
from config.orders import Orders
from config.places import Places
from config.programs import command
from config.reloading import forget_applied, with_applied
from config.safs import adopt_files
from config.settings import Settings, resolved
from switch.reload import with_ports

RESTARTS_MAX: Final = 5
"""Of each process, in RESTARTS_SECONDS; the next end is the end of all."""
RESTARTS_SECONDS: Final = 60.0


class Fleet:
    """The switch processes of one supervisor."""

    def __init__(self, settings: Settings, places: Places, orders: Orders, say: Say) -> None:
        self._settings = settings
        self._places = places
        self._orders = orders
        self._say = say
        self._is_ready = False
        self._taken: dict[str, int] = {}
        self._slots = [ExitStack() for _ in range(self._count)]
        self._restarts: list[deque[float]] = [deque() for _ in range(self._count)]
        self.programs: list[Program] = [self._start(1)]
        """The first process first. One started again takes the place of the one that ended."""

    @property
    def _count(self) -> int:
        return self._settings.switch.processes

    def wait_until_ready(self) -> list[str]:
        """Wait for all; the first takes the ports, the others join it there.

        Raises:
            ChildDiedError: one ended instead; carries the reason.
            SurroundingsError: one was not ready in time.
        """
        lines = self.programs[0].wait_until_ready()
        self._taken = ports_in(lines)
        self.programs += [self._start(number) for number in range(2, self._count + 1)]
        for program in self.programs[1:]:
            program.wait_until_ready()
        self._is_ready = True
        return lines

    def mend(self) -> None:
        """Start again what has ended.

        Raises:
            ChildDiedError: it ended too often; carries its last reason.
        """
        for index, program in enumerate(self.programs):
            if program.process.poll() is not None:
                self._count_restart(index, program)
                how = how_it_ended(program.process)
                self._say(f"{program.name} ended by itself ({how}), and is started again")
                self._slots[index].close()
                self.programs[index] = self._start(index + 1)

    def stop(self) -> None:
        """Stop them all."""
        for program in self.programs:
            program.process.terminate()
        for slot in self._slots:
            slot.close()

    def _count_restart(self, index: int, program: Program) -> None:
        now, restarts = time.monotonic(), self._restarts[index]
        while restarts and restarts[0] < now - RESTARTS_SECONDS:
            restarts.popleft()
        if not self._is_ready or len(restarts) >= RESTARTS_MAX:
            program.check()
        restarts.append(now)

    def _start(self, number: int) -> Program:
        settings = with_applied(self._settings, self._places)
        orders = msgspec.structs.replace(self._orders, number=number)
        ours = resolved(settings, self._places, port=orders.port, number=number)
        channels = with_ports(ours.switch.channels, self._taken)
        switch = msgspec.structs.replace(ours.switch, channels=channels)
        told = msgspec.json.encode(msgspec.structs.replace(ours, switch=switch))
        name = "switch" if self._count == 1 else f"switch-{number}"
        return self._slots[number - 1].enter_context(
            running_program(
                name,
                command("switch", self._places, orders),
                self._places.log / f"{name}.log",
                told=told,
            )
        )


@contextmanager
def running_fleet(settings: Settings, places: Places, orders: Orders, say: Say) -> Iterator[Fleet]:
    """The switch processes, the first of them on its way; leaving the block stops all.

    Raises:
        SurroundingsError: the file of a process that is no longer wanted cannot be taken over.
    """
    forget_applied(places)
    first = resolved(settings, places).switch
    adopt_files(Path(first.saf), Path(first.routes), first.processes, say)
    fleet = Fleet(settings, places, orders, say)
    try:
        yield fleet
    finally:
        fleet.stop()


def ports_in(lines: list[str]) -> dict[str, int]:
    """The ports that a switch's ready lines tell, by channel."""
    found = (re.fullmatch(r"(.+) on .+:(\d+)", line) for line in lines)
    return {row[1]: int(row[2]) for row in found if row is not None}
