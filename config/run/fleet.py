"""The switch processes: several on every port, each with a store-and-forward file of its own.

The kernel deals new connections out among them. One that ends by itself is started again
(`config.run.tending`): it finds its own file and delivers what it owed.
"""

import functools
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from config.errors import Say
from config.places import Places
from config.run.applied import forget_applied, with_applied
from config.run.children import Program, running_program
from config.run.orders import Orders
from config.run.programs import command
from config.run.safs import adopt_files
from config.run.tending import Tended
from config.settings import Settings, resolved
from switch.reload import with_ports


class Fleet:
    """The switch processes of one supervisor."""

    def __init__(self, settings: Settings, places: Places, orders: Orders, say: Say) -> None:
        self._settings = settings
        self._places = places
        self._orders = orders
        self._taken: dict[str, int] = {}
        self._seats = [
            Tended(self._name(number), functools.partial(self._begin, number), say=say)
            for number in range(1, settings.switch.processes + 1)
        ]
        self._seats[0].start()

    @property
    def programs(self) -> list[Program]:
        """The first process first. One started again takes the place of the one that ended."""
        return [each.program for each in self._seats if each.program is not None]

    def wait_until_ready(self) -> list[str]:
        """Wait for all; the first takes the ports, the others join it there.

        Raises:
            ChildDiedError: one ended instead; carries the reason.
            SurroundingsError: one was not ready in time.
        """
        first, *others = self._seats
        lines = self._wait_for(first)
        self._taken = ports_in(lines)
        for each in others:
            each.start()
        for each in others:
            self._wait_for(each)
        return lines

    def mend(self) -> list[float | None]:
        """Start again what has ended; gives when each is to be looked at again (`Tended.mend`)."""
        return [each.mend() for each in self._seats]

    def stop(self) -> None:
        """Stop them all."""
        for program in self.programs:
            if program.process.poll() is None:
                program.process.terminate()
        for each in self._seats:
            each.stop()

    @staticmethod
    def _wait_for(each: Tended) -> list[str]:
        assert each.program is not None
        lines = each.program.wait_until_ready()
        each.is_ready = True
        return lines

    def _name(self, number: int) -> str:
        return "switch" if self._settings.switch.processes == 1 else f"switch-{number}"

    def _begin(self, number: int) -> AbstractContextManager[Program]:
        settings = with_applied(self._settings, self._places)
        orders = msgspec.structs.replace(self._orders, number=number)
        ours = resolved(settings, self._places, port=orders.port, number=number)
        channels = with_ports(ours.switch.channels, self._taken)
        switch = msgspec.structs.replace(ours.switch, channels=channels)
        told = msgspec.json.encode(msgspec.structs.replace(ours, switch=switch))
        name = self._name(number)
        return running_program(
            name,
            command("switch", self._places, orders),
            self._places.log / f"{name}.log",
            told=told,
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
