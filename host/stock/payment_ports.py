"""PORTS: over which ports members pay, and what each of them is asked.

A port knows an order by its number. It says what was paid for it, by payments of its own, and which
of them it gave back: an order may be paid late, or twice, and what it says may be nothing for a
while. Whoever asks believes what it says, and nothing that a browser brings back. The one that is
here is a simulator, and says so; another is another row.
"""

import datetime as dt
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from host.stock import simulated_port
from host.stock.simulated_port import Paid
from host.store.connecting import Connection

BILL_ZONE: Final = zoneinfo.ZoneInfo("Asia/Shanghai")
"""A port tells of days of this zone, whenever the house turns its own."""
REFUND_MARK: Final = "R-"
"""Before a payment's number it is the number of what was given back of it; see `port_moved`."""


class PortSilentError(Exception):
    """It has not said what became of it: nobody knows, and it is asked again."""


class Looked(NamedTuple):
    """What a port says of an order."""

    is_closed: bool
    """Nobody can pay it any more."""
    paid: tuple[Paid, ...]


class Calls(Protocol):
    """What a port is asked. Each may be asked again, and is done once.

    Raises:
        PortSilentError: it is not known.
    """

    def open(self, order: str, amount_minor: int) -> None:
        """An order is to be paid."""

    def look(self, order: str) -> Looked:
        """What became of it."""

    def close(self, order: str) -> Looked:
        """It is to be paid no more; and what became of it."""

    def refund(self, order: str, reference: str) -> None:
        """What was paid is given back, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One row."""

    name: str
    en: str
    zh: str
    is_simulated: bool
    opened: Callable[[Connection, dt.datetime], Calls]


class _Simulated:
    """The one that is only played."""

    def __init__(self, connection: Connection, now: dt.datetime) -> None:
        self._connection = connection
        self._now = now

    def open(self, order: str, amount_minor: int) -> None:
        simulated_port.open_order(self._connection, order, amount_minor)

    def look(self, order: str) -> Looked:
        told = simulated_port.told_of(self._connection, order)
        if told.silent_until is not None and told.silent_until > self._now:
            raise PortSilentError
        return Looked(told.is_closed, told.paid)

    def close(self, order: str) -> Looked:
        looked = self.look(order)
        if not looked.paid:
            simulated_port.close_order(self._connection, order)
            return looked._replace(is_closed=True)
        return looked

    def refund(self, order: str, reference: str) -> None:
        self.look(order)
        simulated_port.refund(self._connection, order, reference)


PORTS: Final[Mapping[str, Port]] = {
    row.name: row
    for row in (
        Port(name="wechat", en="WeChat Pay", zh="微信支付", is_simulated=True, opened=_Simulated),
    )
}
"""By their names; the first is what members pay over."""
