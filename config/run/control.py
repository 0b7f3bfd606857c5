"""Asking running programs: a socket for each switch process, and the host's.

They are told to read again, as by SIGHUP, which has no answer; they tell what they count and where
they listen; and they name what a command line may be completed with. The socket also shows that a
process of this number runs, so that no two share a store-and-forward file.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
import trio

from config.errors import BUG, SurroundingsError
from config.places import Places
from config.run.asking import (
    HOST,
    LOOK,
    NAMES,
    RECORD,
    RELOAD,
    ask,
    control_path,
    control_paths,
    number_of,
)

WORDS_BYTES_MAX: Final = 256
ASK_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 300.0
"""A large estate takes its time to be read."""
FAILED: Final = 1
_LOG = structlog.get_logger(__name__)


class Reread(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it in one process."""

    number: int
    """Which switch process; 0 is the host."""
    lines: tuple[str, ...] = ()
    """What became of each channel, or of the estate."""
    error: str = ""
    """Why nothing was changed."""
    code: str = ""
    """What kind of error that is."""
    exit_status: int = 0


Reload = Callable[[], Awaitable[Reread]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one process does when it is asked."""

    reload: Reload
    look: Callable[[], Awaitable[msgspec.Struct]]
    """What it counts, and where it listens (`config.run.look`)."""
    names: Callable[[str, str], Awaitable[Sequence[tuple[str, str]]]]
    """Names of a kind that begin so, with a few words each; none where it knows no such kind."""
    record: Callable[[str, trio.SocketStream], Awaitable[None]] | None = None
    """Write what is asked and answered to a stream until its other end is closed."""


@contextmanager
def control_socket(places: Places, number: int) -> Iterator[socket.socket]:
    """A listening socket only our user reaches.

    Raises:
        SurroundingsError: a process of this number runs already.
    """
    path = control_path(places, number)
    if _reached(path):
        who, other = f"switch process {number}", " give this one another --number,"
        if number == HOST:
            who, other = "the host", ""
        raise SurroundingsError(
            f"{who} of {places.data} runs already. Next: stop it,{other} or choose another --data",
            "E-DATA-IN-USE",
        )
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.setblocking(False)  # noqa: FBT003 - the socket's own word
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen()
        yield listener
        path.unlink(missing_ok=True)


async def stand_by(listener: socket.socket, answers: Answers) -> None:
    """Reload at every SIGHUP, and do what is asked at the socket, for ever."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_control, listener, answers)
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            async for _number in signals:
                await _said(answers.reload)


async def serve_control(listener: socket.socket, answers: Answers) -> None:
    """Do what is asked at the socket, for ever."""

    async def answer(stream: trio.SocketStream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            asked = await _asked(stream)
            # However long it takes: to cut it short would call a success a failure.
            told = None if asked is None else await _answered(asked, answers, stream)
            if told is not None:
                with trio.move_on_after(ASK_SECONDS_MAX):
                    await stream.send_all(msgspec.json.encode(told))
        await trio.aclose_forcefully(stream)

    doors = [trio.SocketListener(trio.socket.from_stdlib_socket(listener.dup()))]
    await trio.serve_listeners(answer, doors)


async def _asked(stream: trio.SocketStream) -> str | None:
    """The line that was asked; None where none came."""
    asked = b""
    with trio.move_on_after(ASK_SECONDS_MAX):
        while not asked.endswith(b"\n") and len(asked) < WORDS_BYTES_MAX:
            more = await stream.receive_some(WORDS_BYTES_MAX - len(asked))
            if not more:
                break
            asked += more
    return asked[:-1].decode(errors="replace") if asked.endswith(b"\n") else None


async def _answered(asked: str, answers: Answers, stream: trio.SocketStream) -> Any:
    """What is answered to a line; None to one that is none of ours."""
    what, _, about = asked.partition(" ")
    if what == RELOAD:
        return await _said(answers.reload)
    try:
        if what == LOOK:
            return await answers.look()
        if what == NAMES:
            kind, _, beginning = about.partition(" ")
            return await answers.names(kind, beginning)
        if what == RECORD and answers.record is not None:
            await answers.record(about, stream)
    except trio.BrokenResourceError:
        pass  # whoever asked has gone
    except Exception:  # noqa: BLE001 - whatever it is, this process serves others
        _LOG.exception("a question at the control socket was not answered", what=what)
    return None


async def _said(reload: Reload) -> Reread:
    """What came of it; what it failed of is told, and the process goes on."""
    try:
        return await reload()
    except Exception as error:  # noqa: BLE001 - whatever it is, this process serves others
        _LOG.exception("a reload failed")
        why = f"the reload failed ({type(error).__name__}). Next: read the log of this process"
        return Reread(number=HOST, error=why, code=BUG, exit_status=FAILED)


def reload_running(places: Places) -> list[Reread]:
    """Ask the host and every switch process; the first that refuses is the last that is asked.

    Raises:
        SurroundingsError: none runs.
    """
    outcomes: list[Reread] = []
    for path in control_paths(places):
        outcome = _ask(path)
        if outcome is not None:
            outcome = msgspec.structs.replace(outcome, number=number_of(path))
            outcomes.append(outcome)
            if outcome.error:
                return outcomes
    if not outcomes:
        raise SurroundingsError(
            f"no host and no switch runs on {places.data}. Next: posswitch up --data {places.data}",
            "E-NOTHING-RUNS",
        )
    return outcomes


def _ask(path: Path) -> Reread | None:
    """What one process says; None when there is none behind its socket."""
    try:
        said = ask(path, RELOAD, ANSWER_SECONDS_MAX)
        return None if said is None else msgspec.json.decode(said, type=Reread)
    except (OSError, msgspec.DecodeError) as error:
        raise SurroundingsError(
            f"the process at {path} gave no answer ({error}). Next: read its log", "E-NO-ANSWER"
        ) from error


def _reached(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ASK_SECONDS_MAX)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
