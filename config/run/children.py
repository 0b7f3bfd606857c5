"""Child processes that cannot outlive us, and that say when they are ready.

Linux sends a child the signal it chose with prctl(PR_SET_PDEATHSIG) when the thread that started
it ends, however it ends (kill -9 too). So children are started from the main thread only, never
from a worker thread. The choice is made after the change of user, which would undo it.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from config.errors import SurroundingsError
from config.isolation import clean_environment

PR_SET_PDEATHSIG: Final = 1
READY: Final = "ready"
"""The last line a program writes to its standard output."""
READY_SECONDS_MAX: Final = 60.0
STOPPING: Final = ((signal.SIGTERM, 10.0),)
"""What a program is asked to stop with, and how long it has before it is killed."""
LAST_WORDS_BYTES_MAX: Final = 2000
SILENT: Final = "it said nothing"
NO_ROOM: Final = "it said nothing, for there is no room left where its log is: make room there"

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user a child runs as when we are root."""

    name: str
    uid: int
    gid: int


class ChildDiedError(SurroundingsError):
    """A program ended by itself; carries what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running child with a name, whose errors go to its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    said_from: int = 0
    """Where in its log this run begins."""

    def check(self) -> None:
        """Return while it runs.

        Raises:
            ChildDiedError: it does not.
        """
        if self.process.poll() is not None:
            raise ChildDiedError(
                f"{self.name} ended by itself ({how_it_ended(self.process)}): "
                f"{self.last_words()}\nNext: read {self.log}",
                "E-CHILD-DIED",
            )

    def wait_until_ready(self, seconds_max: float = READY_SECONDS_MAX) -> list[str]:
        """Wait for its ready line; gives the lines before it.

        Raises:
            ChildDiedError: it ended instead.
            SurroundingsError: it took too long.
        """
        said = b""
        until = time.monotonic() + seconds_max
        while (found := said.decode().splitlines())[-1:] != [READY]:
            more = self._read_until(until)
            if not more:
                self.process.wait()
                self.check()
            said += more
        return found[:-1]

    def says_ready(self) -> bool:
        """Whether its ready line has come; to be asked until it has."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], 0)[0]:
            return False
        said = os.read(self.process.stdout.fileno(), 65536)  # its lines come in one write
        return said.decode().splitlines()[-1:] == [READY]

    def last_words(self) -> str:
        """The end of what this run has written to its log; an error meant for people by itself."""
        try:
            with self.log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                begin = self.said_from if self.said_from <= end else 0  # it was cut meanwhile
                log.seek(max(begin, end - LAST_WORDS_BYTES_MAX))
                text = log.read(LAST_WORDS_BYTES_MAX).decode(errors="replace")
        except OSError:
            return "its log cannot be read"
        said = text.rpartition(f"posswitch {self.name}: ")[2].strip()
        return said or (SILENT if _has_room(self.log) else NO_ROOM)

    def _read_until(self, until: float) -> bytes:
        assert self.process.stdout is not None
        seconds = max(0.0, until - time.monotonic())
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise SurroundingsError(
                f"{self.name} was not ready in time. Next: read {self.log}: {self.last_words()}",
                "E-NO-ANSWER",
            )
        return os.read(self.process.stdout.fileno(), 65536)


@contextmanager
def running_program(
    name: str, command: Sequence[str | Path], log: Path, *, told: bytes = b""
) -> Iterator[Program]:
    """A program as our child, told something on its standard input; leaving the block stops it."""
    with log.open("ab") as errors:
        process = start_child(command, given=subprocess.PIPE, output=subprocess.PIPE, errors=errors)
        program = Program(name=name, process=process, log=log, said_from=errors.tell())
    try:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died already: who waits for it will see
            process.stdin.write(told)
            process.stdin.close()
        yield program
    finally:
        stop_child(process, STOPPING)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def start_child(
    command: Sequence[str | Path],
    *,
    signal_at_our_death: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    given: int = subprocess.DEVNULL,
    output: int | IO[bytes] = subprocess.DEVNULL,
    errors: int | IO[bytes] = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches us alone and we order the end.

    Raises:
        OSError: the program cannot be run, or the user cannot be changed.
    """
    return subprocess.Popen(  # noqa: S603 - commands come from our own tables
        [str(word) for word in command],
        stdin=given,
        stdout=output,
        stderr=errors,
        cwd="/" if account else None,  # where we stand may be closed to another user
        env=clean_environment(),
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with(os.getpid(), signal_at_our_death),  # noqa: PLW1509 - one C call
    )


def done_apart(command: Sequence[str | Path], told: bytes) -> bytes:
    """What a process of its own says to this, once it is done; for a thread that waits for it.

    It is the process that asks to end with us (`end_with`): a child of many threads runs nothing of
    ours before it is a program.

    Raises:
        ChildDiedError: it ended otherwise than well; why stands where our own errors do.
        OSError: it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603 - commands come from our own tables
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    )
    said, _ = process.communicate(told)
    if process.returncode:
        raise ChildDiedError(f"it ended by itself ({how_it_ended(process)})", "E-CHILD-DIED")
    return said


def end_with(parent: int) -> None:
    """Have this process end as soon as the thread has that waits for it."""
    _die_with(parent, signal.SIGTERM)()


def stop_child(
    process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]
) -> int:
    """Ask with each signal in turn, wait its seconds, and at last kill. Gives the exit status."""
    for number, seconds_max in steps:
        if process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds_max)
    if process.poll() is None:
        process.kill()
    return process.wait()


def how_it_ended(process: subprocess.Popen[bytes]) -> str:
    """What a process that is over is said to have died of."""
    status = process.returncode
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    prctl, kill, getppid, own_pid = _LIBC.prctl, os.kill, os.getppid, os.getpid

    def choose() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if getppid() != parent:  # it died before the choice
            kill(own_pid(), signal.SIGKILL)

    return choose


def _has_room(log: Path) -> bool:
    """Whether a line can be written to it."""
    return os.statvfs(log.parent).f_bavail > 0
