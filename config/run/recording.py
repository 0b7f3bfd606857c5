"""Recording at a running switch: lines out of its control socket while somebody reads them.

Nothing is written by the switch: whoever asked writes the file, and when he goes the recording has
ended. Lines wait in a queue of a known length; what a slow reader leaves no room for is counted and
told, and keeps no terminal waiting.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import trio

from host.model.secrets import Secret
from switch.program import Switch
from switch.recording import Recorder
from terminals.recorded import WHY_NOT, Heard

LINES_MAX: Final = 20_000
"""Lines that may wait for who reads them."""
KEY_BYTES: Final = 32
READ_BYTES: Final = 64


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says first."""

    channels: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    why_left_out: dict[str, str] = {}
    """By channel."""
    error: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a process: a message, or how many there was no room for so far."""

    heard: Heard
    lost: int = 0


class _Lines:
    """Lines on their way to who reads them."""

    def __init__(self) -> None:
        self._put, self.take = trio.open_memory_channel[bytes](LINES_MAX)
        self._encode = msgspec.json.Encoder().encode
        self.lost = 0

    def add(self, heard: Heard) -> None:
        """One more, where there is room."""
        try:
            self._put.send_nowait(self._encode(Said(heard=heard, lost=self.lost)) + b"\n")
        except trio.WouldBlock:
            self.lost += 1

    def end(self) -> None:
        """No more will come."""
        self._put.close()


async def record_to(switch: Switch, about: str, stream: trio.SocketStream) -> None:
    """Write what is asked and answered, line by line, until the other end is closed.

    `about` is the recording's key in hexadecimal and, if only one is wanted, a channel.
    """
    key, _, channel = about.partition(" ")
    begun = _begun(switch, channel)
    if begun.error:
        await stream.send_all(msgspec.json.encode(begun) + b"\n")
        return
    lines = _Lines()
    recorder = Recorder(lines.add, time.monotonic, Secret.from_hex(key), channel or None)
    switch.front.recorder = recorder

    def stop() -> None:
        if switch.front.recorder is recorder:
            switch.front.recorder = None
        recorder.stop()
        lines.end()

    try:
        await stream.send_all(msgspec.json.encode(begun) + b"\n")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_stop_when_closed, stream, stop)
            await _pass_on(lines, stream)
            nursery.cancel_scope.cancel()
    finally:
        stop()


async def _pass_on(lines: _Lines, stream: trio.SocketStream) -> None:
    """Every line, until no more come or nobody reads."""
    with suppress(trio.BrokenResourceError, trio.EndOfChannel):
        while True:
            await stream.send_all(await _some(lines.take))


def _begun(switch: Switch, channel: str) -> Begun:
    rows = {row.name: row for row in switch.settings.channels}
    if channel and channel not in rows:
        return Begun(error=f"there is no channel {channel}, only {', '.join(rows)}")
    if switch.front.recorder is not None:
        return Begun(error="somebody records there already")
    wanted = [channel] if channel else list(rows)
    why = {name: WHY_NOT[rows[name].dialect] for name in wanted if rows[name].dialect in WHY_NOT}
    heard = tuple(name for name in wanted if name not in why)
    if not heard:
        names = ", ".join(wanted)
        return Begun(error=f"no message of {names} can be recorded: {next(iter(why.values()))}")
    return Begun(channels=heard, left_out=tuple(why), why_left_out=why)


async def _some(take: trio.MemoryReceiveChannel[bytes]) -> bytes:
    """What waits, at least one line."""
    lines = bytearray(await take.receive())
    with suppress(trio.WouldBlock, trio.EndOfChannel):
        while True:
            lines += take.receive_nowait()
    return bytes(lines)


async def _stop_when_closed(stream: trio.SocketStream, stop: Callable[[], None]) -> None:
    """Whoever reads says so when he takes no more than what is open."""
    with suppress(trio.BrokenResourceError):
        await stream.receive_some(READ_BYTES)
    stop()
