"""A line in the middle of a connection: it keeps what it carries, and fails as networks fail.

One thread a direction. What is held back is not lost as long as the connection lives, because TCP
loses nothing inside one; a partition that ends has usually ended the connection too.
"""

import contextlib
import enum
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

READ_BYTES = 65_536
LOOK_SECONDS = 0.02


class Trouble(enum.Enum):
    """What the line does to bytes."""

    NONE = "carries them"
    DROP = "nothing gets through, either way"
    NO_REQUESTS = "nothing gets through to the server"
    NO_ANSWERS = "nothing comes back from the server"
    DELAY = "all of it gets through, late"
    HALF_OPEN = "nobody reads any more"


HELD = {
    Trouble.DROP: (True, True),
    Trouble.NO_REQUESTS: (True, False),
    Trouble.NO_ANSWERS: (False, True),
    Trouble.HALF_OPEN: (True, True),
}
"""Which directions stand still: to the server, and back."""


class Wire:
    """One connection through the line."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        self.said = bytearray()
        """All that the client said."""
        self.told = bytearray()
        """All that it was told."""

    def cut(self) -> None:
        """Both ends hear that it is over."""
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Relay:
    """Listens for clients of a TCP port, or of a Unix socket, and connects each to it."""

    def __init__(self, target: int | Path) -> None:
        self.port = free_port()
        self.wires: list[Wire] = []
        self.trouble = Trouble.NONE
        self.late_seconds = 0.0
        self.target = target
        self._listener = self._listening()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def path(self) -> Path:
        """Where it listens for clients of a Unix socket."""
        assert isinstance(self.target, Path)
        return self.target.with_name("relay.sock")

    def heal(self) -> None:
        """The network is whole again; a partition has ended the connections it was in."""
        if self.trouble in HELD:
            for wire in self.wires:
                wire.cut()
        self.trouble = Trouble.NONE

    def close(self) -> None:
        """Nobody is connected any more."""
        self.trouble = Trouble.NONE
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()  # after it nobody is connected any more
        for wire in self.wires:
            wire.cut()
        for thread in self._threads[1:]:
            thread.join()
        for wire in self.wires:
            wire.near.close()
            wire.far.close()

    def _listening(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_server(("127.0.0.1", self.port))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        return listener

    def _called(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(str(self.target))
        except OSError:
            far.close()
            raise
        return far

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = self._called()
            except OSError:
                near.close()
                continue
            wire = Wire(near, far)
            self.wires.append(wire)
            ways = ((near, far, wire.said, 0), (far, near, wire.told, 1))
            for way in ways:
                self._threads.append(threading.Thread(target=self._carry, args=way))
                self._threads[-1].start()

    def _carry(
        self, source: socket.socket, sink: socket.socket, kept: bytearray, direction: int
    ) -> None:
        with contextlib.suppress(OSError):
            while data := self._read(source, direction):
                if self.trouble is Trouble.DELAY:
                    time.sleep(self.late_seconds)
                while self._is_held(direction):
                    time.sleep(LOOK_SECONDS)
                kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _read(self, source: socket.socket, direction: int) -> bytes:
        while self.trouble is Trouble.HALF_OPEN and self._is_held(direction):
            time.sleep(LOOK_SECONDS)
        return source.recv(READ_BYTES)

    def _is_held(self, direction: int) -> bool:
        return HELD.get(self.trouble, (False, False))[direction]


@contextmanager
def relayed(target: int | Path) -> Iterator[Relay]:
    """A line to that port or socket, as long as the block lasts."""
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.close()
