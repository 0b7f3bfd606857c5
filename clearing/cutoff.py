"""Cut-off: the business date turns while trade goes on.

A message belongs to the date under which its batch committed. Writers hold the cut-off lock
shared for the length of a batch; we take it alone, so when it is ours nothing of the old date
is in flight and nothing of the new one has begun. What is done under it is one UPDATE, one
INSERT and the commit: no reading, no files.

While we wait for the lock every new batch waits behind us. So we wait for a short time, give
way, and try again.
"""

import time
from typing import Final

from psycopg import errors

from clearing.night import ClearingError, Night
from host.store.locks import CUT_OFF_LOCK

LOCK_MILLISECONDS_MAX: Final = 1_000
"""Less than a writer's own patience for the same lock, so nobody is refused for our sake."""
TRIES_MAX: Final = 10
PAUSE_SECONDS: Final = 1.0


def cut_off(night: Night) -> str:
    """Close the business date and open the next. Nothing to do where it is closed already.

    Raises:
        ClearingError: some writer did not finish a batch in all our tries.
    """
    if not night.is_repeat:
        _wait_for_batches(night)
        if night.run("close_day"):
            night.run("open_next_day")
    return "the next business date is open"


def _wait_for_batches(night: Night) -> None:
    lock_class, lock = CUT_OFF_LOCK
    for left in reversed(range(TRIES_MAX)):
        try:
            with night.connection.transaction():
                night.rows("lock_timeout", milliseconds=str(LOCK_MILLISECONDS_MAX))
                night.rows("wait_for_batches", lock_class=lock_class, lock=lock)
        except errors.LockNotAvailable as error:
            if not left:
                msg = (
                    f"cut-off of {night.business_date} gave up: a writer has held its batch open "
                    f"through {TRIES_MAX} tries. The date is still open and trade goes on. See "
                    "why the host's writers are slow (pg_stat_activity shows the one that holds "
                    "the advisory lock), then run the clearing again"
                )
                raise ClearingError(msg) from error
            time.sleep(PAUSE_SECONDS)
        else:
            return
