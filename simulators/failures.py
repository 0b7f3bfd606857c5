"""What failed in a simulation that must not: it is named and counted, and the others go on.

Whoever runs many (terminals, calls, messages of an issuer) guards each with `alone`; a part that
all the others need is begun again (`kept`). What the machine refuses has its reason; anything else
is a fault of our own, and its traceback is logged once, however often it comes.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog
import trio

PAUSE_SECONDS_MIN: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0

_LOG = structlog.get_logger(__name__)


class TroubleError(Exception):
    """What surrounds a simulation fails it; the text says what, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One kind of failure, and the first that met it."""

    part: str
    """What it is that failed: a terminal, a channel."""
    who: str
    """Which of them; empty where there is one."""
    error: Exception

    @property
    def is_ours(self) -> bool:
        """Whether nobody but us is to blame."""
        return not isinstance(self.error, OSError | TroubleError)


class Failures:
    """Grows while a simulation runs; anybody may look."""

    __slots__ = ("_first", "counts")

    def __init__(self) -> None:
        self.counts: Counter[Failure] = Counter()
        """How often each kind was met."""
        self._first: dict[tuple[object, ...], Failure] = {}

    def __bool__(self) -> bool:
        return bool(self.counts)

    async def alone(
        self, part: str, who: str, act: Callable[..., Awaitable[object]], *words: object
    ) -> bool:
        """Do it; what it breaks is noted and troubles nobody else. Whether it ended by itself."""
        try:
            await act(*words)
        except Exception as error:  # noqa: BLE001 - whatever one of many met
            self.note(part, who, error)
            return False
        return True

    async def kept(
        self, part: str, who: str, act: Callable[..., Awaitable[object]], *words: object
    ) -> None:
        """Do it until it ends by itself; when it fails begin it again, after a pause."""
        pause = PAUSE_SECONDS_MIN
        while not await self.alone(part, who, act, *words):
            await trio.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    def note(self, part: str, who: str, error: Exception) -> None:
        """Count an error, and log it where it is the first of its kind."""
        for each in _every_one(error):
            kind = (part, type(each), str(each) if isinstance(each, OSError) else _place_of(each))
            if kind not in self._first:
                self._first[kind] = failure = Failure(part=part, who=who, error=each)
                _log(failure)
            self.counts[self._first[kind]] += 1


def _log(failure: Failure) -> None:
    about = {"part": failure.part, "who": failure.who}
    if failure.is_ours:
        text = "a fault of the simulator's own, the others go on"
        _LOG.critical(text, **about, exc_info=failure.error)
    else:
        _LOG.warning("a part failed, the others go on", **about, why=str(failure.error))


def _every_one(error: Exception) -> Iterator[Exception]:
    """What a nursery gives is a group, however deep."""
    if isinstance(error, ExceptionGroup):
        for each in error.exceptions:
            yield from _every_one(each)
    else:
        yield error


def _place_of(error: Exception) -> tuple[str, int] | None:
    """The line that raised it."""
    trace = error.__traceback__
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno
