"""One end of a link as bytes: a non-blocking socket read and written with trio.

What is to be sent is gathered until the writer's turn comes, so everything that was decided in
one turn of the event loop leaves in one write. Who knows where a turn of his own begins and ends
says so (`hold`, `release`): then the socket is written at its end, and the writer's task, which
would need a turn of the loop for itself, is left for what the socket does not take.
"""

import socket
from collections.abc import Callable
from typing import Final

import trio

READ_BYTES: Final = 256 * 1024


class Pipe:
    """A connected socket; `wake` makes the writer ask `gather` for what has come together."""

    __slots__ = (
        "_fault",
        "_gather",
        "_idle",
        "_is_held",
        "_is_woken",
        "_is_writing",
        "_rest",
        "_sock",
        "heard_at",
    )

    def __init__(self, sock: socket.socket, gather: Callable[[], bytes]) -> None:
        self._sock = sock
        self._gather = gather
        self._idle = trio.lowlevel.ParkingLot()
        self._is_woken = False
        self._is_held = False
        self._is_writing = False
        self._rest = b""
        """Gathered, and not taken by the socket yet."""
        self._fault: Exception | None = None
        """Of gathering: the connection ends with it."""
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
            if not self._is_held:
                self._idle.unpark_all()

    def hold(self) -> None:
        """Let what is to be gathered wait for `release`: nothing in between may wait itself."""
        self._is_held = True

    def release(self) -> None:
        """Write what has come together since `hold`, as far as it goes without waiting."""
        self._is_held = False
        if self._is_woken:
            if not (self._is_writing or self._rest):
                self._write_at_once()
            if self._is_woken or self._rest or self._fault:
                self._idle.unpark_all()

    async def write_gathered(self) -> None:
        """Write what is gathered, for ever.

        Raises:
            OSError: the connection is gone.
        """
        while True:
            while not (self._is_woken or self._rest or self._fault):
                await self._idle.park()
            if self._fault is not None:
                raise self._fault
            self._is_writing = True
            data, self._rest = self._rest, b""
            if self._is_woken:
                self._is_woken = False
                data += self._gather()
            await self.send(data)
            self._is_writing = False

    def _write_at_once(self) -> None:
        """What the socket takes; the rest, and whatever fails, is for the writer to meet."""
        self._is_woken = False
        try:
            data = self._gather()
        except Exception as error:  # noqa: BLE001 - it ends the connection, as it does there
            self._fault = error
            return
        try:
            sent = self._sock.send(data)
        except OSError:
            sent = 0
        self._rest = data[sent:]

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
