"""Telling running programs to read again: a socket for each switch process, and the host's.

SIGHUP does the same without an answer; the command wants to know what came of it. The socket also
shows that a process of this number runs, so that no two share a store-and-forward file.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog
import trio

from config.errors import BUG, SurroundingsError
from config.places import Places

RELOAD: Final = b"reload\n"
ASK_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 300.0
"""A large estate takes its time to be read."""
FAILED: Final = 1
_LOG = structlog.get_logger(__name__)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
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


Reload = Callable[[], Awaitable[Outcome]]
HOST: Final = 0


def control_path(places: Places, number: int) -> Path:
    """Where the switch process of this number is asked, or the host."""
    return places.run / ("host.ctl" if number == HOST else f"switch-{number}.ctl")


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


async def stand_by(listener: socket.socket, reload: Reload) -> None:
    """Reload at every SIGHUP and whenever it is asked at the socket, for ever."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_control, listener, reload)
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            async for _number in signals:
                await _said(reload)


async def serve_control(listener: socket.socket, reload: Reload) -> None:
    """Do what is asked at the socket, for ever."""

    async def answer(stream: trio.SocketStream) -> None:
        asked = b""
        with contextlib.suppress(trio.BrokenResourceError):
            with trio.move_on_after(ASK_SECONDS_MAX):
                while not asked.endswith(b"\n") and (
                    more := await stream.receive_some(len(RELOAD))
                ):
                    asked += more
            if asked == RELOAD:
                # However long it takes: to cut it short would call a success a failure.
                outcome = await _said(reload)
                with trio.move_on_after(ASK_SECONDS_MAX):
                    await stream.send_all(msgspec.json.encode(outcome))
        await trio.aclose_forcefully(stream)

    doors = [trio.SocketListener(trio.socket.from_stdlib_socket(listener.dup()))]
    await trio.serve_listeners(answer, doors)


async def _said(reload: Reload) -> Outcome:
    """What came of it; what it failed of is told, and the process goes on."""
    try:
        return await reload()
    except Exception as error:  # noqa: BLE001 - whatever it is, this process serves others
        _LOG.exception("a reload failed")
        why = f"the reload failed ({type(error).__name__}). Next: read the log of this process"
        return Outcome(number=HOST, error=why, code=BUG, exit_status=FAILED)


def reload_running(places: Places) -> list[Outcome]:
    """Ask the host and every switch process; the first that refuses is the last that is asked.

    Raises:
        SurroundingsError: none runs.
    """
    outcomes: list[Outcome] = []
    for path in (control_path(places, HOST), *sorted(places.run.glob("switch-*.ctl"))):
        outcome = _ask(path)
        if outcome is not None:
            outcomes.append(outcome)
            if outcome.error:
                return outcomes
    if not outcomes:
        raise SurroundingsError(
            f"no host and no switch runs on {places.data}. Next: posswitch up --data {places.data}",
            "E-NOTHING-RUNS",
        )
    return outcomes


def _ask(path: Path) -> Outcome | None:
    """What one process says; None when there is none behind its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ANSWER_SECONDS_MAX)
        try:
            asking.connect(str(path))
            asking.sendall(RELOAD)
            said = b"".join(iter(lambda: asking.recv(65536), b""))
            return msgspec.json.decode(said, type=Outcome)
        except (ConnectionRefusedError, FileNotFoundError):
            return None
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
