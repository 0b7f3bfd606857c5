"""What a till would be told now, as the roof lets the office find it out.

It is decided by the code that decides, in a transaction of the login that writes nothing. So the
office is given a callable, as it is given the poster.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from host.clock import WallClock
from host.rules.decision import Court
from host.settings import HostSettings
from host.store.connecting import Connection
from host.store.following import Following
from host.store.trial import Case, Tried, try_case

Tries = Callable[[Case], Tried]
"""Raises what `host.store.trial.try_case` does."""


def trying(
    looks: Callable[[], Any],
    estate_of: Callable[[Connection], Following],
    settings: HostSettings,
    clock: WallClock,
) -> Tries:
    """Tries on connections of the login that reads everything, over the estate as that sees it."""
    zone = ZoneInfo(settings.timezone)

    def tries(case: Case) -> Tried:
        with looks() as reader:
            estate = estate_of(reader)
            court = Court(estate.book, estate.hsm.pin_verifier(), settings.acquirer_id)
            return try_case(reader, court, estate, case, clock().astimezone(zone))

    return tries
