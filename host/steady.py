"""What serves others goes on: a part that fails is named, counted and begun again.

One message, peer, file or socket must trouble itself alone, so each loop guards what it does for
one of them. Whatever gets past that ends here and not in the nursery that the part shares with
all others. A part keeps its state outside its loop, so to begin again is to go on.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import trio

PAUSE_SECONDS_MIN: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0
STEADY_SECONDS: Final = 60.0
"""A part that ran so long is begun again at once."""

Failed = Callable[[str], None]
"""Told which part has failed: whoever counts."""

_LOG = structlog.get_logger(__name__)


async def kept_going(name: str, part: Callable[[], Awaitable[object]], failed: Failed) -> None:
    """Run this part until it ends by itself; when it fails begin it again, after a pause."""
    pause = PAUSE_SECONDS_MIN
    while True:
        began = trio.current_time()
        try:
            await part()
        except Exception:  # noqa: BLE001 - whatever it met, the others are not to end with it
            _LOG.critical("a part has failed and begins again", part=name, exc_info=True)
            failed(name)
        else:
            return
        if trio.current_time() - began >= STEADY_SECONDS:
            pause = PAUSE_SECONDS_MIN
        await trio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)
