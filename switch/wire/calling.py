"""Calling a gateway that does not call us: one connection, made again whenever it breaks.

The pause between two calls grows while they fail, and while connections end as soon as they are
made, which is how some gateways say that they are busy.
"""

import random
import socket
from typing import Final, NoReturn

import structlog
import trio

from switch.channels import address_of
from switch.wire.listeners import Channel

PAUSE_SECONDS_MIN: Final = 0.5
STEADY_SECONDS: Final = 5.0
"""A connection that lasted so long counts as a success."""

_LOG = structlog.get_logger(__name__)


class Caller:
    """Keeps the connection of one channel standing."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._address = address_of(channel.settings.connect_to or "")
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Call, again and again, until `stop`."""
        with self._scope:
            await self._call_for_ever()

    def stop(self) -> None:
        """Call no more. A connection that stands is its channel's."""
        self._scope.cancel()

    async def _call_for_ever(self) -> NoReturn:
        pause = PAUSE_SECONDS_MIN
        while True:
            began = trio.current_time()
            sock = await self._call()
            if sock is not None:
                await self._until_closed(sock)
            if sock is not None and trio.current_time() - began >= STEADY_SECONDS:
                pause = PAUSE_SECONDS_MIN
            await trio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, self._channel.settings.reconnect_seconds_max)

    async def _call(self) -> socket.socket | None:
        settings = self._channel.settings
        try:
            with trio.fail_after(settings.connect_seconds_max):
                stream = await trio.open_tcp_stream(*self._address)
        except (OSError, trio.TooSlowError) as error:
            _LOG.warning(
                "gateway not reached",
                channel=settings.name,
                gateway=settings.connect_to,
                why=str(error) or "no answer to connect",
            )
            return None
        return socket.socket(fileno=stream.socket.detach())

    async def _until_closed(self, sock: socket.socket) -> None:
        channel, closed = self._channel, trio.Event()
        channel.on_closed = closed.set
        try:
            host, port = sock.getpeername()[:2]
        except OSError as error:
            sock.close()
            _LOG.warning("gateway hung up at once", channel=channel.settings.name, why=str(error))
            return
        connection = channel.admit(sock, host, port)
        if connection is None:
            return
        connection.greet()
        channel.outboxes.flush()
        _LOG.info("gateway reached", channel=channel.settings.name, gateway=connection.peer)
        await closed.wait()
        _LOG.warning("gateway lost", channel=channel.settings.name, gateway=connection.peer)
