"""A zone of whose day it is about the middle: no date changes while a test runs, whenever it does.

What happens as a date changes is asked by tests that say so.
"""

from host.clock import utc_now

NOON = 12


def zone_at_noon() -> str:
    """Its name. `Etc/GMT+5` is five hours behind."""
    return f"Etc/GMT{utc_now().hour - NOON:+d}"
