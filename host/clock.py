"""The wall clock: the one place that reads it. Deadlines use trio's clock, never this."""

import datetime as dt
from collections.abc import Callable

WallClock = Callable[[], dt.datetime]
"""Gives an aware UTC time; passed in, so that a test can say what time it is."""


def utc_now() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)
