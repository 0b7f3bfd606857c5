"""One thread for one kind of work that waits for the disk, handed over and awaited.

`trio.to_thread` finds a thread, a limiter and a way to cancel for every call, which costs more
than a synchronous write does. Here a thread of its own takes one piece of work after the other.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, Final

import outcome
import trio

Work = Callable[[], Any]

_END: Final = None


class OneThread:
    """The thread; it does not keep the process from ending."""

    def __init__(self, name: str) -> None:
        self._asked: queue.SimpleQueue[tuple[Work, trio.lowlevel.Task, _Token] | None]
        self._asked = queue.SimpleQueue()
        self._name = name
        self._thread: threading.Thread | None = None

    async def run(self, work: Work) -> None:
        """Do this there; whoever is cancelled meanwhile is so when it is done.

        Raises:
            Exception: what the work raised.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        task, token = trio.lowlevel.current_task(), trio.lowlevel.current_trio_token()
        self._asked.put((work, task, token))
        await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)

    def close(self) -> None:
        """No more work will come; what is under way is finished."""
        if self._thread is not None:
            self._asked.put(_END)
            self._thread.join()

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not _END:
            work, task, token = asked
            done = outcome.capture(work)
            token.run_sync_soon(trio.lowlevel.reschedule, task, done)


_Token = trio.lowlevel.TrioToken
