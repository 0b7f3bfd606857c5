"""Work of a host that takes minutes, in a process of its own: the host's interpreter is trade's.

It is told on its standard input what is to be done, does it behind trade (`config.run.behind`), and
says on its standard output what came of it. It ends with the host; a night goes on where it was.
"""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from config.isolation import module_command
from config.logging import Level, configure_logging
from config.noise import uncaught
from config.places import Places, places_of
from config.run.behind import have_step_behind, step_behind
from config.run.children import ChildDiedError, done_apart, end_with
from config.run.nights import HouseNights
from config.run.proving import prover
from host.office.nights import Cleared, NightBusyError, NightStoppedError
from host.office.proofs import BadRowError, NothingSignedError, Proof, Proves
from host.store.connecting import Connection

GO_ON: Final = (
    "; what was finished stays finished. Next: read the host's log for why, then run it again: it "
    "goes on from there"
)


class Clear(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A night of a date, in somebody's name."""

    zone: str
    date: dt.date
    who: str


class Prove(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was signed from a date to another."""

    first: dt.date | None
    last: dt.date | None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, of which house, by which login."""

    parent: int
    data: str
    dsn: str
    log: Level
    work: Clear | Prove


class Busy(msgspec.Struct, frozen=True, tag=True):
    """Somebody else clears the date."""

    who: str
    since: dt.datetime | None


class Stopped(msgspec.Struct, frozen=True, tag=True):
    """A night cannot go on."""

    step: str
    why: str


class BadRow(msgspec.Struct, frozen=True, tag=True):
    """A line is not what was signed."""

    line: int
    what: str


class Unsigned(msgspec.Struct, frozen=True, tag=True):
    """There is nothing that proves anything."""


class HasCleared(msgspec.Struct, frozen=True, tag=True):
    """A night was run to its end."""

    cleared: Cleared


class HasProved(msgspec.Struct, frozen=True, tag=True):
    """Nothing was changed since it was signed."""

    proof: Proof


Outcome = HasCleared | HasProved | Busy | Stopped | BadRow | Unsigned
COMMAND: Final = module_command("config.run.apart")


class NightsApart(HouseNights):
    """`Nights`; clears in a process of its own."""

    def __init__(self, dsn: str, places: Places, zone: str, log: Level = "info") -> None:
        super().__init__(dsn, places, zone)
        self._log = log

    def clear(self, date: dt.date, who: str) -> Cleared:
        """See `Nights`. Whatever the process ended by, the night stopped there."""
        work = Clear(zone=self._zone, date=date, who=who)
        try:
            came = _asked(self._dsn, self._places, self._log, work)
        except ChildDiedError as error:
            raise NightStoppedError("", f"{error}{GO_ON}") from error
        match came:
            case HasCleared(cleared):
                return cleared
            case Busy(other, since):
                raise NightBusyError(other, since)
            case Stopped(step, why):
                raise NightStoppedError(step, why)
        raise AssertionError("a night was asked for")


def prover_apart(dsn: str, places: Places, log: Level = "info") -> Proves:
    """As `prover`, in a process of its own.

    Raises:
        BadRowError, NothingSignedError: when it is called.
        ChildDiedError: the process did not come to its end.
    """

    def prove(first: dt.date | None, last: dt.date | None) -> Proof:
        match _asked(dsn, places, log, Prove(first=first, last=last)):
            case HasProved(proof):
                return proof
            case BadRow(line, what):
                raise BadRowError(line, what)
            case Unsigned():
                raise NothingSignedError
        raise AssertionError("a proof was asked for")

    return prove


def _asked(dsn: str, places: Places, log: Level, work: Clear | Prove) -> Outcome:
    order = Order(parent=os.getpid(), data=str(places.data), dsn=dsn, log=log, work=work)
    said = done_apart(COMMAND, msgspec.msgpack.encode(order))
    came: Outcome = msgspec.msgpack.decode(said, type=Outcome)
    return came


class _Behind(HouseNights):
    """What works for it in the database steps behind trade, too."""

    def _connected(self) -> Connection:
        return have_step_behind(super()._connected())


def _done(order: Order) -> Outcome:
    places = places_of(Path(order.data))
    match order.work:
        case Clear(zone=zone, date=date, who=who):
            try:
                return HasCleared(_Behind(order.dsn, places, zone).clear(date, who))
            except NightBusyError as error:
                return Busy(error.who, error.since)
            except NightStoppedError as error:
                return Stopped(error.step, error.why)
        case Prove(first=first, last=last):
            try:
                return HasProved(prover(order.dsn, places)(first, last))
            except BadRowError as error:
                return BadRow(error.line, error.what)
            except NothingSignedError:
                return Unsigned()


def main() -> None:
    """The entry of the process."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    end_with(order.parent)
    configure_logging(order.log)
    sys.excepthook = uncaught
    step_behind()
    sys.stdout.buffer.write(msgspec.msgpack.encode(_done(order)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
