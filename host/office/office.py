"""What both runners stand on."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from host.asking import Ask
from host.clock import WallClock
from host.hsm.interface import Hsm
from host.office.action import Action
from host.office.calls import Calls
from host.office.nights import Nights
from host.office.proofs import Proves
from host.office.trials import Tries
from host.office.view import View
from host.sms import Sms
from host.store.connecting import Connection

Looks = Callable[[], AbstractContextManager[Connection]]
"""A connection, in no transaction, of the login that reads everything and writes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The two tables, and what is under their runners."""

    hsm: Hsm
    clock: WallClock
    zone: str
    """Where the house stands: its days and months begin when they do there."""
    actions: Mapping[str, Action[Any]]
    views: Mapping[str, View]
    ask: Ask | None = None
    """The poster, for what moves money; None where there is none, as at a command line."""
    looks: Looks | None = None
    """For what reads what the office's own login does not; None where there is none."""
    tries: Tries | None = None
    """What a till would be told is found out by; None where there is none."""
    nights: Nights | None = None
    """Who clears dates and hands out their files; None where nobody here does."""
    sms: Sms | None = None
    """What sends texts to phones; None where nothing does, as at a command line."""
    calls: Calls = field(default_factory=Calls)
    """How often each program has asked lately."""
    proves: Proves | None = None
    """What the ledger is held against its seals and signatures by; None where there is none."""

    def told_of(self, now: dt.datetime) -> dict[str, Any]:
        """What statements are told of a moment: its day is the house's, not their session's."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        return {"now": now, "today": today, "zone": self.zone}
