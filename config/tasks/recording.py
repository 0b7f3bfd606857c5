"""`posswitch record`: what a running switch is asked and answers, masked, into one file."""

import datetime as dt
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import msgspec
import trio

from config.as_json import print_json
from config.errors import SettingsError, SurroundingsError
from config.places import Places
from config.release import release
from config.run.asking import RECORD, switch_paths
from config.run.recording import KEY_BYTES, Begun, Said
from config.screen import screen
from config.tasks.loops import run_loop
from host.clock import utc_now
from terminals.recorded import Head

RECEIVE_BYTES: Final = 65_536
ONLY_US: Final = 0o600
LAST_SECONDS: Final = 2.0
"""How long the switch may take over what is still unanswered at the end."""


@dataclass(slots=True)
class Tally:
    """What came of it."""

    lines: int = 0
    lost: dict[Path, int] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    why_left_out: dict[str, str] = field(default_factory=dict)


Tell = Callable[[Path, Tally], None]


def record_running(
    places: Places, file: Path, seconds: float, channel: str | None, tell: Tell
) -> int:
    """Record for so long, or until Ctrl-C, and tell what came of it. Gives the exit status.

    Raises:
        SettingsError: the switch does not record that; the text says why.
        SurroundingsError: no switch runs, or the file cannot be written.
    """
    doors = switch_paths(places)
    tally = Tally()
    try:
        run_loop(_record, doors, file, seconds, channel, tally)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise _refused(file, error) from None
    tell(file, tally)
    return 0


def tell_in_words(file: Path, tally: Tally) -> None:
    """What came of it, for people."""
    console, channels = screen(), ", ".join(tally.channels)
    console.print(f"{tally.lines:,} messages of {channels} in {file}", markup=False)
    for name in tally.left_out:
        console.print(f"not recorded: {name}: {tally.why_left_out.get(name, '')}", markup=False)
    if lost := sum(tally.lost.values()):
        console.print(f"{lost:,} more came faster than they could be written", markup=False)


def tell_as_json(file: Path, tally: Tally) -> None:
    """The same for programs."""
    print_json(
        {
            "file": str(file),
            "messages": tally.lines,
            "lost": sum(tally.lost.values()),
            "channels": tally.channels,
            "channels_not_recorded": tally.left_out,
            "why_not": tally.why_left_out,
        }
    )


async def _record(
    doors: list[Path], file: Path, seconds: float, channel: str | None, tally: Tally
) -> None:
    key = secrets.token_bytes(KEY_BYTES).hex()
    asked = f"{RECORD} {key} {channel or ''}".strip()
    streams = {path: stream for path in doors if (stream := await _called(path)) is not None}
    if not streams:
        raise SurroundingsError(
            "no switch runs there. Next: posswitch up, or name its directory with --data",
            "E-NOTHING-RUNS",
        )
    readers = {path: _lines(stream) for path, stream in streams.items()}
    for path, stream in streams.items():
        await stream.send_all(f"{asked}\n".encode())
        _take_begun(await anext(readers[path], b""), path, tally)
    with _opened(file) as out:
        out.write(msgspec.json.encode(_head(tally)) + b"\n")
        start = time.monotonic()  # of the machine, as the switch counts
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_stop_in_time, seconds, list(streams.values()), nursery.cancel_scope)
            async with trio.open_nursery() as reading:
                for path, reader in readers.items():
                    reading.start_soon(_write, path, reader, out, start, tally)
            nursery.cancel_scope.cancel()


async def _stop_in_time(
    seconds: float, streams: list[trio.SocketStream], scope: trio.CancelScope
) -> None:
    """Say that no more is taken, once the time is over or a signal came; the rest is awaited."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        with trio.move_on_after(seconds):
            await anext(signals)
        for stream in streams:
            with suppress(trio.BrokenResourceError):
                await stream.send_eof()
        scope.deadline = trio.current_time() + LAST_SECONDS


async def _called(path: Path) -> trio.SocketStream | None:
    try:
        return await trio.open_unix_socket(path)
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    except OSError as error:
        raise SurroundingsError(
            f"the process at {path} may not be asked: {error.strerror}. Next: be its user",
            "E-NO-ANSWER",
        ) from None


async def _lines(stream: trio.SocketStream) -> AsyncIterator[bytes]:
    held = bytearray()
    while data := await stream.receive_some(RECEIVE_BYTES):
        held += data
        *whole, rest = bytes(held).split(b"\n")
        held = bytearray(rest)
        for line in whole:
            yield line


def _take_begun(said: bytes, path: Path, tally: Tally) -> None:
    try:
        begun = msgspec.json.decode(said, type=Begun)
    except msgspec.DecodeError:
        raise SurroundingsError(
            f"the process at {path} does not record. Next: one of an older release has to be "
            "started again",
            "E-NO-ANSWER",
        ) from None
    if begun.error:
        raise SettingsError(
            f"{begun.error}. Next: posswitch record --help, or wait until the other has ended",
            "E-RECORDING",
        )
    tally.channels, tally.left_out = begun.channels, begun.left_out
    tally.why_left_out = begun.why_left_out


async def _write(
    path: Path, reader: AsyncIterator[bytes], out: IO[bytes], start: float, tally: Tally
) -> None:
    async for line in reader:
        said = msgspec.json.decode(line, type=Said)
        heard = msgspec.structs.replace(said.heard, at=round(said.heard.at - start, 6))
        out.write(msgspec.json.encode(heard) + b"\n")
        tally.lines += 1
        tally.lost[path] = said.lost


def _head(tally: Tally) -> Head:
    return Head(
        made_at=utc_now().astimezone(dt.UTC).isoformat(timespec="seconds"),
        build=release(),
        channels=tally.channels,
        left_out=tally.left_out,
        why_left_out=tally.why_left_out,
    )


def _opened(file: Path) -> IO[bytes]:
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_US)
    except OSError as error:
        raise _refused(file, error) from None
    return os.fdopen(number, "wb", buffering=0)


def _refused(file: Path, error: OSError) -> SurroundingsError:
    return SurroundingsError(
        f"cannot record into {file}: {error.strerror}. Next: name another file", "E-FILE"
    )
