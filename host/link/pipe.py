"""One end of a link as bytes: a non-blocking socket read and written with trio.

What is to be sent is gathered until the writer's turn comes, so everything that was decided in
one turn of the event loop leaves in one write.
"""

import socket
from collections.abc import Callable
from typing import Final

import trio

READ_BYTES: Final = 256 * 1024


class Pipe:
    """A connected socket; `wake` makes the writer ask `gather` for what has come together."""

    __slots__ = ("_gather", "_idle", "_is_woken", "_sock", "heard_at")

    def __init__(self, sock: socket.socket, gather: Callable[[], bytes]) -> None:
        self._sock = sock
        self._gather = gather
        self._idle = trio.lowlevel.ParkingLot()
        self._is_woken = False
        self.heard_at = trio.current_time()

    @property
    def peer(self) -> str | None:
        """Who is there, where a key has proved it; at a Unix socket it is our own user."""
        return None

    @property
    def is_trusted(self) -> bool:
        """Whether whoever is there may still be."""
        return True

    async def open(self) -> None:
        """Do what has to be done before the first byte: here nothing."""

    async def receive(self) -> bytes:
        """What has arrived, at least one byte; nothing when the other side has closed."""
        while True:
            await trio.lowlevel.wait_readable(self._sock)
            try:
                data = self._sock.recv(READ_BYTES)
            except BlockingIOError:
                continue
            self.heard_at = trio.current_time()
            return data

    def wake(self) -> None:
        """There is something to gather: cheap, and any number of times a turn."""
        if not self._is_woken:
            self._is_woken = True
            self._idle.unpark_all()

    async def write_gathered(self) -> None:
        """Write what is gathered, for ever.

        Raises:
            OSError: the connection is gone.
        """
        while True:
            if not self._is_woken:
                await self._idle.park()
            self._is_woken = False
            await self.send(self._gather())

    async def send(self, data: bytes) -> None:
        """Write all of `data`.

        Raises:
            OSError: the connection is gone.
        """
        view = memoryview(data)
        while view:
            try:
                sent = self._sock.send(view)
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._sock)
            else:
                view = view[sent:]
        await trio.lowlevel.checkpoint_if_cancelled()

    def close(self) -> None:
        """Let go of the socket and of whoever waits on it."""
        trio.lowlevel.notify_closing(self._sock)
        self._sock.close()
