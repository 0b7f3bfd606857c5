"""The terminals' lines: each terminal's requests in their order, and how many wait in all.

A terminal has one request under way at a time, the others wait behind it. So a reversal never
races its original, whichever writer that went to; a repeat of the request that is under way joins
it and gets the same answer.
"""

import enum
from collections import Counter, deque
from typing import Final

from host.model.requests import ANYBODYS_PART, Traffic, traffic_of
from host.rules.dossier import Item
from host.settings import HostSettings
from host.waiting import Pending
from host.ways import WAYS, Way

ANYBODYS_IN_LINE_MAX: Final = 3
"""Of a terminal's line, for what no key has proved: whoever sends that does not fill it."""


class Joined(enum.Enum):
    """Where a request stands in its terminal's line."""

    AT_THE_HEAD = "nobody is before it"
    WAITS = "behind others, or with the one that it repeats"
    NOWHERE = "the line is full"


_AT_THE_HEAD: Final = Joined.AT_THE_HEAD


class Lines:
    """What is under way and what waits behind it, by terminal."""

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._lines: dict[str, deque[Pending]] = {}
        """Terminal id to its requests: the first is under way, the others wait. Few may: but
        advices, which come all together when the host was away, are the switch's to hold back."""
        self.waiting: Counter[Traffic] = Counter()
        """Requests in all lines. Each traffic has a count of its own: however many sign on, whoever
        trades is taken."""
        self._waiting_max = {
            Traffic.TRADE: settings.waiting_items_max,
            Traffic.SIGN_ONS: settings.sign_ons_waiting_max,
            Traffic.DESK: settings.desk_waiting_max,
            Traffic.ANYBODYS: max(1, settings.desk_waiting_max // ANYBODYS_PART),
        }

    def __bool__(self) -> bool:
        """Whether anything is under way."""
        return bool(self._lines)

    def __contains__(self, terminal_id: str) -> bool:
        """Whether anything of this terminal is under way."""
        return terminal_id in self._lines

    def are_full_for(self, traffic: Traffic) -> bool:
        """Whether no more of this traffic is to wait, of whichever terminal."""
        return self.waiting[traffic] >= self._waiting_max[traffic]

    def join(self, pending: Pending) -> Joined:
        """Stand at the end of its terminal's line, or with what it repeats."""
        request = pending.item.request
        way = WAYS[request.kind]
        name, traffic = _line_of(pending.item, way), way.traffic or traffic_of(request)
        line = self._lines.get(name)
        if line is None:
            self._lines[name] = deque((pending,))
            self.waiting[traffic] += 1
            return _AT_THE_HEAD
        for other in line:
            if other.item.slot == pending.item.slot and _is_repeat(other.item, pending.item):
                other.deliver += pending.deliver
                return Joined.WAITS
        is_owed = request.decision is not None or pending.item.own is not None
        if not is_owed and self._is_full(line, pending):
            return Joined.NOWHERE
        self.waiting[traffic] += 1
        line.append(pending)
        return Joined.WAITS

    def leave(self, item: Item) -> Pending | None:
        """This one, at the head of its line, is through: whose turn it is now."""
        way = WAYS[item.request.kind]
        name = _line_of(item, way)
        self.waiting[way.traffic or traffic_of(item.request)] -= 1
        line = self._lines[name]
        line.popleft()
        if line:
            return line[0]
        del self._lines[name]
        return None

    def _is_full(self, line: deque[Pending], pending: Pending) -> bool:
        return len(line) > self._settings.terminal_waiting_max or (
            _is_anybodys(pending) and sum(map(_is_anybodys, line)) >= ANYBODYS_IN_LINE_MAX
        )


def _line_of(item: Item, way: Way) -> str:
    """Where it waits. What no terminal asked has a line of its own, for its repeats to join.

    What voids a terminal's sale waits in that one's line: it never races its settlement.
    """
    line = item.terminal.terminal_id + way.line
    return line or (item.own.till if item.own is not None else "") or item.slot


def _is_anybodys(pending: Pending) -> bool:
    """Whether anybody on the wire can have sent it, in this terminal's name."""
    return traffic_of(pending.item.request) is Traffic.ANYBODYS


def _is_repeat(earlier: Item, later: Item) -> bool:
    """Whether one answer is for both.

    What was sealed anew waits: the earlier may be refused for its KSN, and its own is to count.
    """
    one, other = earlier.request, later.request
    is_sealed_alike = (one.ksn, one.only_as_repeat) == (other.ksn, other.only_as_repeat)
    return one.kind is other.kind and earlier.fingerprint == later.fingerprint and is_sealed_alike
