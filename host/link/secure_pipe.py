"""A pipe in TLS: the same to its owner, and between the two machines nobody reads or writes it."""

import contextlib
import socket
from collections.abc import Callable
from typing import Final

from host.link.credentials import Credentials, Peer
from host.link.frames import LinkError
from host.link.pipe import Pipe
from host.link.tls import TlsError

CLOSED: Final = (
    "closed by the other side in the handshake. Next: read its log, which says why it refused us, "
    "or there are too many"
)


class RefusedError(LinkError):
    """The two ends do not know each other; the text says why, and what to do about it."""


class SecurePipe(Pipe):
    """A connected socket that speaks TLS; `open` comes first, and proves who is there.

    Only the writer writes, also what TLS has to say by itself: it is woken for that.
    """

    __slots__ = ("_credentials", "_early", "_proved", "_tls")

    def __init__(
        self, sock: socket.socket, gather: Callable[[], bytes], credentials: Credentials
    ) -> None:
        super().__init__(sock, gather)
        self._credentials = credentials
        self._tls = credentials.new()
        self._proved: Peer | None = None
        self._early = b""

    @property
    def peer(self) -> str | None:
        """The name of its pin; None before it is proved."""
        return None if self._proved is None else self._proved.name

    @property
    def is_trusted(self) -> bool:
        """Whether its pin is still in the file."""
        return self._proved is not None and self._credentials.trusts(self._proved)

    async def open(self) -> None:
        """Shake hands. Nothing of ours but the greeting leaves before the other side is proved.

        Raises:
            RefusedError: the other side is not who we speak with, or does not take us.
            OSError: the connection is gone.
        """
        try:
            self._tls.greet()
            while not self._tls.is_up:
                await super().send(self._tls.take_unsent())
                data = await super().receive()
                if not data:
                    raise RefusedError(CLOSED)
                self._early += self._tls.opened(data)
            self._proved = self._credentials.peer_of(self._tls)
            await super().send(self._tls.take_unsent())
            if self._credentials.is_calling:
                await self._hear_that_we_are_taken()
        except TlsError as error:
            with contextlib.suppress(OSError):
                await super().send(self._tls.take_unsent())
            raise RefusedError(self._credentials.explained(error)) from None

    async def receive(self) -> bytes:
        """What has arrived, at least one byte; nothing when the other side has closed.

        Raises:
            RefusedError: what came is not of this connection, or we were not taken.
        """
        early, self._early = self._early, b""
        if early:
            return early
        while not self._tls.is_over:
            data = await super().receive()
            if not data:
                break
            plain = self._opened(data)
            if self._tls.has_unsent:
                self.wake()
            if plain:
                return plain
        return b""

    async def send(self, data: bytes) -> None:
        """Write all of `data`, and what TLS has to say.

        Raises:
            OSError, RefusedError: the connection is gone.
        """
        try:
            sealed = self._tls.sealed(data)
        except TlsError as error:
            raise RefusedError(self._credentials.explained(error)) from None
        await super().send(sealed)

    def _write_at_once(self) -> None:
        """Nothing: it is sealed by the writer, who knows what to do where that fails."""

    async def _hear_that_we_are_taken(self) -> None:
        """In TLS 1.3 a caller knows it from the first thing that the other side says."""
        self._early = await self.receive()
        if not self._early:
            raise RefusedError(CLOSED)

    def _opened(self, data: bytes) -> bytes:
        try:
            return self._tls.opened(data)
        except TlsError as error:
            raise RefusedError(self._credentials.explained(error)) from None
