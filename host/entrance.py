"""Who comes in at the host's doors: our own user at the Unix socket, proved keys at the network's.

Whoever is still shaking hands counts for no switch and has little time, and of many the oldest goes
when another comes: strangers who stall are in nobody's way but each other's.
"""

import contextlib
import math
import socket
from collections.abc import Callable
from typing import Final

import structlog
import trio

from host.link.address import is_ours
from host.link.credentials import Credentials
from host.link.pipe import Pipe
from host.link.secure_pipe import RefusedError, SecurePipe

HANDSHAKE_SECONDS_MAX: Final = 5.0
HANDSHAKES_MAX: Final = 64
"""At a time: a handshake takes milliseconds."""

REFUSALS_TOLD_MAX: Final = 10
"""A second: strangers must not fill the disk with what the log says of them."""

_LOG = structlog.get_logger(__name__)


class Entrance:
    """The doors of one host. Without credentials there is none to the network."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._shaking: dict[trio.CancelScope, None] = {}
        self._told_since = -math.inf
        self._told = 0
        self._untold = 0
        self.waiting = 0
        """How many are not let in yet."""

    def is_open_to(self, sock: socket.socket) -> bool:
        """Whether this caller may try; the socket is ready for it."""
        sock.settimeout(0)
        if sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._credentials is not None
        if not is_ours(sock):
            _LOG.error("a switch of another user was refused")
            return False
        return True

    def pipe_of(self, sock: socket.socket, gather: Callable[[], bytes]) -> Pipe:
        """What the bytes of this caller go through."""
        if sock.family == socket.AF_UNIX:
            return Pipe(sock, gather)
        assert self._credentials is not None, "it was not open to it"
        return SecurePipe(sock, gather, self._credentials)

    async def let_in(self, pipe: Pipe) -> None:
        """Wait until the caller is proved.

        Raises:
            RefusedError: it is not who may come in, or takes too long.
            OSError: it is gone.
        """
        if len(self._shaking) >= HANDSHAKES_MAX:
            oldest = next(iter(self._shaking))
            del self._shaking[oldest]
            oldest.cancel()
        self.waiting += 1
        try:
            with trio.move_on_after(HANDSHAKE_SECONDS_MAX) as scope:
                self._shaking[scope] = None
                await pipe.open()
        finally:
            self.waiting -= 1
            self._shaking.pop(scope, None)
        if scope.cancelled_caught:
            raise RefusedError("it did not finish its handshake in time")

    def tell_refusal(self, place: str, why: str) -> None:
        """Say it loud, and of many at once how many were not told."""
        now = trio.current_time()
        if now - self._told_since >= 1:
            self._told_since, self._told = now, 0
        if self._told >= REFUSALS_TOLD_MAX:
            self._untold += 1
            return
        self._told += 1
        _LOG.error("a switch was refused", peer=place, why=why, untold_before=self._untold)
        self._untold = 0

    @staticmethod
    def place_of(sock: socket.socket) -> str:
        """Where a caller calls from, as far as that is known."""
        with contextlib.suppress(OSError):
            if sock.family != socket.AF_UNIX:
                host, port = sock.getpeername()[:2]
                return f"{host}:{port}"
            return "this machine"
        return "somebody who is gone"
