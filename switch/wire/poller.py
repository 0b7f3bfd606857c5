"""All sockets of the switch behind one wait.

A selector is itself something to wait for: one trio task waits for the selector, not a task for
each connection, and then serves every socket that is ready. An idle connection costs no task
and no stack, and a busy turn costs one wait however many sockets it serves.
"""

import selectors
import socket
from collections.abc import Callable
from typing import Final, NoReturn

import trio

from switch.faults import guarded, note

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

TURNS_MAX: Final = 3
"""Turns one after the other, as long as sockets are ready: to look again costs a tenth of a wait.
Then whoever else has something to do in this process comes first."""

OnReady = Callable[[int], None]
"""Told which of READ and WRITE a socket is ready for; may be called once after `forget`."""


def _nothing() -> None:
    """Nothing is to be done then."""


class Poller:
    """Sockets and what to do when they are ready.

    `before_turn` runs before the first that is ready is served, `after_turn` when all were, and
    `after_turns` before others have their time: when no more are ready, or it is their turn.
    """

    def __init__(
        self,
        after_turn: Callable[[], None],
        before_turn: Callable[[], None] = _nothing,
        after_turns: Callable[[], None] = _nothing,
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._before_turn = before_turn
        self._after_turn = after_turn
        self._after_turns = after_turns

    def watch(self, sock: socket.socket, interest: int, on_ready: OnReady) -> None:
        """Start watching a non-blocking socket."""
        self._selector.register(sock, interest, on_ready)

    def change(self, sock: socket.socket, interest: int, on_ready: OnReady) -> None:
        """Watch it for something else; no interest at all keeps only errors out of sight."""
        if sock in self._selector.get_map():
            if interest:
                self._selector.modify(sock, interest, on_ready)
            else:
                self._selector.unregister(sock)
        elif interest:
            self._selector.register(sock, interest, on_ready)

    def forget(self, sock: socket.socket) -> None:
        """Stop watching: to be called before the socket is closed."""
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    async def run(self) -> NoReturn:
        """Serve ready sockets, for ever."""
        selector = self._selector
        while True:
            await trio.lowlevel.wait_readable(selector.fileno())
            for _ in range(TURNS_MAX):
                found = selector.select(0)
                if not found:
                    break
                self._serve(found)
            guarded("turn", self._after_turns)

    def _serve(self, found: list[tuple[selectors.SelectorKey, int]]) -> None:
        guarded("turn", self._before_turn)
        for key, ready in found:
            try:
                key.data(ready)
            except Exception:  # noqa: BLE001 - one socket must never stop the others
                note("socket")
                self._drop(key.fd)
        guarded("turn", self._after_turn)

    def _drop(self, fd: int) -> None:
        """Never look at it again, or it would fail at every turn."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def close(self) -> None:
        """At the very end: every socket has been forgotten."""
        self._selector.close()
