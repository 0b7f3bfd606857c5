"""A child and its place: what falls is started again, each time a little later.

A child that cannot be started at all ends the supervisor with its reason, at the first start. Once
everything has stood, nothing ends it any more but who asked for the end: a server that finds no
room on its disk comes up by itself when there is room, however long that takes. Falls are counted
over a minute: six in a day are six accidents, each mended at once; six in a minute are one trouble,
mended every few seconds and told louder.
"""

import math
import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Final, Self

from config.errors import NEXT, PIN_REFUSED, Say, explained, operator_errors
from config.run.children import Program, how_it_ended

PAUSES_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Before the first start anew within FALLS_SECONDS, the second, and so on; then the last."""
FALLS_SECONDS: Final = 60.0
LOUD_FALLS: Final = 3
"""So many within FALLS_SECONDS are no accident."""
LOOK_SECONDS: Final = 0.2
"""Between two looks at a child that is not ready yet, or that is somebody else's."""
UNREADY_SECONDS_MAX: Final = 60.0

Begin = Callable[[], AbstractContextManager[Program]]
"""Starts the child, without waiting for it; leaving the block stops it."""


def _always() -> bool:
    return True


class Tended:
    """One child, kept running. Call it on the main thread: children end with their starter's."""

    def __init__(  # noqa: PLR0913 - what a place is told of its child
        self,
        name: str,
        begin: Begin,
        *,
        say: Say,
        is_ready: Callable[[Program], bool] | None = None,
        is_wanted: Callable[[], bool] = _always,
        unready_seconds_max: float = UNREADY_SECONDS_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.program: Program | None = None
        """The child; one that has ended stays until another takes its place."""
        self.is_ready = False
        self._begin = begin
        self._say = say
        self._says_ready = is_ready or Program.says_ready
        self._is_wanted = is_wanted
        self._unready_seconds_max = unready_seconds_max
        self._clock = clock
        self._stack = ExitStack()
        self._falls: deque[float] = deque()
        self._due_at: float | None = None
        """When it is started again; None while it runs."""
        self._began_at = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> Program:
        """Start it for the first time.

        Raises:
            OperatorError, OSError: it cannot be started.
        """
        self.program = self._stack.enter_context(self._begin())
        self._began_at, self._due_at, self.is_ready = self._clock(), None, False
        return self.program

    def adopt(self, program: Program | None) -> None:
        """Tend a child that another started and stops; none, where it is not ours so far."""
        self.program, self.is_ready = program, program is not None

    def stop(self) -> None:
        """Stop it, for good."""
        self._stack.close()

    def mend(self, *, may_start: bool = True) -> float | None:
        """Start it again where it has ended and its pause is over.

        Gives the seconds until it is to be looked at again; None: its end will tell.
        """
        if self.program is not None and self._due_at is None and not self._has_ended():
            return self._look_whether_ready()
        if self._due_at is None and self.program is not None:
            self._note_end(self.program)
        left = (self._due_at or 0.0) - self._clock()
        if left <= 0 and may_start and self._is_wanted():
            return self._start_again()
        return min(max(left, LOOK_SECONDS), max(PAUSES_SECONDS))

    def _has_ended(self) -> bool:
        return self.program is not None and self.program.process.poll() is not None

    def _look_whether_ready(self) -> float | None:
        assert self.program is not None
        if not self.is_ready and self._says_ready(self.program):
            self.is_ready = True
        if self.is_ready:
            return None
        if self._clock() - self._began_at > self._unready_seconds_max:
            self._say(f"{self.name} is not ready after {self._unready_seconds_max:.0f} s: killed")
            self.program.process.kill()
        return LOOK_SECONDS

    def _start_again(self) -> float:
        self._stack.close()
        try:
            self.start()
        except operator_errors(OSError) as error:
            why, _, cure = _in_words(error).partition(f". {NEXT} ")
            self._note_fall(f"{self.name} cannot be started: {why}", cure)
        return LOOK_SECONDS

    def _note_end(self, ended: Program) -> None:
        how = how_it_ended(ended.process)
        words = ended.last_words() if ended.process.returncode > 0 else ""
        if words.startswith(PIN_REFUSED):
            self._due_at, self.is_ready = math.inf, False
            why = words.partition(f". {NEXT}")[0]
            self._say(
                f"{self.name} ended by itself ({why}). It is not started again, for another try "
                "may lock the token. Next: mend host.hsm.pin, and start posswitch up again"
            )
            return
        self._note_fall(f"{self.name} ended by itself ({how}{': ' if words else ''}{words})")

    def _note_fall(self, what: str, cure: str = "") -> None:
        now = self._clock()
        self._falls.append(now)
        while self._falls[0] < now - FALLS_SECONDS:
            self._falls.popleft()
        count = len(self._falls)
        pause = PAUSES_SECONDS[min(count, len(PAUSES_SECONDS)) - 1]
        self._due_at, self.is_ready = now + pause, False
        told = f"{what}, and is started again in {pause:g} s"
        if count >= LOUD_FALLS:
            told += f"; {count} TIMES WITHIN A MINUTE: starting again alone does not cure this"
            cure = cure or f"read {self.program.log if self.program else 'the logs'}"
        self._say(f"{told}. {NEXT} {cure}" if cure else told)


def _in_words(error: Exception) -> str:
    """A file that the machine will not let us have as a sentence, with what mends it."""
    return str((explained(error) if isinstance(error, OSError) else None) or error)


def wait_for_a_turn(programs: Iterable[Program | None], seconds_max: float | None) -> None:
    """Sleep until one of these ends, but no longer than so."""
    with ExitStack() as stack:
        handles = []
        for program in programs:
            if program is None or program.process.returncode is not None:
                continue
            with suppress(ProcessLookupError):
                handles.append(os.pidfd_open(program.process.pid))
                stack.callback(os.close, handles[-1])
        select.select(handles, [], [], seconds_max)
