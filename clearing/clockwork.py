"""What was due by a date is done by the clock, which posts under the next one.

The night decides none of it. Where a host runs its clock is given some time; what is open then is
listed.
"""

import time
from typing import Final

from clearing.findings import CLOCK, counted, keep, kept, look
from clearing.night import Night
from host.store.locks import SHARD_LOCK_CLASS

WAIT_SECONDS_MAX: Final = 30.0
"""More than the clock's longest pause, and little of a night."""
LOOK_SECONDS: Final = 0.5


def clock_work(night: Night) -> str:
    """Wait for what was due by the date, and list what is not done."""
    if not night.is_repeat:
        ends_at = time.monotonic() + WAIT_SECONDS_MAX
        while (found := look(night, CLOCK)) and _is_worth_waiting(night, ends_at):
            time.sleep(LOOK_SECONDS)
        keep(night, CLOCK, found)
    return counted(one for one in kept(night) if one.step == CLOCK) or "nothing is due"


def _is_worth_waiting(night: Night, ends_at: float) -> bool:
    return bool(
        time.monotonic() < ends_at and night.rows("clock_runs", shard_locks=SHARD_LOCK_CLASS)
    )
